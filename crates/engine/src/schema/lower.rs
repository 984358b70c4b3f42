//! Lowers schemas as others write them, JSON Schema and the structural schemas of `CustomResourceDefinition`s, into a [`Store`].

use std::collections::HashMap;

use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Value, Yaml};

use super::Minor;
use super::store::{Field, Form, Kind, Limits, Object, Pattern, Store, Type, TypeId};

/// Puts a store together.
#[derive(Debug, Default)]
pub struct Builder {
    store: Store,
    names: HashMap<Box<str>, u32>,
    /// Types by their packed form.
    types: HashMap<String, TypeId>,
    named: HashMap<Box<str>, u32>,
}

/// How deep a schema is read.
const DEPTH: usize = 100;

/// What a schema is of, which decides what it means to say nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Kubernetes itself: what may be there is what is listed, and null is as good as nothing everywhere.
    Kubernetes,
    /// A definition of custom resources.
    Custom,
    /// One of the first version, which kept what its schema does not have.
    Loose,
    /// A part of one that only limits what its surroundings allow.
    Limit,
}

impl Builder {
    /// Adds the definitions of a release of Kubernetes, of `_definitions.json`. Releases come the oldest first.
    pub fn kubernetes(&mut self, minor: Minor, definitions: Node<'_>) {
        let mut there = vec![false; self.store.named.len()];
        for entry in definitions.entries() {
            let Some(name) = entry.key.scalar() else { continue };
            let of = self.lower(entry.value, Source::Kubernetes, 0);
            let named = self.name_type(&name);
            if let Some(there) = there.get_mut(named as usize) {
                *there = true;
            }
            self.version(named, minor, Some(of));
            let kinds = entry.value.get("x-kubernetes-group-version-kind");
            for kind in kinds.into_iter().flat_map(Node::items) {
                let text = |key| kind.get(key).and_then(Node::scalar).unwrap_or_default();
                // These are of every group, and nobody writes them.
                if matches!(&*text("kind"), "DeleteOptions" | "WatchEvent") {
                    continue;
                }
                let api_version = match &*text("group") {
                    "" => text("version").into_owned(),
                    group => format!("{group}/{}", text("version")),
                };
                self.kind(&api_version, &text("kind"), named);
            }
        }
        for (named, there) in there.iter().enumerate() {
            if !there {
                self.version(named as u32, minor, None);
            }
        }
    }

    /// Adds what a `CustomResourceDefinition` says of its versions.
    pub fn custom(&mut self, definition: Node<'_>) {
        let text = |path: &[&str]| definition.at(path).and_then(Node::scalar);
        let (Some(group), Some(kind)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"])) else {
            return;
        };
        let first = text(&["apiVersion"]).is_some_and(|version| version.ends_with("/v1beta1"));
        let strict = definition.at(&["spec", "preserveUnknownFields"]).and_then(Node::scalar);
        let loose =
            if first { strict.as_deref() != Some("false") } else { strict.as_deref() == Some("true") };
        let source = if loose { Source::Loose } else { Source::Custom };
        let shared = definition.at(&["spec", "validation", "openAPIV3Schema"]);
        let versions = definition.at(&["spec", "versions"]).into_iter().flat_map(Node::items);
        let versions: Vec<_> = versions
            .filter_map(|version| {
                let name = version.get("name")?.scalar()?;
                Some((name, version.at(&["schema", "openAPIV3Schema"]).or(shared)?))
            })
            .collect();
        let only = text(&["spec", "version"]).zip(shared).filter(|_| versions.is_empty());
        for (version, schema) in versions.into_iter().chain(only) {
            let of = self.lower(schema, source, 0);
            let named = self.store.named.len() as u32;
            self.store.named.push(vec![(Minor::FIRST, Some(of))]);
            self.kind(&format!("{group}/{version}"), &kind, named);
        }
    }

    /// Adds the definitions of custom resources in a text.
    pub fn definitions(&mut self, yaml: &Yaml) {
        for root in yaml.documents().flatten() {
            let list = root.get("items").into_iter().flat_map(Node::items);
            for object in std::iter::once(root).chain(list) {
                if object.get("kind").and_then(Node::scalar).as_deref() == Some("CustomResourceDefinition") {
                    self.custom(object);
                }
            }
        }
    }

