use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "anonymous-rights",
    summary: "a binding to everybody, known or not",
    since: "0.1.0",
    docs: include_str!("anonymous_rights.md"),
    aliases: &[
        "KSV-0122",
        "KSV-0123",
        "KSV-01011",
        "C-0262",
        "C-0265",
        "anonymous-access-enabled",
        "restrict-binding-system-groups",
        "BindingsToSystemAnonymous",
        "disallow-self-provisioner-binding",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Binding(binding) = &object.detail else { continue };
        // These two say of themselves that they are for everybody.
        let public = [
            "system:public-info-viewer",
            "system:discovery",
            "system:basic-user",
            "system:service-account-issuer-discovery",
        ];
        if binding.role.as_ref().is_some_and(|role| public.contains(&role.name.value.as_str())) {
            continue;
        }
        for (subject, _) in &binding.subjects {
            let (who, severity) = match subject.name.value.as_str() {
                "system:anonymous" | "system:unauthenticated" => {
                    ("who shows no credentials", Severity::Critical)
                }
                "system:authenticated" if !binding.cluster => {
                    ("who has any account, each pod too", Severity::Medium)
                }
                "system:authenticated" => ("who has any account, each pod too", Severity::High),
                _ => continue,
            };
            ctx.report(subject.name.span, format!("gives rights to everybody {who}")).severity(severity);
        }
    }
}
