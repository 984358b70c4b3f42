use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::kubernetes::{Detail, PortRef, ServicePort};
use crate::project::links::{PortTarget, closest};
use crate::project::{Project, Role, WorkloadId};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unmatched-target-port",
    summary: "a port of a Service that leads to no port of its pods",
    since: "0.1.0",
    docs: include_str!("unmatched_target_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
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
                    ctx.report(link.at, message).related(related, "the pods").fix(
                        Safety::Unsafe,
                        "Lead to the port that is meant",
                        || retarget(project, port, &meant(project, link.workload, &wanted)?),
                    );
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
                    ctx.report(link.at, message).related(related, "the pods").severity(Severity::Medium).fix(
                        Safety::Unsafe,
                        format!("Lead to port {}", declared[0]),
                        || retarget(project, port, &New::Int(declared[0].into())),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Lets a port of a Service lead elsewhere.
fn retarget(project: &Project, port: &ServicePort, to: &New) -> Option<Edit> {
    let written = project.node_at(port.port.span)?.parent()?;
    edit::set_after(written, "targetPort", to, &["port"]).ok()
}

/// The port of a workload that a name stands for which none has: the one of almost that name, or the only one.
fn meant(project: &Project, workload: WorkloadId, wanted: &PortRef) -> Option<New> {
    let PortRef::Name(wanted) = wanted else { return None };
    let containers = project.workload(workload).containers.iter().map(|id| project.container(*id));
    let ports: Vec<_> = containers
        .filter(|c| matches!(c.role, Role::Main | Role::Sidecar))
        .flat_map(|c| &c.ports)
        .filter(|port| port.container == port.container_end)
        .collect();
    let names = ports.iter().filter_map(|port| port.name.as_ref()).map(|name| name.value.as_str());
    if let Some(near) = closest(wanted, names) {
        return Some(New::Str(near.to_owned()));
    }
    let [port] = ports.as_slice() else { return None };
    Some(match &port.name {
        Some(name) => New::Str(name.value.clone()),
        None => New::Int(port.container.into()),
    })
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