    /// What was put together.
    pub fn finish(mut self) -> Store {
        self.store.kinds.sort();
        self.store.kinds.dedup();
        self.store
    }

    fn kind(&mut self, api_version: &str, kind: &str, named: u32) {
        self.store.kinds.push(Kind { name: kind.into(), api_version: api_version.into(), named });
    }

    /// The number of a named type, which may come later.
    fn name_type(&mut self, name: &str) -> u32 {
        if let Some(known) = self.named.get(name) {
            return *known;
        }
        let named = self.store.named.len() as u32;
        self.store.named.push(Vec::new());
        self.named.insert(name.into(), named);
        named
    }

    fn version(&mut self, named: u32, minor: Minor, of: Option<TypeId>) {
        if let Some(versions) = self.store.named.get_mut(named as usize)
            && versions.last().and_then(|(_, last)| *last) != of
        {
            versions.push((minor, of));
        }
    }

    /// The number of a type, the same for all that are equal.
    fn intern(&mut self, of: Type) -> TypeId {
        let key = serde_json::to_string(&of).unwrap_or_default();
        let next = self.store.types.len() as TypeId;
        let id = *self.types.entry(key).or_insert(next);
        if id == next {
            self.store.types.push(of);
        }
        id
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let id = self.store.names.len() as u32;
        self.store.names.push(name.into());
        self.names.insert(name.into(), id);
        id
    }

    fn any(&mut self) -> TypeId {
        self.intern(Type { form: Form::Any, limits: None })
    }

    fn lower(&mut self, schema: Node<'_>, source: Source, depth: usize) -> TypeId {
        if depth > DEPTH {
            return self.any();
        }
        let text = |key| schema.get(key).and_then(Node::scalar);
        if let Some(reference) = text("$ref") {
            let form = match reference.rsplit(['/', '.']).next().unwrap_or_default() {
                "Quantity" => Form::Quantity,
                "IntOrString" => Form::IntOrText,
                "Time" | "MicroTime" => Form::Time,
                _ => Form::Named(self.name_type(reference.rsplit('/').next().unwrap_or_default())),
            };
            return self.intern(Type { form, limits: None });
        }
        let word = type_of(schema);
        let form = if is_true(schema, "x-kubernetes-int-or-string") {
            Form::IntOrText
        } else {
            match (&*word, text("format").as_deref()) {
                ("string", Some("byte")) => Form::Bytes,
                ("string", Some("date-time")) => Form::Time,
                ("string", _) => Form::Text,
                ("integer", Some("int32")) => Form::Int32,
                ("integer", _) => Form::Int,
                ("number", _) => Form::Number,
                ("boolean", _) => Form::Bool,
                ("array", _) => {
                    let items = schema.get("items");
                    let items = items.map(|items| self.lower(items, source, depth + 1));
                    Form::List(items.unwrap_or_else(|| self.any()))
                }
                _ => self.object(schema, &word, source, depth),
            }
        };
        let limits = (source != Source::Kubernetes).then(|| self.limits(schema, &form, depth));
        let limits = limits.filter(|limits| *limits != Limits::default()).map(Box::new);
        self.intern(Type { form, limits })
    }

