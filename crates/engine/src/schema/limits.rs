//! What the schemas of custom resources ask of a value besides its form.

use std::collections::HashSet;

use seaworthy_syntax::Span;
use seaworthy_syntax::spelling::nearest;
use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Value};

use super::Problem;
use super::store::{Form, Limits, TypeId};
use super::validate::{Validator, head};
use crate::project::kubernetes::is_placeholder;

/// How many values or keys a message lists.
const LISTED: usize = 8;

impl Validator<'_> {
    pub(super) fn limits(&mut self, limits: &Limits, node: Node<'_>) {
        if node.kind() == NodeKind::Scalar {
            if let Some(message) = node.scalar().and_then(|text| scalar(limits, node, &text)) {
                self.invalid(node.span(), message);
                return;
            }
        } else {
            self.size(limits, node);
            self.repeated(limits, node);
        }
        self.combinations(limits, node);
    }

    fn invalid(&mut self, span: Span, message: String) {
        self.found.push(Problem::invalid(span, message));
    }

    fn size(&mut self, limits: &Limits, node: Node<'_>) {
        let (count, what) = match node.kind() {
            NodeKind::Sequence => (node.items().count() as u64, "items"),
            _ => (node.merged().len() as u64, "keys"),
        };
        if let Some(least) = limits.shortest.filter(|least| count < *least) {
            self.invalid(head(node), format!("{count} {what} where {least} or more have to be"));
        }
        if let Some(most) = limits.longest.filter(|most| count > *most) {
            self.invalid(head(node), format!("{count} {what} where {most} at most may be"));
        }
    }

    /// Items of a list that have to differ.
    fn repeated(&mut self, limits: &Limits, node: Node<'_>) {
        let mut seen = HashSet::new();
        for item in node.items().map(Node::resolve) {
            let (at, identity) = if limits.unique && item.kind() == NodeKind::Scalar {
                (Some(item), item.scalar().into_iter().collect())
            } else if !limits.keys.is_empty() {
                let values = limits.keys.iter().filter_map(|key| item.get(key));
                let parts: Vec<_> = values.clone().filter_map(|value| value.resolve().scalar()).collect();
                // A key that has a default may be left out: which it is, is not known here.
                (values.clone().next().filter(|_| parts.len() == limits.keys.len()), parts)
            } else {
                return;
            };
            if let Some(at) = at
                && !identity.iter().any(|part| is_placeholder(part))
                && !seen.insert(identity)
            {
                self.invalid(at.span(), "this stands in the list a second time".to_owned());
            }
        }
    }

    fn combinations(&mut self, limits: &Limits, node: Node<'_>) {
        for of in &limits.all {
            self.value(*of, node);
        }
        let fitting =
            |this: &mut Self, some: &[TypeId]| some.iter().filter(|of| this.fits(**of, node)).count();
        if !limits.any.is_empty() && fitting(self, &limits.any) == 0 {
            let message = self.choice(&limits.any, "at least one of");
            self.invalid(place(node), message);
        }
        if !limits.one.is_empty() && fitting(self, &limits.one) != 1 {
            let message = self.choice(&limits.one, "exactly one of");
            self.invalid(place(node), message);
        }
        if limits.not.is_some_and(|of| self.fits(of, node)) {
            self.invalid(place(node), "the schema rules out this combination of keys or values".to_owned());
        }
    }

    /// Whether a value fits a type, without a word.
    fn fits(&mut self, of: TypeId, node: Node<'_>) -> bool {
        let before = self.found.len();
        self.value(of, node);
        let fits = self.found.len() == before;
        self.found.truncate(before);
        fits
    }

    /// What is chosen from: mostly keys of which one has to be there.
    fn choice(&self, some: &[TypeId], how_many: &str) -> String {
        let mut keys = Vec::new();
        for of in some {
            if let Some(Form::Object(object)) = self.resolve(*of).map(|of| &of.form) {
                let required = object.fields.iter().filter(|field| field.required);
                keys.extend(required.map(|field| self.store.name(field)));
            }
        }
        keys.dedup();
        if keys.is_empty() || keys.len() > LISTED {
            "none of the forms that the schema allows".to_owned()
        } else {
            format!("{how_many} {} has to be here", keys.join(", "))
        }
    }
}

/// Where to point for any value.
fn place(node: Node<'_>) -> Span {
    if node.kind() == NodeKind::Scalar { node.span() } else { head(node) }
}

/// What is wrong with a scalar.
fn scalar(limits: &Limits, node: Node<'_>, text: &str) -> Option<String> {
    if is_placeholder(text) {
        return None;
    }
    if !limits.words.is_empty() && !limits.words.iter().any(|word| **word == *text) {
        let words = || limits.words.iter().map(|word| &**word);
        return Some(match nearest(text, words()) {
            Some(meant) => format!("this may not be {text}; did you mean {meant}?"),
            None if limits.words.len() <= LISTED => {
                format!("this may only be {}", words().collect::<Vec<_>>().join(", "))
            }
            None => format!("this is none of the {} values that it may have", limits.words.len()),
        });
    }
    match node.value(Dialect::Kubernetes)? {
        Value::Str(text) => {
            if let Some(pattern) = limits.pattern.as_ref().filter(|pattern| !pattern.matches(&text)) {
                return Some(format!("this does not match {}", pattern.as_str()));
            }
            let count = text.chars().count() as u64;
            if let Some(least) = limits.shortest.filter(|least| count < *least) {
                return Some(format!("{count} characters where {least} or more have to be"));
            }
            let most = limits.longest.filter(|most| count > *most)?;
            Some(format!("{count} characters where {most} at most may be"))
        }
        #[expect(clippy::cast_precision_loss, reason = "JSON has no other numbers")]
        Value::Int(value) => bounds(limits, value as f64),
        Value::Float(value) => bounds(limits, value),
        Value::Bool(_) | Value::Null => None,
    }
}

fn bounds(limits: &Limits, value: f64) -> Option<String> {
    let below = limits.least.filter(|(least, out)| value < *least || *out && value <= *least);
    if let Some((least, out)) = below {
        return Some(format!("this has to be {} {least}", if out { "more than" } else { "at least" }));
    }
    let (most, out) = limits.most.filter(|(most, out)| value > *most || *out && value >= *most)?;
    Some(format!("this may be {} {most}", if out { "less than" } else { "at most" }))
}
