use crate::project::{Container, Project};
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "delay-behind-startup-probe",
    summary: "a delay of a probe that waits for the startup probe anyway",
    since: "0.1.0",
    docs: include_str!("delay_behind_startup_probe.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// The least delay that is worth a word, in seconds.
const NOTED: u64 = 10;

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(startup) = &container.startup else { return };
    for (probe, key) in [(&container.liveness, "livenessProbe"), (&container.readiness, "readinessProbe")] {
        let Some(delay) = probe.as_ref().and_then(|p| p.start_period).filter(|delay| *delay >= NOTED) else {
            continue;
        };
        let Some(entry) = entry(ctx.project, container, key) else { continue };
        let message =
            format!("the startup probe says when it has started; this waits for {delay} s all the same");
        ctx.report(entry.value.span(), message).related(startup.span, "the startup probe").fix(
            Safety::Unsafe,
            "Remove the delay",
            edit::remove(entry).ok(),
        );
    }
}

fn entry<'p>(
    project: &'p Project,
    container: &Container,
    probe: &str,
) -> Option<crate::syntax::yaml::Entry<'p>> {
    project.node(container.place)?.get(probe)?.resolve().entry("initialDelaySeconds")
}
