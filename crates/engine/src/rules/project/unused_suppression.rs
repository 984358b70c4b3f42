use crate::{Category, Check, FixKind, Rule, Severity};

/// Reported by the engine, which knows what each comment silenced.
pub(crate) static RULE: Rule = Rule {
    name: "unused-suppression",
    summary: "a comment or annotation that silences nothing",
    since: "0.1.0",
    docs: include_str!("unused_suppression.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Engine,
};
