use crate::drift::platforms::{Family, Twin, families, is_aside};
use crate::project::Project;
use crate::project::container::{Namespace, Port};
use crate::project::kubernetes::{Detail, Object, PortRef};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-port",
    summary: "a port that Compose reaches and nothing in the manifests leads to",
    since: "0.1.0",
    docs: include_str!("lost_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for family in families(project) {
        for twin in &family.twins {
            let shared = twin.there.host_namespaces.iter().any(|n| n.value == Namespace::Network);
            if shared || twin.workload.kind.runs_to_end() || is_aside(twin.here) {
                continue;
            }
            lost(project, &family, twin, ctx);
        }
    }
}

fn lost(project: &Project, family: &Family<'_>, twin: &Twin<'_>, ctx: &mut Ctx<'_>) {
    let services = family.services(project, twin.workload.id);
    let declared =
        |port: u16| twin.there.ports.iter().any(|p| (p.container..=p.container_end).contains(&port));
    // Ports that only the image names need nobody to lead to them.
    let written = |port: &&Port| family.composition.files.contains(&port.span.source);
    let called: Vec<u16> = family
        .composition
        .services
        .iter()
        .flat_map(|s| project.links.calls_of(s.container))
        .filter(|c| c.to == crate::project::links::Callee::Container(twin.here.id))
        .filter_map(|c| c.port)
        .collect();
    let mut said = None;
    for port in twin.here.ports.iter().filter(written).filter(|p| p.protocol == "tcp") {
        let number = port.container;
        let led = services.iter().any(|s| leads_to(s, number, twin));
        // Without root a server listens above 1024.
        let moved = number < 1024 && twin.there.ports.iter().any(|p| p.container >= 1024);
        // Not every port that a developer's machine publishes is one that a cluster needs.
        let needed = called.contains(&number) || !declared(number) || services.is_empty();
        if port.container_end != number || led || moved || !needed || said == Some(number) {
            continue;
        }
        said = Some(number);
        let name = &twin.here.name.value;
        let (at, message) = match services.first() {
            Some(service) => (
                service.headline(),
                format!("Compose reaches `{name}` on port {number}, and this Service does not lead to it"),
            ),
            None => (
                twin.workload.headline,
                format!("Compose reaches `{name}` on port {number}, and no Service leads to it"),
            ),
        };
        ctx.report(at, message).related(port.span, "Compose publishes it here").severity(
            if called.contains(&number) || services.is_empty() { Severity::Medium } else { Severity::Low },
        );
    }
}

/// Whether a Service sends to a port of a container.
fn leads_to(object: &Object, port: u16, twin: &Twin<'_>) -> bool {
    let Detail::Service(service) = &object.detail else { return false };
    // One without ports is for names alone: its pods are reached on every port.
    service.headless && (service.ports.is_empty() || twin.there.port(&port.to_string()).is_some())
        || service.ports.iter().any(|p| match p.target.as_ref().map(|t| &t.value) {
            None => p.port.value == port,
            Some(PortRef::Number(target)) => *target == port,
            Some(PortRef::Name(name)) => twin.there.port(name).is_some_and(|p| p.container == port),
        })
}
