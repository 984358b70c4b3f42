use crate::drift::platforms::{Twin, families, is_aside};
use crate::project::Project;
use crate::project::container::{Action, Probe};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-probe",
    summary: "a health check of Compose that no probe of the manifests asks",
    since: "0.1.0",
    docs: include_str!("lost_probe.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for family in families(project) {
        for twin in family.twins.iter().filter(|t| !t.workload.kind.runs_to_end() && !is_aside(t.here)) {
            lost(project, twin, ctx);
        }
    }
}

fn lost(project: &Project, twin: &Twin<'_>, ctx: &mut Ctx<'_>) {
    // What an image brings is none of Compose's.
    let own = |check: &&Probe| {
        project.parse(check.span.source).is_some_and(|p| p.source.kind == crate::Kind::Compose)
    };
    let Some(check) = twin.here.healthcheck.as_ref().filter(own).filter(|c| c.action != Action::None) else {
        return;
    };
    let name = &twin.there.name.value;
    let probes: Vec<&Probe> =
        [&twin.there.startup, &twin.there.readiness, &twin.there.liveness].into_iter().flatten().collect();
    let Some(first) = probes.first() else {
        let message = format!("`{name}` has no probe, and Compose checks its health");
        ctx.report(twin.there.name.span, message).related(check.span, "Compose asks this");
        return;
    };
    let asked = match twin.here.stage(project) {
        Some(stage) => check.understood(stage.end()),
        None => check.clone(),
    };
    if let (Action::Http { .. } | Action::Tcp(_), Some(port)) = (&asked.action, asked.port()) {
        let question = match &asked.action {
            Action::Http { path, .. } => format!("asks `GET {path}` on port {port}"),
            _ => format!("connects to port {port}"),
        };
        // What the pod's container names is what the program listens on there too.
        let listens = twin.there.port(&port.to_string()).is_some();
        let elsewhere = |p: &&&Probe| {
            listens
                && p.port()
                    .is_some_and(|other| other != port && twin.there.port(&other.to_string()).is_none())
        };
        if let Some(probe) = probes.iter().find(elsewhere) {
            let message =
                format!("this probe asks port {}, and Compose {question}", probe.port().unwrap_or_default());
            let at = probe.port_at.unwrap_or(probe.span);
            ctx.report(at, message).related(check.span, "Compose asks this").severity(Severity::High);
            return;
        }
        let shallow = probes.iter().all(|p| matches!(p.action, Action::Tcp(_)));
        if shallow && matches!(asked.action, Action::Http { .. }) {
            let message = format!("`{name}` counts as healthy as soon as its port opens; Compose {question}");
            ctx.report(first.span, message).related(check.span, "Compose asks this");
        }
    }
    let Some(patience) = check.start_period else { return };
    let Some(liveness) = twin.there.liveness.as_ref().filter(|_| twin.there.startup.is_none()) else {
        return;
    };
    let allowed = liveness.start_period.unwrap_or(0) + liveness.interval.unwrap_or(10) * liveness.failures();
    if allowed < patience {
        let message = format!(
            "`{name}` is restarted when it has not answered for {allowed} s; Compose gives it {patience} s to start"
        );
        ctx.report(liveness.span, message).related(check.span, "Compose waits here");
    }
}
