//! Why something is not rendered or built.

use std::fmt;

/// Why a template or a chart cannot be rendered, or an overlay be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong, in one sentence without a final stop.
    pub message: String,
    /// The template or the file, as the chart calls it, and the line in it; where that is known.
    pub at: Option<(String, u32)>,
    /// A bound of ours was reached: whoever would render it might still succeed.
    pub bounded: bool,
}

impl Failure {
    /// A failure at an unknown place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: None, bounded: false }
    }

    /// What takes more than we give.
    pub fn bounded(message: impl Into<String>) -> Self {
        Self { bounded: true, ..Self::new(message) }
    }

    /// The same, at a place, unless one is known already.
    #[must_use]
    pub(crate) fn at(mut self, file: impl FnOnce() -> (String, u32)) -> Self {
        if self.at.is_none() {
            self.at = Some(file());
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some((file, line)) => write!(f, "{file}:{line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Failure {}
