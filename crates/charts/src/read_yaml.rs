//! From YAML to values, as Helm reads it: what is no string, boolean or nothing is a float.

use std::rc::Rc;
use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Value as Scalar, Yaml};

use crate::error::Failure;
use crate::exec::State;
use crate::number;
use crate::text::{Origin, Text};
use crate::value::{Data, Entries, Entry, Value};

/// How many values a text may come to, aliases followed.
const MOST: u32 = 2_000_000;

/// How deep collections may lie in each other.
const DEPTH: u32 = 200;

/// Reads the first document of a text that a template made.
pub(crate) fn read(text: &Text, state: &mut State) -> Result<Value, Failure> {
    state.make(text.len())?;
    document(text)
}

/// Reads the first document of a text.
pub(crate) fn document(text: &Text) -> Result<Value, Failure> {
    let shared: Arc<str> = text.as_str().into();
    let yaml = Yaml::parse(SourceId(0), &shared);
    if let Some(message) = fault(&yaml) {
        return Err(Failure::new(format!("error converting YAML to JSON: yaml: {message}")));
    }
    let mut reader = Reader { text, left: MOST, words: true };
    let root = yaml.documents().next().flatten();
    root.map_or(Ok(Value::NIL), |root| reader.node(root, DEPTH))
}

/// Reads all documents of a text as Kustomize does, for which `yes` is a string.
pub(crate) fn documents(text: &Text) -> Result<Vec<Value>, Failure> {
    let shared: Arc<str> = text.as_str().into();
    let yaml = Yaml::parse(SourceId(0), &shared);
    if let Some(message) = fault(&yaml) {
        return Err(Failure::new(message));
    }
    let mut reader = Reader { text, left: MOST, words: false };
    yaml.documents().flatten().map(|root| reader.node(root, DEPTH)).collect()
}

/// Why a tree is no YAML for Go; a key that stands twice is no reason.
pub(crate) fn fault(yaml: &Yaml) -> Option<String> {
    if yaml.errors().len() <= yaml.duplicates().len() {
        return None;
    }
    let twice: Vec<_> = yaml.duplicates().iter().map(|d| yaml.node(d.key).span()).collect();
    let error = yaml.errors().iter().find(|error| !twice.contains(&error.span))?;
    let line = yaml.text()[..error.span.start as usize].matches('\n').count() + 1;
    Some(format!("line {line}: {}", error.value))
}

struct Reader<'t> {
    text: &'t Text,
    left: u32,
    /// Whether `yes` and `off` are booleans.
    words: bool,
}

impl Reader<'_> {
    fn node(&mut self, node: Node<'_>, depth: u32) -> Result<Value, Failure> {
        let node = node.resolve();
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || depth == 0 {
            return Err(Failure::bounded("a YAML text comes to too many values"));
        }
        let span = node.span().range();
        match node.kind() {
            NodeKind::Mapping => {
                let mut entries = Entries::new();
                for entry in node.merged() {
                    let key = self.key(entry.key);
                    let value = self.node(entry.value, depth - 1)?;
                    let at = self.text.origin_of(entry.key.span().range());
                    entries.insert(key, Entry { key: at, value });
                }
                Ok(Value::map(entries).with_origin(self.text.origin_of(span)))
            }
            NodeKind::Sequence => {
                let items: Result<Vec<Value>, Failure> =
                    node.items().map(|item| self.node(item, depth - 1)).collect();
                Ok(Value::list(items?).with_origin(self.text.origin_of(span)))
            }
            NodeKind::Scalar | NodeKind::Alias => Ok(self.scalar(node)),
        }
    }

    fn key(&self, node: Node<'_>) -> Rc<str> {
        match node.value(Dialect::Kubernetes) {
            Some(Scalar::Str(text)) => (*text).into(),
            Some(Scalar::Bool(value)) => value.to_string().into(),
            Some(Scalar::Int(value)) => value.to_string().into(),
            Some(Scalar::Float(value)) => number::shortest(value).into(),
            Some(Scalar::Null) => "null".into(),
            None => self.text.as_str()[node.span().range()].into(),
        }
    }

    fn value<'n>(&self, node: Node<'n>) -> Option<Scalar<'n>> {
        let value = node.value(Dialect::Kubernetes);
        let plain = matches!(value, Some(Scalar::Bool(_))) && !self.words;
        let text = node
            .scalar()
            .filter(|text| plain && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false"));
        text.map(Scalar::Str).or(value)
    }

    /// The text of a literal block scalar, line by line.
    fn lines(&self, value: &str, span: std::ops::Range<usize>) -> Option<Text> {
        let whole = self.text.as_str();
        if !whole[span.clone()].starts_with('|') {
            return None;
        }
        let mut out = Text::default();
        let mut at = span.start + whole[span.clone()].find('\n')?;
        for line in value.split_inclusive('\n') {
            let body = line.trim_end_matches('\n');
            if !body.is_empty() {
                let found = whole.get(at..span.end)?.find(body)? + at;
                out.push_range(self.text, found..found + body.len());
                at = found + body.len();
            }
            if line.ends_with('\n') {
                out.push_made("\n");
            }
        }
        Some(out)
    }

    fn scalar(&self, node: Node<'_>) -> Value {
        let span = node.span().range();
        let at = self.text.origin_of(span.clone());
        let data = match self.value(node) {
            Some(Scalar::Str(text)) => {
                let value = if text.len() == span.len() {
                    self.text.slice(span)
                } else if text.len() + 2 == span.len()
                    && self.text.as_str()[span.start + 1..].starts_with(&*text)
                {
                    self.text.slice(span.start + 1..span.end - 1)
                } else if let Some(lines) = self.lines(&text, span) {
                    lines
                } else {
                    Text::new(text, at.derived())
                };
                Data::Str(Rc::new(value))
            }
            Some(Scalar::Bool(value)) => Data::Bool(value),
            Some(Scalar::Int(value)) => Data::Float(value as f64),
            Some(Scalar::Float(value)) => Data::Float(value),
            Some(Scalar::Null) | None => Data::Nil,
        };
        Value { data, at: Origin { ..at } }
    }
}
