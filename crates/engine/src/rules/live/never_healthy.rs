use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "never-healthy",
    summary: "a container that does not come up",
    since: "0.1.0",
    docs: include_str!("never_healthy.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Critical,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(start) = subject.measured.start.as_ref().filter(|start| !start.healthy) else { return };
    let at = if start.problem.contains("health check") {
        subject.at_health(ctx.project)
    } else {
        subject.at_command(ctx.project)
    };
    let Some(at) = at else { return };
    ctx.report(at, format!("`{}` {}", subject.name(), start.problem));
}
