use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "account-token-secret",
    summary: "a token of a service account that never ends",
    since: "0.1.0",
    docs: include_str!("account_token_secret.md"),
    aliases: &["deny-secret-service-account-token-type", "check-serviceaccount-secrets"],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Secret(data) = &object.detail else { continue };
        if let Some(kind) = data.kind.as_ref().filter(|k| k.value == "kubernetes.io/service-account-token") {
            ctx.report(
                kind.span,
                "a token that is valid until somebody deletes it, for whoever reads this Secret",
            );
        }
    }
}
