use std::collections::BTreeSet;

use crate::project::kubernetes::{Detail, Object, PortRef, Service};
use crate::project::links::reach::Caller;
use crate::project::links::{Callee, PortTarget};
use crate::project::{Project, Workload};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "blocked-traffic",
    summary: "a NetworkPolicy that stops what other objects want",
    since: "0.1.0",
    docs: include_str!("blocked_traffic.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut said = BTreeSet::new();
    from_outside(project, ctx, &mut said);
    for call in &project.links.calls {
        let Callee::Service(service) = call.to else { continue };
        let Some(own) = project.container(call.from).workload.map(|id| project.workload(id)) else {
            continue;
        };
        if own.object(project).patch {
            continue;
        }
        for (callee, port) in targets(project, project.object(service), call.port) {
            let stopped = if callee.id == own.id {
                None
            } else {
                project
                    .keeps_in(own, callee, port)
                    .or_else(|| project.keeps_out(callee, Caller::Workload(own), port))
            };
            let Some(policy) = stopped.filter(|policy| said.insert((call.at, policy.id))) else { continue };
            let name = policy.name.as_ref().map_or("", |n| n.value.as_str());
            ctx.report(
                call.at,
                format!("the NetworkPolicy `{name}` does not let this call of `{}` through", call.host),
            )
            .related(policy.headline(), "the policy");
        }
    }
}

/// What Ingresses and routes lead to, and what has an address of its own.
fn from_outside(project: &Project, ctx: &mut Ctx<'_>, said: &mut BTreeSet<(Span, crate::project::ObjectId)>) {
    for link in &project.links.services {
        let from = project.object(link.from);
        if !matches!(from.detail, Detail::Ingress(_) | Detail::Route(_)) {
            continue;
        }
        let Some(service) = link.service.map(|id| project.object(id)) else { continue };
        let written = link.port_at.and_then(|at| project.text(at).trim_matches(['"', '\'']).parse().ok());
        for (workload, port) in targets(project, service, written) {
            let Some(policy) = project.keeps_out(workload, Caller::Outside, port) else { continue };
            if !said.insert((link.at, policy.id)) {
                continue;
            }
            let name = policy.name.as_ref().map_or("", |n| n.value.as_str());
            let message =
                format!("the NetworkPolicy `{name}` lets no controller in, so nothing comes through here");
            ctx.report(link.at, message).related(policy.headline(), "the policy");
        }
    }
}

/// The workloads and ports that a port of a Service leads to; of all its ports where none is named and it has one.
fn targets<'p>(project: &'p Project, object: &'p Object, port: Option<u16>) -> Vec<(&'p Workload, u16)> {
    let Detail::Service(service) = &object.detail else { return Vec::new() };
    let wanted = |index: usize| match (port, service.ports.get(index)) {
        (Some(port), Some(written)) => written.port.value == port,
        _ => service.ports.len() == 1,
    };
    let links = project.links.ports_of(object.id).iter().filter(|link| wanted(link.port));
    let lead = |link: &crate::project::links::PortLink| {
        let number = match link.target {
            PortTarget::Port(container, at) => project.container(container).ports.get(at)?.container,
            PortTarget::Undeclared => number(service, link.port)?,
            PortTarget::Missing => return None,
        };
        Some((project.workload(link.workload), number))
    };
    links.filter_map(lead).collect()
}

fn number(service: &Service, index: usize) -> Option<u16> {
    let port = service.ports.get(index)?;
    match port.target.as_ref().map(|t| &t.value) {
        None => Some(port.port.value),
        Some(PortRef::Number(number)) => Some(*number),
        Some(PortRef::Name(_)) => None,
    }
}
