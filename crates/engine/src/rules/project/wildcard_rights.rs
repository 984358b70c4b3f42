use crate::project::Project;
use crate::project::kubernetes::{Detail, Grant};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "wildcard-rights",
    summary: "a role that grants every verb or every resource",
    since: "0.1.0",
    docs: include_str!("wildcard_rights.md"),
    aliases: &[
        "wildcard-in-rules",
        "KSV-0044",
        "KSV-0045",
        "KSV-0046",
        "KSV-0112",
        "CKV_K8S_49",
        "restrict-wildcard-verbs",
        "restrict-wildcard-resources",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let star = |list: &[seaworthy_syntax::Spanned<String>]| {
        list.iter().find(|item| item.value == "*").map(|item| item.span)
    };
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Role(role) = &object.detail else { continue };
        for grant in &role.grants {
            let (verbs, resources) = (star(&grant.verbs), star(&grant.resources));
            let reach = if role.cluster { "of the whole cluster" } else { "of the namespace" };
            match (resources, verbs) {
                (Some(at), Some(_)) if is_core(grant) => {
                    ctx.report(at, format!("grants everything on every object {reach}, Secrets too"))
                        .severity(Severity::High);
                }
                (Some(at), _) if is_core(grant) => {
                    ctx.report(at, format!("grants its verbs on every object {reach}, Secrets too"));
                }
                (_, Some(at)) if is_core(grant) => {
                    ctx.report(at, "grants every verb, also those to come").severity(Severity::Low);
                }
                (Some(at), _) | (_, Some(at)) => {
                    ctx.report(at, "grants all of an API group of its own")
                        .severity(Severity::Low)
                        .aside(true);
                }
                _ => {}
            }
        }
    }
}

/// Whether it is about Kubernetes' own objects: an operator owns those of its own kinds.
fn is_core(grant: &Grant) -> bool {
    grant.groups.iter().any(|group| {
        matches!(group.value.as_str(), "" | "*" | "apps" | "batch")
            || group.value.ends_with(".k8s.io") && !group.value.contains(".x-")
    })
}
