//! Texts with variables as expressions of Go templates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::convert::text::{Operator, Piece, Text, Variable};
use crate::convert::tree::{Map, Tree};
use crate::convert::{Object, Plan};

/// The variables that the objects of a project use.
#[derive(Debug, Default)]
pub(super) struct Variables {
    by_name: BTreeMap<String, Use>,
}

/// How a variable is used.
#[derive(Debug, Default)]
pub(super) struct Use {
    /// What it comes to at first, where all uses agree on it.
    pub(super) first: Option<String>,
    /// What Compose says where it has to be set and is not.
    pub(super) required: Option<String>,
    /// The services that use it.
    pub(super) services: BTreeSet<String>,
    /// Whether a use was met that `first` does not stand for.
    differs: bool,
}

impl Variables {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut variables = Self::default();
        for object in &plan.shared {
            variables.object(object, None);
        }
        for service in &plan.services {
            for object in &service.objects {
                variables.object(object, Some(&service.name));
            }
        }
        for used in variables.by_name.values_mut().filter(|used| used.differs) {
            used.first = None;
        }
        variables
    }

    /// The variables by their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Use)> {
        self.by_name.iter().map(|(name, used)| (name.as_str(), used))
    }

    fn object(&mut self, object: &Object, service: Option<&str>) {
        self.map(&object.metadata, service);
        self.map(&object.body, service);
    }

    fn map(&mut self, map: &Map, service: Option<&str>) {
        for entry in &map.entries {
            self.tree(&entry.value, service);
        }
    }

    fn tree(&mut self, tree: &Tree, service: Option<&str>) {
        match tree {
            Tree::Text(text) => self.text(text, service),
            Tree::List(items) => items.iter().for_each(|item| self.tree(item, service)),
            Tree::Map(map) => self.map(map, service),
            Tree::Value(_, first) => self.tree(first, service),
            Tree::Image(image) => {
                self.text(&image.repository, service);
                if let Some(tag) = &image.tag {
                    self.text(tag, service);
                }
            }
            Tree::Bool(_) | Tree::Int(_) | Tree::Config(_) => {}
        }
    }

    fn text(&mut self, text: &Text, service: Option<&str>) {
        for variable in text.variables() {
            let is_new = !self.by_name.contains_key(&variable.name);
            let used = self.by_name.entry(variable.name.clone()).or_default();
            used.services.extend(service.map(str::to_owned));
            let first = match (&variable.set, &variable.operator) {
                (Some(set), _) => Some(set.clone()),
                (None, Operator::Default(word)) if !word.has_variables() => Some(word.to_string()),
                _ => None,
            };
            used.differs |= first.is_none() || !is_new && used.first != first;
            if is_new {
                used.first = first;
            }
            if let Operator::Required(message) = &variable.operator {
                used.required.get_or_insert_with(|| message.to_string());
            }
        }
    }

    /// The expression that comes to a text.
    pub(super) fn expression(&self, text: &Text) -> String {
        match text.pieces.as_slice() {
            [] => "\"\"".to_owned(),
            [Piece::Literal(literal)] => quoted(literal),
            [Piece::Variable(variable)] => self.variable(variable),
            pieces => {
                let (mut format, mut arguments) = (String::new(), String::new());
                for piece in pieces {
                    match piece {
                        Piece::Literal(literal) => format.push_str(&literal.replace('%', "%%")),
                        Piece::Secret(_) => {
                            let shown = Text { pieces: vec![piece.clone()] }.to_string();
                            format.push_str(&shown.replace('%', "%%"));
                        }
                        Piece::Variable(variable) => {
                            format.push_str("%s");
                            arguments.push(' ');
                            arguments.push_str(&self.variable(variable));
                        }
                    }
                }
                format!("(printf {}{arguments})", quoted(&format))
            }
        }
    }

    fn variable(&self, variable: &Variable) -> String {
        let value = format!(".Values.variables.{}", variable.name);
        let is_told = self.by_name.get(&variable.name).is_some_and(|used| used.first.is_some());
        match &variable.operator {
            // Where the values say it, the user sees it there and may set nothing on purpose.
            Operator::Default(word) => {
                let nothing = word.pieces.is_empty() || variable.set.is_some() && variable.value.is_empty();
                let told = is_told && variable.set.as_ref().is_none_or(|set| !set.is_empty());
                if told || nothing { value } else { format!("({value} | default {})", self.expression(word)) }
            }
            Operator::Plain => value,
            Operator::Required(message) => {
                let message = match message.to_string() {
                    message if message.is_empty() => format!("{} has to be set", variable.name),
                    message => format!("{}: {message}", variable.name),
                };
                format!("(required {} {value})", quoted(&message))
            }
            Operator::Replaced(word) => {
                format!("(ternary {} \"\" (not (empty {value})))", self.expression(word))
            }
        }
    }
}

/// A text as a literal of Go.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
