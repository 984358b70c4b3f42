use seaworthy_syntax::yaml::Node;

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "control-plane-toleration",
    summary: "pods that may run beside the control plane",
    since: "0.1.0",
    docs: include_str!("control_plane_toleration.md"),
    aliases: &["restrict-controlplane-scheduling", "restrict-node-selection", "restrict-node-affinity"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    // An agent that runs on every node is meant to run on these too.
    let everywhere = workload.kind == WorkloadKind::DaemonSet;
    for item in workload.pod_at(project, &["tolerations"]).into_iter().flat_map(Node::items) {
        let text = |key| item.get(key).and_then(Node::scalar);
        let key = text("key");
        let all = key.is_none() && text("operator").is_some_and(|operator| operator == "Exists");
        let control = key.as_deref().is_some_and(|key| {
            matches!(key, "node-role.kubernetes.io/control-plane" | "node-role.kubernetes.io/master")
        });
        if all || control {
            ctx.report(
                item.span(),
                "may run on the nodes of the control plane, beside the keys of the cluster",
            )
            .aside(everywhere)
            .fix(Safety::Unsafe, "Keep off these nodes", || project.take_out(item.span()));
        }
    }
}
