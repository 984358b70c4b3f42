use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::edit::New;

use crate::project::container::{Action, Probe, Role};
use crate::project::entry::Place;
use crate::project::links::{BuiltHow, PortTarget};
use crate::project::listening::Listening;
use crate::project::{Container, Project, StageRole};
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Span, Target};

pub(crate) static RULE: Rule = Rule {
    name: "unlistened-port",
    summary: "a port that is opened, published or probed, and another one that the program listens on",
    since: "0.1.0",
    docs: include_str!("unlistened_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for stage in project.builds.iter().flat_map(|b| &b.stages).filter(|s| s.role == StageRole::Final) {
        let exposes = stage
            .instructions(project)
            .iter()
            .any(|i| matches!(i.arguments, Arguments::Expose(_)) && i.onbuild.is_none());
        let own = stage.launch(project).written().next().is_some() || stage.facts.is_some();
        let Some(listening) = project.listening(Place::Image(stage)).filter(|_| exposes && own) else {
            continue;
        };
        // Those of the base are its maker's.
        let behind = stage.from_span(project).map_or(0, |from| from.end);
        let own = |span: Span| span.source == stage.source && span.start > behind;
        let ports: Vec<_> = stage.end().ports().filter(|p| p.protocol == "tcp" && own(p.span)).collect();
        let whole = stage.end().ports_are_complete();
        if ports.iter().any(|p| listening.ports.iter().any(|l| (p.container..=p.container_end).contains(l)))
            || !whole
        {
            continue;
        }
        for port in ports {
            report(ctx, port.span, &listening, "and not on the port that is exposed", Severity::Low, &[]);
        }
    }
    for container in &project.containers {
        let likely =
            project.links.built_by.iter().any(|b| b.container == container.id && b.how == BuiltHow::Likeness);
        if !matches!(container.role, Role::Main) || likely || container.windows {
            continue;
        }
        let Some(listening) = project.listening(Place::Container(container)) else { continue };
        match container.platform {
            Target::Docker => published(ctx, container, &listening),
            Target::Kubernetes => in_pod(ctx, project, container, &listening),
        }
    }
}

/// The ports of a Compose service that the host publishes.
fn published(ctx: &mut Ctx<'_>, container: &Container, listening: &Listening) {
    let ports: Vec<_> = container.ports.iter().filter(|p| p.published && p.protocol == "tcp").collect();
    if ports.iter().any(|p| listening.ports.iter().any(|l| (p.container..=p.container_end).contains(l))) {
        return;
    }
    if let [port] = ports.as_slice() {
        report(ctx, port.span, listening, "and not on the port that is published", Severity::High, &[]);
    }
}

/// What leads to a container of a pod: its own ports, its probes, and the Services.
fn in_pod(ctx: &mut Ctx<'_>, project: &Project, container: &Container, listening: &Listening) {
    let Some(workload) = container.workload.map(|id| project.workload(id)) else { return };
    // Containers of a pod share their ports.
    let alone =
        workload.containers.iter().filter(|id| !matches!(project.container(**id).role, Role::Init)).count()
            == 1;
    if !alone || workload.object(project).patch {
        return;
    }
    let wrong = |port: u16| !listening.ports.contains(&port);
    let probes = [&container.readiness, &container.liveness, &container.startup];
    let probe_port = |probe: &Probe| match &probe.action {
        Action::Http { port, .. } | Action::Tcp(port) => port.parse::<u16>().ok(),
        _ => None,
    };
    let probed =
        probes.into_iter().flatten().filter_map(|p| Some((probe_port(p)?, p.port_at.unwrap_or(p.span))));
    let served = project.links.ports.iter().filter(|l| l.workload == workload.id);
    let served = served.filter_map(|link| match link.target {
        PortTarget::Port(of, index) if of == container.id => {
            let port = container.ports.get(index)?;
            (port.protocol == "tcp").then_some((port.container, link.at))
        }
        _ => None,
    });
    let declared: Vec<_> =
        container.ports.iter().filter(|p| p.protocol == "tcp" && p.container == p.container_end).collect();
    // One port that is right shows that the program is understood.
    let right = declared.iter().any(|p| !wrong(p.container));
    let mut others: Vec<(Span, String)> = Vec::new();
    for (port, at) in probed.filter(|(port, _)| wrong(*port)) {
        let known = declared.iter().any(|p| p.container == port);
        if right && known {
            continue;
        }
        others.push((at, format!("probed on {port}")));
    }
    others.extend(
        served
            .filter(|(port, _)| wrong(*port) && !right)
            .map(|(port, at)| (at, format!("a Service sends to {port}"))),
    );
    match declared.as_slice() {
        [port] if wrong(port.container) => {
            report(
                ctx,
                port.span,
                listening,
                "and not on the port that is declared",
                Severity::High,
                &others,
            );
        }
        _ if !others.is_empty() && (right || declared.is_empty()) => {
            let (at, _) = others.remove(0);
            report(ctx, at, listening, "and not on this port", Severity::High, &others);
        }
        _ => {}
    }
}

/// A place where the port of the container is written as a number, and not that of a Service which leads to the same one.
fn own_number(project: &Project, at: Span) -> Option<Span> {
    let node = project.node_at(at)?;
    node.scalar()?.parse::<u16>().ok()?;
    let of_service = node.key()?.scalar()? == "port" && node.parent()?.as_entry().is_none();
    (!of_service).then_some(at)
}

fn report(
    ctx: &mut Ctx<'_>,
    at: Span,
    listening: &Listening,
    why: &str,
    severity: Severity,
    others: &[(Span, String)],
) {
    let project = ctx.project;
    let ports: Vec<String> = listening.ports.iter().map(u16::to_string).collect();
    let mut finding =
        ctx.report(at, format!("`{}` listens on {}, {why}", listening.program, ports.join(" and ")));
    finding.fix(Safety::Unsafe, "Say the port it listens on", || {
        let port = listening.ports.first().filter(|_| listening.ports.len() == 1)?;
        let all = std::iter::once(at).chain(others.iter().map(|(span, _)| *span));
        let mut edits = Vec::new();
        for at in all {
            edits.extend(project.write_at(own_number(project, at)?, &New::Int((*port).into()))?);
        }
        edits.sort_by_key(|edit: &Edit| edit.span);
        edits.dedup_by_key(|edit| edit.span);
        Some(edits)
    });
    finding.severity(severity);
    if let Some(command) = listening.at.filter(|command| *command != at) {
        finding.related(command, "what it is started with");
    }
    for (span, message) in others {
        finding.related(*span, message.clone());
    }
}
