//! Holds a value against a type, and points at what does not fit.

use std::borrow::Cow;

use seaworthy_syntax::spelling::nearest;
use seaworthy_syntax::yaml::{Dialect, Entry, Node, NodeKind, Style, Value};
use seaworthy_syntax::{Edit, Span};

use super::server::{is_base64, is_quantity};
use super::store::{Field, Form, Object, Store, Type, TypeId};
use super::{Minor, Problem, ProblemKind};
use crate::diagnostic::Safety;
use crate::project::kubernetes::is_placeholder;

/// Holds values against the types of a store, as one release has them.
pub(super) struct Validator<'s> {
    pub(super) store: &'s Store,
    pub(super) minor: Minor,
    pub(super) found: Vec<Problem>,
    /// The objects around the value, the outermost first.
    around: Vec<&'s Object>,
    /// Whether it is a patch, in which nothing can be missing.
    patch: bool,
    /// Whether nobody keeps what is said here, so that nothing can be missing.
    lenient: bool,
}

impl<'s> Validator<'s> {
    pub(super) fn new(store: &'s Store, minor: Minor, patch: bool) -> Self {
        Self { store, minor, patch, found: Vec::new(), around: Vec::new(), lenient: patch }
    }

    /// A type, by its number or by the number of its name; `None` where the release does not have it.
    pub(super) fn resolve(&self, mut id: TypeId) -> Option<&'s Type> {
        let mut hops = 0_u8;
        loop {
            let of = self.store.types.get(id as usize)?;
            match of.form {
                Form::Named(named) if hops < 8 => {
                    id = self.store.at(named, self.minor)?;
                    hops += 1;
                }
                _ => return Some(of),
            }
        }
    }

    /// Holds the metadata of an object of any kind.
    pub(super) fn metadata(&mut self, node: Node<'_>) {
        // That of every object is the same.
        let known =
            self.store.kinds("ConfigMap").first().and_then(|kind| self.store.at(kind.named, self.minor));
        let known = known.and_then(|id| self.resolve(id)).map(|of| &of.form);
        if let Some(Form::Object(object)) = known
            && let Some(at) = self.store.field(object, "metadata")
        {
            self.value(object.fields[at].of, node);
        }
    }

    /// Holds an object against the type of its kind.
    pub(super) fn object(&mut self, id: TypeId, root: Node<'_>) {
        let Some(of) = self.resolve(id) else { return };
        if let Form::Object(object) = &of.form {
            self.mapping(object, root, true);
            if let Some(limits) = &of.limits {
                self.limits(limits, root);
            }
        }
    }

    pub(super) fn value(&mut self, id: TypeId, node: Node<'_>) {
        let Some(of) = self.resolve(id) else { return };
        let node = node.resolve();
        let before = self.found.len();
        match (&of.form, node.kind()) {
            (Form::Any, _) => {}
            (Form::List(items), NodeKind::Sequence) => node.items().for_each(|item| self.value(*items, item)),
            (Form::Map(values), NodeKind::Mapping) => {
                node.merged().into_iter().for_each(|entry| self.value(*values, entry.value));
            }
            (Form::Object(object), NodeKind::Mapping) => self.mapping(object, node, false),
            (form, NodeKind::Scalar) => {
                if !scalar(form, node) {
                    self.wrong(form, node);
                } else if let Some(message) = unreadable(form, node) {
                    self.found.push(Problem { beyond: true, ..Problem::invalid(node.span(), message) });
                }
            }
            (form, _) => self.wrong(form, node),
        }
        if let Some(limits) = &of.limits
            && self.found.len() == before
            && !node.is_null()
        {
            self.limits(limits, node);
        }
    }

    fn mapping(&mut self, object: &'s Object, node: Node<'_>, root: bool) {
        let entries = node.merged();
        let mut seen = 0_u64;
        let mut templated = false;
        self.around.push(object);
        for entry in &entries {
            let Some(key) = entry.key.scalar().filter(|_| entry.key.kind() == NodeKind::Scalar) else {
                templated = true;
                continue;
            };
            match self.store.field(object, &key) {
                Some(at) => {
                    let field = &object.fields[at];
                    let absent = field.required && entry.value.resolve().is_null();
                    seen |= if absent { 0 } else { bit(at) };
                    if root && key == "status" {
                        // Nobody keeps what a manifest says of it.
                        let lenient = std::mem::replace(&mut self.lenient, true);
                        self.value(field.of, entry.value);
                        self.lenient = lenient;
                    } else if !absent {
                        self.value(field.of, entry.value);
                    }
                }
                None if is_placeholder(&key) => templated = true,
                None if object.open || self.patch && key.starts_with('$') => {}
                None => self.unknown(object, entry, &key, &entries),
            }
        }
        self.around.pop();
        if templated || self.lenient {
            return;
        }
        for (at, field) in object.fields.iter().enumerate() {
            // The server knows the group of a role.
            let known = || {
                self.store.name(field) == "apiGroup"
                    && node.key().is_some_and(|key| key.scalar().as_deref() == Some("roleRef"))
            };
            if field.required && seen & bit(at) == 0 && !known() {
                self.missing(field, node);
            }
        }
    }

    fn unknown(&mut self, object: &'s Object, entry: &Entry<'_>, key: &str, entries: &[Entry<'_>]) {
        let store = self.store;
        let names = || object.fields.iter().map(|field| store.name(field));
        let absent = |name: &&str| !entries.iter().any(|e| e.key.scalar().is_some_and(|key| key == *name));
        let meant = nearest(key, names().filter(absent)).or_else(|| nearest(key, names()));
        let mut message = format!("there is no key {key} here");
        let mut fix = None;
        if let Some(meant) = meant {
            message += &format!("; did you mean {meant}?");
            if absent(&meant) {
                fix =
                    Some((format!("Write {meant}"), Edit { span: entry.key.span(), text: meant.to_owned() }));
            }
        } else if let Some(place) = self.elsewhere(object, key) {
            message += &place;
        }
        self.found.push(Problem {
            kind: ProblemKind::UnknownKey,
            span: entry.key.span(),
            message,
            fix,
            safety: Safety::Unsafe,
            beyond: false,
        });
    }

    /// Where a key belongs that stands in the wrong mapping: one level up, or in one that belongs here.
    fn elsewhere(&self, object: &'s Object, key: &str) -> Option<String> {
        let mut above = self.around.iter().rev().skip(1);
        if above.any(|outer| self.store.field(outer, key).is_some()) {
            return Some("; it belongs further out".to_owned());
        }
        let within = |field: &&Field| {
            let of = self.resolve(field.of);
            let of = of
                .and_then(|of| if let Form::List(items) = of.form { self.resolve(items) } else { Some(of) });
            of.is_some_and(|of| matches!(&of.form, Form::Object(o) if self.store.field(o, key).is_some()))
        };
        let mut homes = object.fields.iter().filter(within);
        let home = homes.next()?;
        homes.next().is_none().then(|| format!("; it belongs to {}", self.store.name(home)))
    }

    fn missing(&mut self, field: &Field, node: Node<'_>) {
        let name = self.store.name(field);
        let span = head(node);
        let message = if node.get(name).is_some() {
            format!("{name} has to have a value here")
        } else {
            format!("{name} is missing here")
        };
        self.found.push(Problem {
            kind: ProblemKind::MissingKey,
            span,
            message,
            fix: None,
            safety: Safety::Unsafe,
            beyond: false,
        });
    }

    fn wrong(&mut self, form: &Form, node: Node<'_>) {
        // What somebody fills in later can come to anything.
        if node.scalar().is_some_and(|text| is_placeholder(&text)) {
            return;
        }
        let message = format!("{} where {} has to be", is(node), wanted(form));
        let span = match node.kind() {
            NodeKind::Scalar | NodeKind::Alias => node.span(),
            NodeKind::Mapping | NodeKind::Sequence => head(node),
        };
        let kind = ProblemKind::InvalidValue;
        self.found.push(Problem {
            kind,
            span,
            message,
            fix: rewritten(form, node),
            safety: Safety::Safe,
            beyond: false,
        });
    }
}

