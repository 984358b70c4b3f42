use crate::project::container::{Action, Probe};
use crate::project::{Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "shallow-probe",
    summary: "a probe that only opens a port of a program with a path to ask",
    since: "0.1.0",
    docs: include_str!("shallow_probe.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.platform != Target::Kubernetes {
        return;
    }
    let probes: Vec<&Probe> =
        [&container.readiness, &container.startup, &container.liveness].into_iter().flatten().collect();
    let shallow = |probe: &&&Probe| matches!(probe.action, Action::Tcp(_));
    let Some(probe) = probes.first().filter(|_| probes.iter().all(|p| shallow(&p))) else { return };
    let Some((path, port)) = asked(ctx.project, container) else { return };
    let same = |p: &Probe| match &p.action {
        Action::Tcp(written) => {
            container.port(written).map_or_else(|| written.parse().ok(), |p| Some(p.container)) == Some(port)
        }
        _ => false,
    };
    if same(probe) {
        let message =
            format!("an open port says little: the image's own check asks `GET {path}` on port {port}");
        ctx.report(probe.span, message);
    }
}

/// The path and port that the image's own health check asks by HTTP.
fn asked(project: &Project, container: &Container) -> Option<(String, u16)> {
    let stage = container.stage(project)?;
    let check = stage.end().healthcheck().value()?.understood(stage.end());
    match &check.action {
        Action::Http { path, .. } => Some((path.clone(), check.port()?)),
        _ => None,
    }
}
