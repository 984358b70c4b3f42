use crate::project::kubernetes::{Detail, PortRef};
use crate::project::links::PortTarget;
use crate::project::{Project, Role, WorkloadId};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unmatched-target-port",
    summary: "a port of a Service that leads to no port of its pods",
    since: "0.1.0",
    docs: include_str!("unmatched_target_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Service(service) = &object.detail else { continue };
        let links = project.links.ports_of(object.id);
        for (index, port) in service.ports.iter().enumerate() {
            let leads: Vec<_> = links.iter().filter(|link| link.port == index).collect();
            // Pods of several workloads may each have one of the ports.
            if leads.is_empty() || leads.iter().any(|link| matches!(link.target, PortTarget::Port(..))) {
                continue;
            }
            let [link] = leads.as_slice() else { continue };
            let declared = declared(project, link.workload);
            let related = project.workload(link.workload).headline;
            let wanted =
                port.target.as_ref().map_or(PortRef::Number(port.port.value), |target| target.value.clone());
            match link.target {
                // A patch may bring a container that has it.
                PortTarget::Missing | PortTarget::Undeclared if is_patched_in(project, &wanted) => {}
                PortTarget::Missing => {
                    let message = format!("no container has a port named `{wanted}`: nothing gets there");
                    ctx.report(link.at, message).related(related, "the pods");
                }
                // A program may listen on what its container does not declare, but seldom on that alone.
                PortTarget::Undeclared
                    if declared.len() == 1
                        && service.ports.len() == 1
                        && PortRef::Number(declared[0]) != wanted =>
                {
                    let message = format!(
                        "leads to port {wanted}, but the container says it listens on {}",
                        declared[0]
                    );
                    ctx.report(link.at, message).related(related, "the pods").severity(Severity::Medium);
                }
                _ => {}
            }
        }
    }
}

/// Whether a patch of Kustomize brings a port of this name or number.
fn is_patched_in(project: &Project, name: &PortRef) -> bool {
    let patched = project
        .containers
        .iter()
        .filter(|c| c.workload.is_some_and(|id| project.workload(id).object(project).patch));
    patched.flat_map(|c| &c.ports).any(|port| match name {
        PortRef::Name(name) => port.name.as_ref().is_some_and(|own| own.value == *name),
        PortRef::Number(number) => (port.container..=port.container_end).contains(number),
    })
}

/// The ports that the containers of a workload declare.
fn declared(project: &Project, workload: WorkloadId) -> Vec<u16> {
    let containers = project.workload(workload).containers.iter().map(|id| project.container(*id));
    let running = containers.filter(|c| matches!(c.role, Role::Main | Role::Sidecar));
    running.flat_map(|c| c.ports.iter().flat_map(|p| [p.container, p.container_end])).fold(
        Vec::new(),
        |mut all, port| {
            if !all.contains(&port) {
                all.push(port);
            }
            all
        },
    )
}
