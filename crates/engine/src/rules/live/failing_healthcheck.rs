use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "failing-healthcheck",
    summary: "a health check that fails while the program serves",
    since: "0.1.0",
    docs: include_str!("failing_healthcheck.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(health) = subject.measured.health.as_ref().filter(|h| !h.passes) else { return };
    let serves = subject.measured.listens.as_ref().is_some_and(|l| !l.is_empty());
    let missing = matches!(health.code, -1 | 126 | 127);
    if !serves && !missing {
        return;
    }
    let Some(at) = subject.at_health(ctx.project) else { return };
    let said = if health.output.is_empty() { String::new() } else { format!(": {}", health.output) };
    let message = if missing {
        format!("the health check of `{}` cannot be run, it ends with {}{said}", subject.name(), health.code)
    } else {
        format!("the health check of `{}` ends with {} while it listens{said}", subject.name(), health.code)
    };
    ctx.report(at, message);
}
