use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "ingress-snippet",
    summary: "a piece of nginx configuration in an annotation of an Ingress",
    since: "0.1.0",
    docs: include_str!("ingress_snippet.md"),
    aliases: &[
        "KCV-0093",
        "CKV_K8S_152",
        "CKV_K8S_153",
        "CKV_K8S_154",
        "C-0059",
        "disallow-ingress-nginx-custom-snippets",
        "restrict-annotations",
        "restrict-ingress-paths",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| matches!(o.detail, Detail::Ingress(_))) {
        for (key, _) in &object.annotations {
            if key.value.starts_with("nginx.ingress.kubernetes.io/") && key.value.ends_with("-snippet") {
                ctx.report(key.span, "nginx configuration in an annotation: it can read the controller's Secrets of all namespaces");
            }
        }
    }
}
