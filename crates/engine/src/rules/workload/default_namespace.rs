use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "default-namespace",
    summary: "an object of the namespace `default`",
    since: "0.1.0",
    docs: include_str!("default_namespace.md"),
    aliases: &["use-namespace", "KSV-0110", "CKV_K8S_21", "C-0212", "disallow-default-namespace"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if let Some(namespace) = &workload.object(ctx.project).namespace
        && namespace.value == "default"
    {
        ctx.report(namespace.span, "runs in the namespace `default`, with whatever nobody gave another one");
    }
}
