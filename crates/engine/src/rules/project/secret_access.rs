use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-access",
    summary: "a role that reads every Secret",
    since: "0.1.0",
    docs: include_str!("secret_access.md"),
    aliases: &[
        "access-to-secrets",
        "KSV-0041",
        "KSV-0113",
        "CKV2_K8S_5",
        "C-0015",
        "C-0186",
        "rule-can-list-get-secrets-v1",
        "restrict-secret-role-verbs",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

const CLUSTER: [&str; 6] = [
    "access-to-secrets",
    "KSV-0041",
    "C-0015",
    "C-0186",
    "rule-can-list-get-secrets-v1",
    "restrict-secret-role-verbs",
];
const NAMESPACE: [&str; 6] = [
    "access-to-secrets",
    "KSV-0113",
    "C-0015",
    "C-0186",
    "rule-can-list-get-secrets-v1",
    "restrict-secret-role-verbs",
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Role(role) = &object.detail else { continue };
        let reach = if role.cluster { "in the whole cluster" } else { "in its namespace" };
        for grant in &role.grants {
            let Some((at, named)) = grant.allows("", &["secrets"], &["get", "list", "watch"]) else {
                continue;
            };
            // One that is told by its name is what the role is for.
            if grant.names.is_empty() {
                let ids: &'static [&'static str] = if role.cluster { &CLUSTER } else { &NAMESPACE };
                ctx.report(at, format!("reads every Secret {reach}, tokens of other accounts too"))
                    .aside(!named)
                    .ids(ids);
            }
        }
    }
    for (at, role) in project.given_to_programs() {
        if role.grants.iter().any(|grant| {
            grant.names.is_empty() && grant.allows("", &["secrets"], &["get", "list", "watch"]).is_some()
        }) {
            ctx.report(at, "a program reads every Secret by this role").aside(true).ids(&["CKV2_K8S_5"]);
        }
    }
}
