use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "system-namespace",
    summary: "a workload of your own among those of the cluster",
    since: "0.1.0",
    docs: include_str!("system_namespace.md"),
    aliases: &["KSV-0037"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(namespace) = &workload.object(project).namespace else { return };
    if matches!(namespace.value.as_str(), "kube-system" | "kube-public" | "kube-node-lease") {
        let message = format!(
            "runs in `{}`, where quotas and policies leave the cluster's own programs alone",
            namespace.value
        );
        ctx.report(namespace.span, message);
    }
}
