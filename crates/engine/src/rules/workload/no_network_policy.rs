use crate::project::links::SelectionKind;
use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-network-policy",
    summary: "pods that every other pod of the cluster can reach",
    since: "0.1.0",
    docs: include_str!("no_network_policy.md"),
    aliases: &[
        "non-isolated-pod",
        "pod-networkpolicy",
        "missingNetworkPolicy",
        "CKV2_K8S_6",
        "C-0030",
        "C-0260",
        "internal-networking",
        "require-network-policy",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.kind == WorkloadKind::PodTemplate {
        return;
    }
    if ctx.project.selecting(workload.id, SelectionKind::NetworkPolicy).next().is_none() {
        ctx.report(
            workload.headline,
            "no NetworkPolicy is about its pods: every pod of the cluster reaches them",
        );
    }
}
