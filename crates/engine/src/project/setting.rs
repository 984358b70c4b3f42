//! A value that knows who decided it.

use seaworthy_syntax::Span;

/// A setting: its effective value, who decided it, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    state: State<T>,
    /// Who decided it.
    pub origin: Origin,
    /// What to underline: the value where it is written, if it is written anywhere.
    pub at: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State<T> {
    Unset,
    /// A variable without default decides it: no rule fires on the unknown.
    Unknown,
    Known(T),
}

/// Who decided a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// The subject itself.
    Own,
    /// An anchor or a merge key of the same file.
    Anchor,
    /// Another Compose file of the same project.
    Override,
    /// The service it extends.
    Extends,
    /// The pod around the container.
    Pod,
    /// The Dockerfile that builds the image.
    Dockerfile,
    /// What is known of the public image.
    Image,
    /// Nobody: the platform's default.
    #[default]
    Platform,
}

impl<T> Default for Setting<T> {
    fn default() -> Self {
        Self { state: State::Unset, origin: Origin::Platform, at: None }
    }
}

impl<T> Setting<T> {
    /// A value somebody wrote.
    pub fn known(value: T, origin: Origin, at: Option<Span>) -> Self {
        Self { state: State::Known(value), origin, at }
    }

    /// A value that a variable without default decides.
    pub fn unknown(origin: Origin, at: Option<Span>) -> Self {
        Self { state: State::Unknown, origin, at }
    }

    /// The value, if it is set and known.
    pub fn value(&self) -> Option<&T> {
        match &self.state {
            State::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Whether nobody set it.
    pub fn is_unset(&self) -> bool {
        matches!(self.state, State::Unset)
    }

    /// Whether it is set to something that cannot be known here.
    pub fn is_unknown(&self) -> bool {
        matches!(self.state, State::Unknown)
    }

    /// This setting, or another one where nobody set this.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_unset() { other } else { self }
    }

    /// Whether it is known to be this.
    pub fn is(&self, value: &T) -> bool
    where
        T: PartialEq,
    {
        self.value() == Some(value)
    }

    /// Whether it is known not to be this, or unset: what a rule that wants `value` fires on.
    pub fn lacks(&self, value: &T) -> bool
    where
        T: PartialEq,
    {
        !self.is_unknown() && !self.is(value)
    }
}
