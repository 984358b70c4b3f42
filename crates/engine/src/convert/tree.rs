//! What manifests are made of before they are written: values that know what a user of a chart may set.

use super::text::Text;

/// A value of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// A boolean.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A string.
    Text(Text),
    /// A list.
    List(Vec<Tree>),
    /// A mapping.
    Map(Map),
    /// What a chart's values say of a service under this key (`replicas`, `resources`), with what they say at first; no
    /// other output has it as anything but that.
    Value(&'static str, Box<Tree>),
    /// The name of an image.
    Image(Image),
    /// The name of a ConfigMap, which ends in the digest of what is in it.
    Config(String),
}

/// The name of an image in its parts, which users set apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The registry and the repository.
    pub repository: Text,
    /// The tag.
    pub tag: Option<Text>,
    /// The digest, `sha256:…`.
    pub digest: Option<String>,
    /// Whether it is built here, so that its tag changes with each release.
    pub built: bool,
}

/// A mapping in the order in which it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// Its entries; no key twice.
    pub entries: Vec<Entry>,
}

/// An entry of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Tree,
    /// Why it is so, in a sentence; a comment above it where reasons are asked for.
    pub why: Option<String>,
}

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a key more, or with another value for a key it has.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Tree>) -> Self {
        self.set(key, value);
        self
    }

    /// With a key more and why it is there.
    #[must_use]
    pub fn because(mut self, key: impl Into<String>, value: impl Into<Tree>, why: impl Into<String>) -> Self {
        self.explain(key, value, why);
        self
    }

    /// With a key more where there is a value for it.
    #[must_use]
    pub fn maybe(self, key: &str, value: Option<impl Into<Tree>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// With a key more where its value is not empty.
    #[must_use]
    pub fn filled(self, key: &str, value: impl Into<Tree>) -> Self {
        let value = value.into();
        if value.is_empty() { self } else { self.with(key, value) }
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Tree>) {
        self.put(key.into(), value.into(), None);
    }

    /// Sets the value of a key and says why.
    pub fn explain(&mut self, key: impl Into<String>, value: impl Into<Tree>, why: impl Into<String>) {
        self.put(key.into(), value.into(), Some(why.into()));
    }

    fn put(&mut self, key: String, value: Tree, why: Option<String>) {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => {
                entry.value = value;
                entry.why = why.or(entry.why.take());
            }
            None => self.entries.push(Entry { key, value, why }),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Tree {
    /// Whether it is a list or a mapping without anything in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Value(_, value) => value.is_empty(),
            _ => false,
        }
    }

    /// A value that a chart's users set under this key.
    pub fn settable(key: &'static str, value: impl Into<Self>) -> Self {
        Self::Value(key, Box::new(value.into()))
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Tree {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u16> for Tree {
    fn from(value: u16) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u64> for Tree {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Tree {
    fn from(value: &str) -> Self {
        Self::Text(Text::literal(value))
    }
}

impl From<String> for Tree {
    fn from(value: String) -> Self {
        Self::Text(Text::literal(value))
    }
}

impl From<Text> for Tree {
    fn from(value: Text) -> Self {
        Self::Text(value)
    }
}

impl From<Map> for Tree {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Tree {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}
