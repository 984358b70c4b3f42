use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "single-replica",
    summary: "a deployment of one pod, which every restart takes down",
    since: "0.1.0",
    docs: include_str!("single_replica.md"),
    aliases: &["minimum-three-replicas", "deploymentMissingReplicas"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.kind != WorkloadKind::Deployment {
        return;
    }
    let at = workload.replicas.as_ref().map_or(workload.headline, |replicas| replicas.span);
    if workload.replicas.as_ref().is_none_or(|replicas| replicas.value == 1) {
        ctx.report(at, "one pod serves everything: each update, eviction or crash is an outage");
    }
}
