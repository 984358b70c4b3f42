//! Findings and the edits that mend them.

use seaworthy_syntax::{Edit, Span};

use crate::rule::{Rule, Severity};

/// A finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How much it matters here.
    pub severity: Severity,
    /// What is wrong, in one sentence without a final full stop; values of secrets never stand in it.
    pub message: String,
    /// The narrowest thing that is wrong.
    pub span: Span,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// Secrets: what stands there is shown in no output.
    pub hidden: Vec<Span>,
    /// The ids that other tools give this very finding; several tools' rules may be one of ours.
    pub ids: &'static [&'static str],
    /// It matters little where it stands: reported only to who asks for its rule by another tool's id, or for all rules.
    pub aside: bool,
    /// What mends it.
    pub fix: Option<Fix>,
}

/// A place and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say.
    pub message: String,
}

/// Edits that mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What applying it does, in the imperative: "Drop all capabilities".
    pub title: String,
    /// How far it can be trusted.
    pub safety: Safety,
    /// The edits; of one source or several, disjoint.
    pub edits: Vec<Edit>,
}

/// How far a fix can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Shown, never applied: a person has to complete it.
    Manual,
    /// Applied when asked for: the program that runs may mean something else.
    Unsafe,
    /// The program that runs means the same, or only loses rights it never used.
    Safe,
}

impl Safety {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// What a fix may be made of: edits, or a refusal, which offers nothing.
pub trait IntoEdits {
    /// The edits.
    fn into_edits(self) -> Option<Vec<Edit>>;
}

impl IntoEdits for Edit {
    fn into_edits(self) -> Option<Vec<Edit>> {
        Some(vec![self])
    }
}

impl IntoEdits for Vec<Edit> {
    fn into_edits(self) -> Option<Vec<Edit>> {
        Some(self)
    }
}

/// Edits that are worked out only where fixes are shown or applied.
impl<T: IntoEdits, F: FnOnce() -> T> IntoEdits for F {
    fn into_edits(self) -> Option<Vec<Edit>> {
        self().into_edits()
    }
}

impl<T: IntoEdits> IntoEdits for Option<T> {
    fn into_edits(self) -> Option<Vec<Edit>> {
        self?.into_edits()
    }
}

impl<T: IntoEdits, E> IntoEdits for Result<T, E> {
    fn into_edits(self) -> Option<Vec<Edit>> {
        self.ok()?.into_edits()
    }
}
