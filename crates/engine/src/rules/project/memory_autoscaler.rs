use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "memory-autoscaler",
    summary: "an autoscaler that counts memory",
    since: "0.1.0",
    docs: include_str!("memory_autoscaler.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Autoscaler(autoscaler) = &object.detail else { continue };
        for resource in autoscaler.resources.iter().filter(|r| r.value == "memory") {
            ctx.report(
                resource.span,
                "few programs give memory back, so this adds pods at a peak and never takes them away",
            );
        }
    }
}
