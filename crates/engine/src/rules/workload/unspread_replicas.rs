use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unspread-replicas",
    summary: "replicas that may all run on one node",
    since: "0.1.0",
    docs: include_str!("unspread_replicas.md"),
    aliases: &[
        "no-anti-affinity",
        "deployment-has-host-podantiaffinity",
        "statefulset-has-host-podantiaffinity",
        "pod-topology-spread-constraints",
        "topologySpreadConstraint",
        "topologyspreadconstraints-policy",
        "insert-pod-antiaffinity",
        "spread-pods",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let spread = matches!(workload.kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet);
    let apart = workload.pod.pod_anti_affinity.is_some();
    if spread && !apart && (workload.replicas.is_none() || !workload.pod.spread.is_empty()) {
        let many = workload.replicas.as_ref().is_none_or(|replicas| replicas.value > 1);
        if many {
            const AFFINITY: [&str; 3] = [
                "no-anti-affinity",
                "deployment-has-host-podantiaffinity",
                "statefulset-has-host-podantiaffinity",
            ];
            ctx.report(workload.headline, "no anti-affinity keeps its pods apart").aside(true).ids(&AFFINITY);
        }
    }
    let Some(replicas) = workload.replicas.as_ref().filter(|r| spread && r.value > 1) else { return };
    if workload.pod.pod_anti_affinity.is_none() && workload.pod.spread.is_empty() {
        let message = format!("nothing keeps the {} pods from running on one node", replicas.value);
        ctx.report(replicas.span, message);
    }
}
