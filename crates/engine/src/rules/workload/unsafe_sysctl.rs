use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unsafe-sysctl",
    summary: "a kernel parameter that a node refuses to set for a pod",
    since: "0.1.0",
    docs: include_str!("unsafe_sysctl.md"),
    aliases: &[
        "unsafe-sysctls",
        "KSV-0026",
        "set-sysctls-params",
        "restrict-sysctls",
        "prevent-cr8escape",
        "baseline:Sysctls",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    for (name, _) in &workload.pod.sysctls {
        if !SAFE.contains(&name.value.replace('/', ".").as_str()) {
            let message = format!(
                "`{}` is not among the safe parameters: nodes refuse the pod unless they allow it",
                name.value
            );
            ctx.report(name.span, message).fix(Safety::Unsafe, "Leave it as the node has it", || {
                project.take_out(project.node_at(name.span)?.parent()?.span())
            });
        }
    }
}

/// What every node allows, by the Kubernetes documentation of 1.34.
const SAFE: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];
