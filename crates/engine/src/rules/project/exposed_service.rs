use crate::project::Project;
use crate::project::kubernetes::{Detail, Object, Service};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "exposed-service",
    summary: "a Service that is reached from outside of the cluster",
    since: "0.1.0",
    docs: include_str!("exposed_service.md"),
    aliases: &[
        "exposed-services",
        "service-type",
        "restrict-nodeport",
        "no-loadbalancer-service",
        "restrict-service-port-range",
        "C-0256",
        "exposure-to-internet",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const NODE: [&str; 5] =
    ["exposed-services", "service-type", "restrict-nodeport", "restrict-service-port-range", "C-0256"];
const BALANCER: [&str; 4] = ["exposed-services", "no-loadbalancer-service", "C-0256", "exposure-to-internet"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Service(service) = &object.detail else { continue };
        let Some((kind, at)) = service.kind.value().zip(service.kind.at) else { continue };
        match kind.as_str() {
            "NodePort" => {
                let message =
                    "every node takes connections for it, past whatever stands in front of the cluster";
                // Where a route leads to it, the node's port is not how it is meant to be reached.
                let routed = project.links.services.iter().any(|link| link.service == Some(object.id));
                let edits = || if routed { inside(project, object, service) } else { None };
                ctx.report(at, message).ids(&NODE).fix(Safety::Unsafe, "Reach it by its route alone", edits);
            }
            "LoadBalancer" => {
                ctx.report(at, "a load balancer of its own brings the outside to it").ids(&BALANCER);
            }
            _ => {}
        }
    }
}

/// A Service without a type and without ports of nodes.
fn inside(project: &Project, object: &Object, service: &Service) -> Option<Vec<seaworthy_syntax::Edit>> {
    let numbered = service.ports.iter().any(|port| port.node_port.is_some());
    // Its ports would have to go too, one by one.
    if numbered { None } else { object.remove(project, &["spec", "type"]) }
}
