//! Releases of Kubernetes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A minor release of Kubernetes: of 1.34, the 34.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minor(u8);

impl Minor {
    /// The oldest whose schemas are known.
    pub const FIRST: Self = Self(25);
    /// The newest whose schemas are known: the one that counts where nobody names another.
    pub const LAST: Self = Self(37);

    /// Of 1.34, the 34.
    pub fn number(self) -> u32 {
        self.0.into()
    }

    /// Those whose schemas are known, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::FIRST.0..=Self::LAST.0).map(Self)
    }
}

impl Default for Minor {
    fn default() -> Self {
        Self::LAST
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for Minor {
    type Err = String;

    /// Reads `1.34`, `v1.34` and `1.34.2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let minor = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("1"), Some(minor), patch, None) if patch.is_none_or(|p| p.parse::<u8>().is_ok()) => {
                minor.parse().ok()
            }
            _ => None,
        };
        minor.map(Self).filter(|minor| (Self::FIRST..=Self::LAST).contains(minor)).ok_or_else(|| {
            format!("the releases of Kubernetes from {} to {} are known", Self::FIRST, Self::LAST)
        })
    }
}
