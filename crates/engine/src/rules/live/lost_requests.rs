use crate::measured::{Rollout, Subject};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-requests",
    summary: "a workload that loses requests in a rolling restart",
    since: "0.1.0",
    docs: include_str!("lost_requests.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(rollout) = subject.cluster().and_then(|c| c.rollout.as_ref()) else { return };
    let (Some(container), Some(at)) = (subject.container, subject.at(ctx.project)) else { return };
    let name = subject.name();
    if !rollout.complete {
        ctx.report(at, format!("a rolling restart of `{name}` is not over after {:.0} s", rollout.seconds));
    }
    if rollout.lost == 0 {
        return;
    }
    let strategy = subject.workload(ctx.project).and_then(|w| w.at(ctx.project, &["strategy", "type"]));
    let recreates = strategy.filter(|s| s.scalar().is_some_and(|s| s == "Recreate"));
    let (at, why) = if let Some(strategy) = recreates {
        (strategy.span(), "all of its pods are stopped before the first new one starts")
    } else if container.pre_stop.is_none() {
        (container.name.span, "it has no preStop, so it stops while requests are still sent to it")
    } else if rollout.killed > 0 {
        (
            subject.at_command(ctx.project).unwrap_or(at),
            "it is killed with requests open, since it does not end at SIGTERM",
        )
    } else if container.readiness.is_none() {
        (container.name.span, "it has no readiness probe, so requests are sent to it before it serves")
    } else {
        (
            at,
            "its preStop is shorter than the cluster takes to send requests elsewhere, or it is ready before it serves",
        )
    };
    let said = said(rollout);
    ctx.report(
        at,
        format!(
            "`{name}` loses {} of {} requests in a rolling restart{said}: {why}",
            rollout.lost, rollout.requests
        ),
    );
}

/// What became of most of them.
fn said(rollout: &Rollout) -> String {
    let most = rollout.said.iter().max_by_key(|s| s.times);
    most.filter(|s| !s.text.is_empty()).map_or_else(String::new, |s| format!(" ({})", s.text))
}
