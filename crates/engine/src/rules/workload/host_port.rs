use crate::project::{Namespace, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "host-port",
    summary: "a port of the node for pods of which there may be several",
    since: "0.1.0",
    docs: include_str!("host_port.md"),
    aliases: &[
        "hostPortSet",
        "KSV-0024",
        "CKV_K8S_26",
        "container-hostPort",
        "C-0044",
        "disallow-host-ports",
        "disallow-host-ports-range",
        "baseline:Host-Ports",
    ],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    // On the node's own network every port is one of the node.
    let on_host = workload.pod.host_namespaces.iter().any(|n| n.value == Namespace::Network);
    let meant = workload.kind == WorkloadKind::DaemonSet || on_host || !workload.pod.node_selector.is_empty();
    let project = ctx.project;
    for container in workload.containers.iter().map(|id| ctx.project.container(*id)) {
        for port in container.ports.iter().filter(|port| port.host.is_some_and(|host| host != 0)) {
            let host = port.host.unwrap_or_default();
            let message = format!("takes port {host} of its node: a second pod on that node never starts");
            ctx.report(port.span, message).aside(meant).fix(
                Safety::Unsafe,
                "Take no port of the node",
                || {
                    let written = project.node_at(port.span)?.parent()?;
                    // An address without a port would say nothing.
                    let alone = written.get("hostIP").is_none();
                    project.take_out(written.entry("hostPort").filter(|_| alone)?.key.span())
                },
            );
        }
    }
}
