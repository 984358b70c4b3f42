use crate::{Category, Check, FixKind, Rule, Severity};

/// Reported by the engine for whatever a parser refuses.
pub(crate) static RULE: Rule = Rule {
    name: "syntax-error",
    summary: "a file that its own tool refuses to read",
    since: "0.1.0",
    docs: include_str!("syntax_error.md"),
    aliases: &["DL1000", "DL3043", "DL3061"],
    category: Category::Correctness,
    severity: Severity::Critical,
    default: true,
    fix: FixKind::None,
    check: Check::Engine,
};
