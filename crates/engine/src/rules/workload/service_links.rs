use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "service-links",
    summary: "pods that get variables for every Service of their namespace",
    since: "0.1.0",
    docs: include_str!("service_links.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let links = &workload.pod.service_links;
    // What stands for a pod in Argo and Tekton has no such key.
    if !links.lacks(&false) || matches!(workload.kind, WorkloadKind::Running | WorkloadKind::PodTemplate) {
        return;
    }
    let pod = ctx.project.node(workload.pod.place);
    let edit = || pod.and_then(|pod| edit::set(pod, "enableServiceLinks", &New::Bool(false)).ok());
    ctx.report(
        links.at.unwrap_or(workload.headline),
        "each Service of the namespace adds variables to its pods",
    )
    .fix(Safety::Unsafe, "Add no variables for Services", edit);
}