/// Whether a scalar has a form. Null does: the API server takes it for nothing, which is not where something must be.
fn scalar(form: &Form, node: Node<'_>) -> bool {
    let text = || matches!(form, Form::Text | Form::Bytes | Form::Time | Form::Quantity | Form::IntOrText);
    if node.style() != Style::Plain && node.tag().is_none() {
        return text();
    }
    match node.value(Dialect::Kubernetes) {
        None | Some(Value::Null) => true,
        Some(Value::Str(_)) => text(),
        Some(Value::Bool(_)) => matches!(form, Form::Bool),
        Some(Value::Int(_)) => {
            matches!(form, Form::Int | Form::Int32 | Form::Number | Form::Quantity | Form::IntOrText)
        }
        Some(Value::Float(value)) => match form {
            Form::Number | Form::Quantity => true,
            Form::Int | Form::Int32 | Form::IntOrText => value.fract() == 0.0,
            _ => false,
        },
    }
}

/// What is wrong with a scalar of the right type, which the schema does not tell.
fn unreadable(form: &Form, node: Node<'_>) -> Option<String> {
    let message = match form {
        Form::Quantity => {
            let text = node.scalar().filter(|text| !node.is_null() && !is_placeholder(text))?;
            (!is_quantity(&text)).then_some("this is no quantity: those are written 250m, 1.5, 512Mi or 2Gi")
        }
        Form::Bytes => {
            let text = node.scalar().filter(|text| !is_placeholder(text))?;
            (!is_base64(&text)).then_some("this is not base 64")
        }
        Form::Int32 => match node.value(Dialect::Kubernetes)? {
            Value::Int(value) => i32::try_from(value).is_err().then_some("this does not fit 32 bits"),
            _ => None,
        },
        _ => None,
    };
    message.map(str::to_owned)
}

