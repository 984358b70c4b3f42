use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "absent-node-label",
    summary: "a node selector for a label that nodes do not have by themselves",
    since: "0.1.0",
    docs: include_str!("absent_node_label.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.kind == WorkloadKind::PodTemplate {
        return;
    }
    let project = ctx.project;
    for (key, value) in &workload.pod.node_selector {
        // Servers get a role from what installs them; workers get none, but by hand or in some distributions.
        let role = key.value.strip_prefix("node-role.kubernetes.io/");
        if matches!(role, Some("worker" | "agent" | "node" | "compute")) {
            let message = format!(
                "kubeadm and K3s give no node `{}: {}`: the pods stay pending unless somebody labels one",
                key.value, value.value
            );
            ctx.report(key.span, message)
                .fix(Safety::Unsafe, "Run on any node", || project.take_out(key.span));
        }
    }
}