    fn object(&mut self, schema: Node<'_>, word: &str, source: Source, depth: usize) -> Form {
        let preserve = is_true(schema, "x-kubernetes-preserve-unknown-fields");
        let properties = schema.get("properties");
        let values = schema.get("additionalProperties").filter(|v| v.resolve().kind() == NodeKind::Mapping);
        if let Some(values) = values.filter(|_| properties.is_none()) {
            return Form::Map(self.lower(values, source, depth + 1));
        }
        let required: Vec<_> =
            schema.get("required").into_iter().flat_map(Node::items).filter_map(Node::scalar).collect();
        let open = match source {
            Source::Kubernetes => properties.is_none(),
            Source::Custom => preserve || values.is_some() || is_true(schema, "additionalProperties"),
            Source::Loose | Source::Limit => true,
        };
        let embedded = is_true(schema, "x-kubernetes-embedded-resource");
        let whole = matches!(source, Source::Custom | Source::Loose) && (depth == 0 || embedded);
        if open
            && !whole
            && properties.is_none()
            && required.is_empty()
            && (word.is_empty() || source == Source::Limit)
        {
            return Form::Any;
        }
        if word.is_empty() && properties.is_none() && required.is_empty() && !whole {
            return Form::Any;
        }
        let mut fields: Vec<Field> = Vec::new();
        for entry in properties.into_iter().flat_map(Node::entries) {
            let Some(name) = entry.key.scalar() else { continue };
            // Which object it is decided which schema it has, and its metadata is that of every object.
            if whole && matches!(&*name, "apiVersion" | "kind" | "metadata") {
                continue;
            }
            let of = if depth == 0 && matches!(&*name, "apiVersion" | "kind") {
                self.intern(Type { form: Form::Text, limits: None })
            } else {
                self.lower(entry.value, source, depth + 1)
            };
            fields.push(Field { name: self.name(&name), of, required: required.contains(&name) });
        }
        if whole {
            let text = self.intern(Type { form: Form::Text, limits: None });
            let any = self.any();
            for (name, of) in [("apiVersion", text), ("kind", text), ("metadata", any)] {
                fields.push(Field { name: self.name(name), of, required: name != "metadata" });
            }
        }
        for name in &required {
            let name = self.name(name);
            if !fields.iter().any(|field| field.name == name) {
                let of = self.any();
                fields.push(Field { name, of, required: true });
            }
        }
        let names = &self.store.names;
        fields.sort_by(|a, b| names[a.name as usize].cmp(&names[b.name as usize]));
        Form::Object(Object { fields, open })
    }

    fn limits(&mut self, schema: Node<'_>, form: &Form, depth: usize) -> Limits {
        let text =
            |key| schema.get(key).and_then(Node::scalar).map(|text| text.into_owned().into_boxed_str());
        let number = |key| match schema.get(key)?.value(Dialect::Kubernetes)? {
            #[expect(clippy::cast_precision_loss, reason = "JSON has no other numbers")]
            Value::Int(value) => Some(value as f64),
            Value::Float(value) => Some(value),
            _ => None,
        };
        let count = |keys: [&str; 3]| {
            let key = match form {
                Form::List(_) => keys[1],
                Form::Map(_) | Form::Object(_) => keys[2],
                _ => keys[0],
            };
            schema.get(key).and_then(Node::scalar)?.parse().ok()
        };
        let mut limits = Limits {
            words: strings(schema, "enum"),
            pattern: text("pattern").map(Pattern::new),
            least: number("minimum").map(|least| (least, is_true(schema, "exclusiveMinimum"))),
            most: number("maximum").map(|most| (most, is_true(schema, "exclusiveMaximum"))),
            shortest: count(["minLength", "minItems", "minProperties"]),
            longest: count(["maxLength", "maxItems", "maxProperties"]),
            ..Limits::default()
        };
        match text("x-kubernetes-list-type").as_deref() {
            Some("map") => limits.keys = strings(schema, "x-kubernetes-list-map-keys"),
            Some("set") => limits.unique = true,
            _ => limits.unique = is_true(schema, "uniqueItems"),
        }
        // What may be an integer or a string says so by an `anyOf` of the two types.
        if matches!(form, Form::IntOrText) {
            return limits;
        }
        let mut several = |key| -> Vec<TypeId> {
            let schemas = schema.get(key).into_iter().flat_map(Node::items);
            schemas.map(|schema| self.lower(schema, Source::Limit, depth + 1)).collect()
        };
        limits.all = several("allOf");
        limits.any = several("anyOf");
        limits.one = several("oneOf");
        limits.not = schema.get("not").map(|not| self.lower(not, Source::Limit, depth + 1));
        limits
    }
}

/// The type that a schema names; null may stand beside it.
fn type_of(schema: Node<'_>) -> String {
    let Some(of) = schema.get("type").map(Node::resolve) else { return String::new() };
    let word = of.scalar().filter(|_| of.kind() == NodeKind::Scalar);
    let word = word.or_else(|| of.items().filter_map(Node::scalar).find(|word| word != "null"));
    word.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn is_true(schema: Node<'_>, key: &str) -> bool {
    schema.get(key).is_some_and(|node| matches!(node.value(Dialect::Kubernetes), Some(Value::Bool(true))))
}

fn strings(schema: Node<'_>, key: &str) -> Vec<Box<str>> {
    let items = schema.get(key).into_iter().flat_map(Node::items).filter_map(Node::scalar);
    items.map(|text| text.into_owned().into_boxed_str()).collect()
}
