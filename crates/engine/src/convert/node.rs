//! Trees with everything in them settled: what is left to do is to write it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::text::Text;
use super::tree::{Image, Map, Tree};
use super::{Object, Plan};

/// A value as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// What a patch takes out.
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    /// An expression of a template that comes to a scalar.
    Scalar(String),
    /// An expression of a template that comes to a list or a mapping.
    Collection(String),
    List(Vec<Node>),
    Map(Vec<Field>),
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) value: Node,
    /// A comment above it.
    pub(super) why: Option<String>,
}

/// Comments say nothing of what is there.
impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields.iter().find(|field| field.key == key).map(|field| &field.value),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As JSON; an expression is a text.
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Text(text) | Self::Scalar(text) | Self::Collection(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Map(fields) => fields.iter().map(|field| (field.key.clone(), field.value.json())).collect(),
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// An entry without a comment.
pub(super) fn field(key: &str, value: impl Into<Node>) -> Field {
    Field { key: key.to_owned(), value: value.into(), why: None }
}

impl From<Vec<Field>> for Node {
    fn from(fields: Vec<Field>) -> Self {
        Self::Map(fields)
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Self::List(items)
    }
}

/// Where a value stands, as far as that tells what its users call it.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The kind and the name of the object.
    pub(super) kind: &'static str,
    pub(super) object: String,
    /// The innermost named item that it lies in, and the key of its list: `containers` and `web`.
    pub(super) item: Option<(String, String)>,
}

