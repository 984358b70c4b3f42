use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "any-node",
    summary: "pods that say nothing of the nodes they run on",
    since: "0.1.0",
    docs: include_str!("any_node.md"),
    aliases: &["no-node-affinity"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let pod = &workload.pod;
    if pod.node_affinity.is_none() && pod.node_selector.is_empty() && workload.kind != WorkloadKind::Running {
        ctx.report(workload.headline, "runs on any node: it has no node affinity");
    }
}
