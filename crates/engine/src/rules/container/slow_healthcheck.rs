use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "slow-healthcheck",
    summary: "a health check that is given longer than until the next one",
    since: "0.1.0",
    docs: include_str!("slow_healthcheck.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let all = [&container.healthcheck, &container.readiness, &container.liveness, &container.startup];
    for probe in all.into_iter().flatten() {
        let (Some(timeout), Some(interval)) = (probe.timeout, probe.interval) else { continue };
        let own = container.is_in_pod() || container.item(project, &["healthcheck"]).is_some();
        if timeout > interval && interval > 0 && own {
            let message = format!(
                "asked every {interval} s and given {timeout} s to answer, so a hang is noticed late"
            );
            ctx.report(probe.span, message);
        }
    }
}
