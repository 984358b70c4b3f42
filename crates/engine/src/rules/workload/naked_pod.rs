use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "naked-pod",
    summary: "a Pod that nothing starts again elsewhere",
    since: "0.1.0",
    docs: include_str!("naked_pod.md"),
    aliases: &["naked-pods", "C-0073", "prevent-bare-pods", "clean-bare-pods"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    // What runs to its end needs nobody to start it again, and the files of a node's own pods are no objects.
    if workload.kind != WorkloadKind::Pod
        || workload.pod.restart.is_unknown()
        || matches!(workload.pod.restart.value().map(String::as_str), Some("Never" | "OnFailure"))
        || workload.pod_label("tier").is_some_and(|tier| tier.value == "control-plane")
    {
        return;
    }
    ctx.report(workload.headline, "a Pod of its own is gone for good when its node is drained or lost");
}
