use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-priority-class",
    summary: "pods that say nothing of how much they matter",
    since: "0.1.0",
    docs: include_str!("no_priority_class.md"),
    aliases: &[
        "priority-class-name",
        "priorityClassNotSet",
        "require-pod-priorityclassname",
        "allowed-podpriorities",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.pod.priority_class.is_unset() && workload.kind != WorkloadKind::Running {
        ctx.report(
            workload.headline,
            "counts as little as all else when nodes are full: `priorityClassName` is not set",
        );
    }
}
