use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "failed-health-checks",
    summary: "a workload that fails health checks, or is started again, while nothing is changed",
    since: "0.1.0",
    docs: include_str!("failed_health_checks.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(checks) = subject.cluster().and_then(|c| c.checks.as_ref()) else { return };
    let Some(container) = subject.container else { return };
    let name = subject.name();
    let at = container.readiness.as_ref().map_or(container.name.span, |probe| probe.span);
    if checks.passed < checks.asked {
        // Rounded down: what is not all is not shown as all.
        let tenths = checks.passed * 1000 / checks.asked;
        let share = format!("{}.{}", tenths / 10, tenths % 10);
        let said =
            checks.said.iter().max_by_key(|s| s.times).map_or_else(String::new, |s| format!(": {}", s.text));
        let message = format!(
            "{share} % of {} health checks of `{name}` pass in {} s{said}",
            checks.asked, checks.seconds
        );
        ctx.report(at, message);
    }
    if checks.restarts > 0 {
        let times =
            if checks.restarts == 1 { "once".to_owned() } else { format!("{} times", checks.restarts) };
        ctx.report(container.name.span, format!("`{name}` is started again {times} in {} s", checks.seconds));
    }
}
