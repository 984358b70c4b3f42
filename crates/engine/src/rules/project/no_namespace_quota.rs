use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-namespace-quota",
    summary: "a namespace that nothing limits",
    since: "0.1.0",
    docs: include_str!("no_namespace_quota.md"),
    aliases: &["KSV-0039", "KSV-0040"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

const RANGE: [&str; 1] = ["KSV-0039"];
const QUOTA: [&str; 1] = ["KSV-0040"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for namespace in project.objects.iter().filter(|o| !o.patch && matches!(o.detail, Detail::Namespace)) {
        let Some(name) = &namespace.name else { continue };
        let has = |kind: &str| {
            project.objects.iter().any(|object| {
                object.kind.value == kind
                    && object.namespace.as_ref().is_none_or(|written| written.value == name.value)
            })
        };
        if !has("ResourceQuota") {
            let message =
                format!("nothing limits what all pods of `{}` take: it has no ResourceQuota", name.value);
            ctx.report(name.span, message).ids(&QUOTA);
        }
        if !has("LimitRange") {
            let message = format!(
                "a pod of `{}` that says nothing may take everything: it has no LimitRange",
                name.value
            );
            ctx.report(name.span, message).ids(&RANGE);
        }
    }
}
