//! What Compose refuses, or warns of.

use seaworthy_syntax::Span;

/// Something that Compose refuses or warns of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// Where; for what stands in a text that is no source, where that text is named.
    pub span: Span,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A key that Compose does not know there.
    UnknownKey,
    /// A value of the wrong type, or one that its attribute cannot have.
    InvalidValue,
    /// A key that must be there.
    MissingKey,
    /// Something listed twice.
    Duplicate,
    /// A `${…}` that is no variable.
    InvalidVariable,
    /// A variable with `:?` that has no value here.
    RequiredVariable,
    /// A variable without value and without default: Compose takes the empty string and warns.
    UnsetVariable,
    /// A file that is named and is not there.
    MissingFile,
    /// A file outside of the repository, or one that is fetched: it is not read.
    OutsideFile,
    /// A file of variables that cannot be read.
    InvalidEnvFile,
    /// `extends` or `include` that come back to where they began.
    Cycle,
    /// A network, volume, config, secret, model or service that is not defined.
    Undefined,
    /// A service that is needed, and that only a profile starts.
    Disabled,
    /// A service with neither image nor build.
    NoImage,
    /// Settings that exclude each other.
    Conflict,
    /// `version`, or another key that Compose ignores.
    Obsolete,
    /// More than is read: too many aliases or too deep.
    TooLarge,
}

impl ProblemKind {
    /// Whether Compose refuses the project for it, as far as is known here.
    pub fn is_refused(self) -> bool {
        !matches!(self, Self::UnsetVariable | Self::OutsideFile | Self::Obsolete)
    }
}
