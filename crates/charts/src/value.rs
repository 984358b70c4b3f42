//! What templates compute with: Go's values, as far as templates can tell them apart.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::object::Object;
use crate::text::{Origin, Text};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// What it is.
    pub(crate) data: Data,
    /// Where it was written; of a collection, all of it.
    pub(crate) at: Origin,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// No value at all.
    Nil,
    /// An interface that holds nothing: a key that is missing or null. Its fields are an error, those of [`Data::Nil`]
    /// are nil again.
    Null,
    /// A boolean.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `float64`: every number of a YAML file.
    Float(f64),
    /// A string.
    Str(Rc<Text>),
    /// A slice.
    List(Rc<Vec<Value>>),
    /// A map with string keys. Maps are shared: `set` changes the one that everybody has.
    Map(Rc<Map>),
    /// A struct of Helm's, with fields and methods.
    Object(Rc<Object>),
}

/// A map, shared and changeable.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// Its entries, sorted as Go ranges over them.
    pub(crate) entries: RefCell<Entries>,
    /// What Go calls its type.
    pub(crate) kind: MapKind,
}

/// The entries of a map.
pub(crate) type Entries = BTreeMap<Rc<str>, Entry>;

/// What Go calls the type of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MapKind {
    /// `map[string]interface {}`.
    #[default]
    Any,
    /// `chartutil.Values`.
    Values,
    /// `map[string]string`: what is missing is empty.
    Strings,
}

/// A value in a map, and where its key was written.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where the key stands.
    pub(crate) key: Origin,
    /// The value.
    pub(crate) value: Value,
}

impl Value {
    /// A value that nobody wrote.
    pub(crate) fn new(data: Data) -> Self {
        Self { data, at: Origin::NOWHERE }
    }

    /// No value.
    pub(crate) const NIL: Self = Self { data: Data::Nil, at: Origin::NOWHERE };

    /// A key that is missing.
    pub(crate) const NULL: Self = Self { data: Data::Null, at: Origin::NOWHERE };

    /// A string that nobody wrote.
    pub(crate) fn str(text: impl Into<String>) -> Self {
        Self::new(Data::Str(Rc::new(Text::made(text))))
    }

    /// A string.
    pub(crate) fn text(text: Text) -> Self {
        let at = text.origin();
        Self { data: Data::Str(Rc::new(text)), at }
    }

    /// A boolean.
    pub(crate) fn bool(value: bool) -> Self {
        Self::new(Data::Bool(value))
    }