/// What an output makes of the values that outputs differ in.
pub(super) trait Settle {
    fn text(&mut self, text: &Text) -> Node;
    fn settable(&mut self, key: &'static str, first: &Tree, at: &Place) -> Node;
    fn image(&mut self, image: &Image, at: &Place) -> Node;
    /// The name of a ConfigMap that ends in the digest of its content.
    fn config(&mut self, name: &str) -> Node;
}

/// The lists whose items are told apart by `name`.
const NAMED: [&str; 3] = ["containers", "initContainers", "volumeClaimTemplates"];

pub(super) fn node(tree: &Tree, at: &Place, settle: &mut dyn Settle) -> Node {
    match tree {
        Tree::Bool(value) => Node::Bool(*value),
        Tree::Int(value) => Node::Int(*value),
        Tree::Text(text) => settle.text(text),
        Tree::List(items) => Node::List(items.iter().map(|item| node(item, at, settle)).collect()),
        Tree::Map(map) => Node::Map(fields(map, at, settle)),
        Tree::Value(key, first) => settle.settable(key, first, at),
        Tree::Image(image) => settle.image(image, at),
        Tree::Config(name) => settle.config(name),
    }
}

pub(super) fn fields(map: &Map, at: &Place, settle: &mut dyn Settle) -> Vec<Field> {
    let settled = map.entries.iter().map(|entry| {
        let value = match &entry.value {
            Tree::List(items) if NAMED.contains(&entry.key.as_str()) => {
                let items = items.iter().map(|item| match name_of(item) {
                    Some(name) => {
                        let at = Place { item: Some((entry.key.clone(), name)), ..at.clone() };
                        node(item, &at, settle)
                    }
                    None => node(item, at, settle),
                });
                Node::List(items.collect())
            }
            value => node(value, at, settle),
        };
        Field { key: entry.key.clone(), value, why: entry.why.clone() }
    });
    settled.collect()
}

/// What an item of a list is called.
fn name_of(item: &Tree) -> Option<String> {
    let Tree::Map(map) = item else { return None };
    let name = map.get("name").or_else(|| match map.get("metadata") {
        Some(Tree::Map(metadata)) => metadata.get("name"),
        _ => None,
    });
    match name? {
        Tree::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

/// An object with its name; the namespace where it has one.
pub(super) fn object(object: &Object, namespace: Option<Node>, settle: &mut dyn Settle) -> Node {
    let at = Place { kind: object.kind, object: object.name.clone(), item: None };
    let name = if object.hashed { settle.config(&object.name) } else { Node::from(object.name.as_str()) };
    let mut metadata = vec![field("name", name)];
    if let Some(namespace) = namespace.filter(|_| object.is_namespaced()) {
        metadata.push(field("namespace", namespace));
    }
    metadata.extend(fields(&object.metadata, &at, settle));
    let mut whole = vec![
        field("apiVersion", object.api_version),
        field("kind", object.kind),
        field("metadata", Node::Map(metadata)),
    ];
    whole.extend(fields(&object.body, &at, settle));
    Node::Map(whole)
}

/// Everything as it is where nobody sets anything.
///
/// Without digests the names of ConfigMaps are as what adds them expects.
#[derive(Debug, Default)]
pub(super) struct Settled {
    digests: BTreeMap<String, String>,
}

impl Settled {
    /// Names of ConfigMaps end in their digests.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut plain = Self::default();
        let hashed = plan.objects().filter(|object| object.hashed);
        let digests = hashed.map(|object| (object.name.clone(), digest_of(object, &mut plain)));
        Self { digests: digests.collect() }
    }
}

impl Settle for Settled {
    fn text(&mut self, text: &Text) -> Node {
        Node::Text(text.to_string())
    }

    fn settable(&mut self, _: &'static str, first: &Tree, at: &Place) -> Node {
        node(first, at, self)
    }

    fn image(&mut self, image: &Image, _: &Place) -> Node {
        Node::Text(image_name(image))
    }

    fn config(&mut self, name: &str) -> Node {
        Node::Text(match self.digests.get(name) {
            Some(digest) => format!("{name}-{digest}"),
            None => name.to_owned(),
        })
    }
}

/// What stands for an image that nobody names: the API wants a name, and no registry has this one.
const NO_IMAGE: &str = "image.invalid/not-set";

/// An image as container runtimes are told it.
pub(super) fn image_name(image: &Image) -> String {
    let mut name = image.repository.to_string();
    if name.is_empty() {
        NO_IMAGE.clone_into(&mut name);
    }
    // A variable that has no value leaves no tag.
    if let Some(tag) = image.tag.as_ref().map(ToString::to_string).filter(|tag| !tag.is_empty()) {
        name.push_str(&format!(":{tag}"));
    }
    if let Some(digest) = &image.digest {
        name.push_str(&format!("@{digest}"));
    }
    name
}

/// The digest of a ConfigMap's content, by which its name changes with it.
///
/// It is the one that Kustomize gives to ConfigMaps that it generates, so that each output names them alike: SHA-256 of
/// the content as Go writes JSON, ten digits of which are taken that form no words.
pub(super) fn digest_of(object: &Object, settle: &mut dyn Settle) -> String {
    let at = Place { kind: object.kind, object: object.name.clone(), item: None };
    let content = |key: &str, settle: &mut dyn Settle| {
        Some(node(object.body.get(key)?, &at, settle).json()).filter(|value| value != &serde_json::json!({}))
    };
    let mut whole = serde_json::Map::new();
    if let Some(binary) = content("binaryData", settle) {
        whole.insert("binaryData".into(), binary);
    }
    whole.insert("data".into(), content("data", settle).unwrap_or_else(|| "".into()));
    whole.insert("kind".into(), "ConfigMap".into());
    whole.insert("name".into(), "".into());
    let text = go_json(&serde_json::Value::Object(whole));
    let digest = Sha256::digest(text.as_bytes());
    let digits: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    digits
        .chars()
        .map(|digit| WORDLESS.iter().find(|(from, _)| *from == digit).map_or(digit, |(_, to)| *to))
        .collect()
}

/// The digits of a digest that are written as others.
pub(super) const WORDLESS: [(char, char); 5] = [('0', 'g'), ('1', 'h'), ('3', 'k'), ('a', 'm'), ('e', 't')];

/// JSON as Go's `json.Marshal` writes it: keys in order, and what HTML would read escaped.
fn go_json(value: &serde_json::Value) -> String {
    fn write(value: &serde_json::Value, out: &mut String) {
        match value {
            serde_json::Value::Array(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    write(item, out);
                }
                out.push(']');
            }
            serde_json::Value::Object(map) => {
                let sorted: BTreeMap<&String, &serde_json::Value> = map.iter().collect();
                out.push('{');
                for (n, (key, value)) in sorted.into_iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    write(&key.as_str().into(), out);
                    out.push(':');
                    write(value, out);
                }
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
    }
    let mut out = String::new();
    write(value, &mut out);
    // None of these stands outside of a text or within an escape.
    let escapes = [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ];
    escapes
        .into_iter()
        .fold(out, |out, (from, to)| if out.contains(from) { out.replace(from, to) } else { out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_kustomize() {
        let data = Map::new().with("A", "1 <b> & c").with("B", "x=y").with("t.txt", "line\n\ttab\n");
        let web = Object::new("v1", "ConfigMap", "web", Map::new()).with("data", data);
        assert_eq!(digest_of(&web, &mut Settled::default()), "7dcm229mc8");
        let data = Map::new().with("b.bin", "//4A");
        let binary = Object::new("v1", "ConfigMap", "bin", Map::new()).with("binaryData", data);
        assert_eq!(digest_of(&binary, &mut Settled::default()), "9kh925g582");
    }
}
