//! What Compose files may say: every attribute, the types it may be written in, and what it comes to.
//!
//! One table serves three readers: [`super::validate`] finds what is not allowed, [`super::typed`] turns values into the
//! types that Compose gives them, and [`super::normal`] leaves out what Compose leaves out when it prints them.

mod table;

pub(super) use table::{PROJECT, SERVICE};

/// What a value may be.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// A scalar of these types.
    Scalar(Types, Form),
    /// A list.
    List { item: &'static Shape, unique: bool },
    /// A mapping with these keys.
    Object(&'static Object),
    /// A mapping with keys of the user's.
    Map { value: &'static Shape, names: Names },
    /// A list of `name=value`, or a mapping of scalars.
    Pairs(Pairs),
    /// `extra_hosts`.
    Hosts,
    /// A command: null, a line to be split into words, or a list.
    Command,
    /// A health check's command: a line for the shell, or a list.
    Test,
    /// `ulimits` entry: a number, or soft and hard.
    Ulimit,
    /// One of several, the first that fits by type.
    OneOf(&'static [Shape]),
}

/// A set of types as JSON has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(pub(super) u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INT: Self = Self(4);
    /// Integers too.
    pub(super) const NUMBER: Self = Self(8 | 4);
    pub(super) const STR: Self = Self(16);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a scalar comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// The name of a container.
    ContainerName,
    /// When an image is pulled.
    PullPolicy,
    /// One of these strings.
    Word(&'static [&'static str]),
    /// A boolean; false is as good as none.
    Bool,
    /// A boolean of which false says something too.
    Flag,
    /// A boolean that is true by default.
    OptOut,
    /// An integer; 0 is as good as none.
    Int,
    /// An integer of which 0 says something too.
    Count,
    /// An integer within bounds.
    Bounded(i64, i64),
    /// A number in single precision.
    Float,
    /// A size in bytes, as a string.
    Bytes,
    /// A duration; 0 is as good as none.
    Duration,
    /// A duration of which 0 says something too.
    Period,
    /// A file's mode in octal.
    Mode,
    /// How many devices: `all` is -1.
    Devices,
}

/// How the values of `name=value` pairs are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    /// Without `=` there is no value: null.
    Nullable,
    /// Without `=` the value is empty.
    Text,
    /// The same as the first, printed as a list.
    Listed,
}

/// Which keys a user may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Any.
    Any,
    /// Letters, digits, `.`, `_` and `-`.
    Word,
}

/// A mapping with keys of Compose's.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) fields: &'static [Field],
    /// Keys that must be there.
    pub(super) required: &'static [&'static str],
    /// Whether `x-` keys may be there.
    pub(super) extensions: bool,
    /// Whether it may be null.
    pub(super) nullable: bool,
    /// Whether Compose refuses other keys.
    pub(super) closed: bool,
}

/// A key of a mapping.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    /// Compose prints it even where it is not set.
    pub(super) always: bool,
    /// How Compose prints it.
    pub(super) printed: &'static str,
}

impl Object {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