    /// A list.
    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::new(Data::List(Rc::new(items)))
    }

    /// A map.
    pub(crate) fn map(entries: Entries) -> Self {
        Self::new(Data::Map(Rc::new(Map { entries: RefCell::new(entries), kind: MapKind::Any })))
    }

    /// A map of strings.
    pub(crate) fn strings(entries: Entries) -> Self {
        Self::new(Data::Map(Rc::new(Map { entries: RefCell::new(entries), kind: MapKind::Strings })))
    }

    /// The values of a chart.
    pub(crate) fn values(entries: Entries) -> Self {
        Self::new(Data::Map(Rc::new(Map { entries: RefCell::new(entries), kind: MapKind::Values })))
    }

    /// A struct.
    pub(crate) fn object(object: Object) -> Self {
        Self::new(Data::Object(Rc::new(object)))
    }

    /// The same, with the interface around nothing taken away.
    #[must_use]
    pub(crate) fn unwrapped(self) -> Self {
        if matches!(self.data, Data::Null) { Self { data: Data::Nil, at: self.at } } else { self }
    }

    /// Whether it is nothing.
    pub(crate) fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nil | Data::Null)
    }

    /// Its text, if it is a string.
    pub(crate) fn as_text(&self) -> Option<&Rc<Text>> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Its text, if it is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.as_text().map(|text| text.as_str())
    }

    /// The map, if it is one.
    pub(crate) fn as_map(&self) -> Option<&Rc<Map>> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub(crate) fn as_list(&self) -> Option<&Rc<Vec<Self>>> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key; `None` where it is no map or has no such key.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        Some(self.as_map()?.entries.borrow().get(key)?.value.clone())
    }

    /// Whether Go's templates take it for true.
    pub(crate) fn is_true(&self) -> bool {
        !self.is_empty()
    }

    /// Whether it is the zero value of its type, as sprig's `empty` has it.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.data {
            Data::Nil | Data::Null => true,
            Data::Bool(value) => !value,
            Data::Int(value) | Data::Int64(value) => *value == 0,
            Data::Float(value) => *value == 0.0,
            Data::Str(text) => text.is_empty(),
            Data::List(items) => items.is_empty(),
            Data::Map(map) => map.entries.borrow().is_empty(),
            Data::Object(object) => match &**object {
                Object::Files(files) => files.0.is_empty(),
                Object::ApiVersions(capabilities) => capabilities.api_versions.is_empty(),
                _ => false,
            },
        }
    }

    /// The name of its kind, as Go's reflection has it.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.data {
            Data::Nil | Data::Null => "invalid",
            Data::Bool(_) => "bool",
            Data::Int(_) => "int",
            Data::Int64(_) => "int64",
            Data::Float(_) => "float64",
            Data::Str(_) => "string",
            Data::List(_) => "slice",
            Data::Map(_) => "map",
            Data::Object(object) => object.kind_name(),
        }
    }

    /// The name of its type, as Go prints it.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.data {
            Data::Nil | Data::Null => "<nil>",
            Data::List(_) => "[]interface {}",
            Data::Map(map) => match map.kind {
                MapKind::Any => "map[string]interface {}",
                MapKind::Values => "chartutil.Values",
                MapKind::Strings => "map[string]string",
            },
            Data::Object(object) => object.type_name(),
            _ => self.kind_name(),
        }
    }

    /// Whether two values have the same type and content, as `reflect.DeepEqual` has it.
    pub(crate) fn deep_equal(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Nil | Data::Null, Data::Nil | Data::Null) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a), Data::Int(b)) | (Data::Int64(a), Data::Int64(b)) => a == b,
            (Data::Float(a), Data::Float(b)) => a == b,
            (Data::Str(a), Data::Str(b)) => a.as_str() == b.as_str(),
            (Data::List(a), Data::List(b)) => {
                Rc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.deep_equal(b))
            }
            (Data::Map(a), Data::Map(b)) => {
                Rc::ptr_eq(a, b) || {
                    let (a, b) = (a.entries.borrow(), b.entries.borrow());
                    a.len() == b.len()
                        && a.iter()
                            .zip(b.iter())
                            .all(|((k, a), (l, b))| k == l && a.value.deep_equal(&b.value))
                }
            }
            (Data::Object(a), Data::Object(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// A copy that shares no map with it.
    #[must_use]
    pub(crate) fn deep_copy(&self) -> Self {
        let data = match &self.data {
            Data::List(items) => Data::List(Rc::new(items.iter().map(Self::deep_copy).collect())),
            Data::Map(map) => {
                let entries = map.entries.borrow();
                let copied = entries
                    .iter()
                    .map(|(k, e)| (k.clone(), Entry { key: e.key, value: e.value.deep_copy() }))
                    .collect();
                Data::Map(Rc::new(Map { entries: RefCell::new(copied), kind: map.kind }))
            }
            other => other.clone(),
        };
        Self { data, at: self.at }
    }

    /// With another place.
    #[must_use]
    pub(crate) fn with_origin(self, at: Origin) -> Self {
        Self { at, ..self }
    }

    /// The text that Go's `%v` makes of it, with the origins of what is in it.
    pub(crate) fn display(&self) -> Text {
        match &self.data {
            Data::Str(text) => (**text).clone(),
            Data::List(_) | Data::Map(_) => {
                let mut out = Text::default();
                self.write(&mut out, true);
                out
            }
            _ => Text::new(self.plain(), self.at.derived()),
        }
    }

    fn plain(&self) -> String {
        match &self.data {
            Data::Nil | Data::Null => "<nil>".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Int(value) | Data::Int64(value) => value.to_string(),
            Data::Float(value) => crate::number::shortest(*value),
            Data::Object(object) => object.display(),
            Data::Str(text) => text.as_str().to_owned(),
            Data::List(_) | Data::Map(_) => String::new(),
        }
    }

    fn write(&self, out: &mut Text, top: bool) {
        match &self.data {
            Data::List(items) => {
                out.push_made("[");
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push_made(" ");
                    }
                    item.write(out, false);
                }
                out.push_made("]");
            }
            Data::Map(map) => {
                out.push_made("map[");
                for (n, (key, entry)) in map.entries.borrow().iter().enumerate() {
                    if n > 0 {
                        out.push_made(" ");
                    }
                    out.push_str(key, entry.key.derived());
                    out.push_made(":");
                    entry.value.write(out, false);
                }
                out.push_made("]");
            }
            Data::Str(text) if !top => out.push(text),
            _ => out.push_str(&self.plain(), self.at.derived()),
        }
    }
}

/// Adds an entry whose key nobody wrote.
pub(crate) fn put(entries: &mut Entries, key: &str, value: Value) {
    entries.insert(key.into(), Entry { key: Origin::NOWHERE, value });
}
