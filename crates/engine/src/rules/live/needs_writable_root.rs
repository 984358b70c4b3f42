use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "needs-writable-root",
    summary: "a program that does not live with a read-only root",
    since: "0.1.0",
    docs: include_str!("needs_writable_root.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(read_only) = subject.measured.read_only.as_ref().filter(|r| !r.healthy) else { return };
    let Some(at) = subject.at(ctx.project) else { return };
    let name = subject.name();
    let message = format!("`{name}` does not live with a read-only root: it {}", read_only.problem);
    ctx.report(at, message);
}
