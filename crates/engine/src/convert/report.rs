//! What became of each key of a Compose project.

use seaworthy_syntax::Span;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Kubernetes has it, and means the same.
    Mapped,
    /// Kubernetes has something like it.
    Approximated,
    /// Kubernetes has nothing like it, or nothing that may be had there.
    Refused,
}

impl Fate {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Approximated => "approximated",
            Self::Refused => "refused",
        }
    }
}

/// What became of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key: `services.web.ports[0]`.
    pub key: String,
    /// Where it is written; `None` for what is implied.
    pub span: Option<Span>,
    /// What became of it.
    pub fate: Fate,
    /// Where it went, what differs, or why it was refused and what to do, in a sentence without a final stop.
    pub note: String,
}

/// What became of the keys of a project.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    /// In the order of the files once the conversion is done.
    pub rows: Vec<Row>,
}

impl Carried {
    /// Adds a row. A key that has one of the same fate and note keeps that one.
    pub fn add(&mut self, fate: Fate, key: impl Into<String>, span: Option<Span>, note: impl Into<String>) {
        let row = Row { key: key.into(), span, fate, note: note.into() };
        if !self.rows.contains(&row) {
            self.rows.push(row);
        }
    }

    /// A key that Kubernetes has too.
    pub fn mapped(&mut self, key: impl Into<String>, span: Option<Span>, note: impl Into<String>) {
        self.add(Fate::Mapped, key, span, note);
    }

    /// A key that Kubernetes has something like.
    pub fn approximated(&mut self, key: impl Into<String>, span: Option<Span>, note: impl Into<String>) {
        self.add(Fate::Approximated, key, span, note);
    }

    /// A key that is left out.
    pub fn refused(&mut self, key: impl Into<String>, span: Option<Span>, note: impl Into<String>) {
        self.add(Fate::Refused, key, span, note);
    }

    /// Whether a key, or one above it, has a row.
    pub fn has(&self, key: &str) -> bool {
        self.rows.iter().any(|row| {
            key.strip_prefix(row.key.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// Whether a key below this one has a row.
    pub fn has_below(&self, key: &str) -> bool {
        self.rows.iter().any(|row| row.key.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '['])))
    }
}