/// Where to point for a collection as a whole: the key it is the value of, or the first thing in it.
pub(super) fn head(node: Node<'_>) -> Span {
    if let Some(key) = node.key() {
        return key.span();
    }
    let first = node.entries().next().map(|entry| entry.key).or_else(|| node.items().next());
    first.map_or(
        node.span(),
        |first| if first.kind() == NodeKind::Scalar { first.span() } else { head(first) },
    )
}

fn bit(at: usize) -> u64 {
    // A mapping has few keys that must be there, and they are among its first.
    1_u64.checked_shl(at as u32).unwrap_or(0)
}

/// What a value is.
fn is(node: Node<'_>) -> &'static str {
    match node.kind() {
        NodeKind::Mapping => "a mapping",
        NodeKind::Sequence => "a list",
        NodeKind::Alias => "an alias",
        NodeKind::Scalar => match node.value(Dialect::Kubernetes) {
            None | Some(Value::Null) => "nothing",
            Some(Value::Bool(_)) => "a boolean",
            Some(Value::Int(_)) => "a number",
            Some(Value::Float(_)) => "a number",
            Some(Value::Str(_)) => "a string",
        },
    }
}

/// What a form wants.
fn wanted(form: &Form) -> &'static str {
    match form {
        Form::Text | Form::Bytes | Form::Time => "a string",
        Form::Int | Form::Int32 => "an integer",
        Form::Number => "a number",
        Form::Bool => "true or false",
        Form::Quantity => "a quantity",
        Form::IntOrText => "an integer or a string",
        Form::List(_) => "a list",
        Form::Map(_) | Form::Object(_) | Form::Named(_) | Form::Any => "a mapping",
    }
}

/// A scalar as its form wants it, where only quotes are too many or missing.
fn rewritten(form: &Form, node: Node<'_>) -> Option<(String, Edit)> {
    if node.kind() != NodeKind::Scalar || node.tag().is_some() || node.anchor().is_some() {
        return None;
    }
    let text: Cow<'_, str> = node.scalar()?;
    let edit = |text: String| Edit { span: node.span(), text };
    match (form, node.style()) {
        (Form::Text, Style::Plain) if !node.is_null() => {
            Some(("Write it in quotes".to_owned(), edit(format!("\"{text}\""))))
        }
        (Form::Int | Form::Int32, Style::SingleQuoted | Style::DoubleQuoted)
            if text.parse::<i64>().is_ok_and(|n| n.to_string() == *text) =>
        {
            Some(("Write it without quotes".to_owned(), edit(text.into_owned())))
        }
        (Form::Bool, Style::SingleQuoted | Style::DoubleQuoted) if matches!(&*text, "true" | "false") => {
            Some(("Write it without quotes".to_owned(), edit(text.into_owned())))
        }
        _ => None,
    }
}
