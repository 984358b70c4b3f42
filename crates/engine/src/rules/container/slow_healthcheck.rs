use seaworthy_syntax::yaml::edit::New;

use crate::project::{Container, Probe};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "slow-healthcheck",
    summary: "a health check that is given longer than until the next one",
    since: "0.1.0",
    docs: include_str!("slow_healthcheck.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
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
            let all = [("readinessProbe", &container.readiness), ("livenessProbe", &container.liveness)];
            ctx.report(probe.span, message).fix(Safety::Unsafe, "Give it until the next one", || {
                if !container.is_in_pod() {
                    let at = container.item(project, &["healthcheck", "timeout"])?.span()?;
                    return project.write_at(at, &New::Str(format!("{interval}s")));
                }
                let whose = |(_, own): &(&str, &Option<Probe>)| {
                    own.as_ref().is_some_and(|own| own.span == probe.span)
                };
                let key = all.into_iter().find(whose).map_or("startupProbe", |(key, _)| key);
                let seconds = New::Int(i64::try_from(interval).ok()?);
                container.set_below(project, &[key, "timeoutSeconds"], &seconds)
            });
        }
    }
}
