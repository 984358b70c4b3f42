use crate::measured::Subject;
use crate::project::Intent;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "slow-stop",
    summary: "a container that its stop signal does not end in time",
    since: "0.1.0",
    docs: include_str!("slow_stop.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Measured(check),
};

/// What a stop may take, in seconds: a rollout and a `docker compose down` wait for each one.
const LONG: f64 = 3.0;

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(stop) = &subject.measured.stop else { return };
    let killed = stop.code == 137;
    if !killed && stop.seconds <= LONG {
        return;
    }
    let Some(at) = subject.at_command(ctx.project) else { return };
    let (name, signal) = (subject.name(), &stop.signal);
    let message = if killed {
        format!(
            "`{name}` does not end at {signal}: it is killed after {:.1} s, with the exit code 137",
            stop.seconds
        )
    } else {
        format!("`{name}` takes {:.1} s to end at {signal}", stop.seconds)
    };
    let mut finding = ctx.report(at, message);
    if !killed {
        finding.severity(Severity::Medium);
    }
    if let Some(container) =
        subject.container.filter(|_| stop.with_init.is_some_and(|seconds| seconds <= LONG))
    {
        finding.set(Safety::Safe, "Let an init process pass the signal on", container, &Intent::Init);
    }
}
