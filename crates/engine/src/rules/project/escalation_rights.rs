use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "escalation-rights",
    summary: "a role that can give itself every other right",
    since: "0.1.0",
    docs: include_str!("escalation_rights.md"),
    aliases: &[
        "KSV-0043",
        "KSV-0050",
        "KSV-0051",
        "KSV-0052",
        "KSV-0055",
        "CKV_K8S_157",
        "CKV_K8S_158",
        "CKV2_K8S_1",
        "CKV2_K8S_3",
        "C-0191",
        "C-0065",
        "C-0053",
        "rule-can-bind-escalate",
        "rule-can-impersonate-users-groups-v1",
        "restrict-escalation-verbs-roles",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

const RBAC: &str = "rbac.authorization.k8s.io";
const ESCALATE: [&str; 6] = [
    "KSV-0051",
    "CKV_K8S_158",
    "C-0191",
    "rule-can-bind-escalate",
    "restrict-escalation-verbs-roles",
    "KSV-0050",
];
const BIND: [&str; 5] =
    ["KSV-0052", "CKV_K8S_157", "C-0191", "rule-can-bind-escalate", "restrict-escalation-verbs-roles"];
const IMPERSONATE: [&str; 5] = [
    "KSV-0043",
    "C-0065",
    "C-0191",
    "rule-can-impersonate-users-groups-v1",
    "restrict-escalation-verbs-roles",
];
const MANAGE: [&str; 3] = ["KSV-0050", "KSV-0055", "C-0053"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Role(role) = &object.detail else { continue };
        let reach = if role.cluster { "in the whole cluster" } else { "in its namespace" };
        for grant in &role.grants {
            let verbs = |verbs: &[&str]| grant.verbs.iter().find(|v| verbs.contains(&v.value.as_str()));
            let roles = ["roles", "clusterroles"];
            let bindings = ["rolebindings", "clusterrolebindings"];
            let who = ["users", "groups", "serviceaccounts"];
            let forms: [(&str, &[&str], &str, &str, &'static [&'static str]); 3] = [
                (
                    RBAC,
                    &roles,
                    "escalate",
                    "writes rights into roles that it does not have itself",
                    &ESCALATE,
                ),
                (RBAC, &roles, "bind", "binds roles whose rights it does not have itself", &BIND),
                ("", &who, "impersonate", "acts as anybody else", &IMPERSONATE),
            ];
            for (group, resources, verb, what, ids) in forms {
                let resources = if verb == "bind" { [roles, bindings].concat() } else { resources.to_vec() };
                let Some((at, named)) = grant.allows(group, &resources, &[verb]) else { continue };
                let said = verbs(&[verb]);
                let message = format!("{what} {reach}");
                ctx.report(said.map_or(at, |v| v.span), message).aside(!named || said.is_none()).ids(ids);
            }
            let change = ["create", "update", "patch"];
            if let Some((at, named)) = grant.allows(RBAC, &[roles, bindings].concat(), &change) {
                let message = format!("changes who may do what {reach}");
                ctx.report(at, message).severity(Severity::Low).aside(!named).ids(&MANAGE);
            }
        }
    }
    for (at, role) in project.given_to_programs() {
        let may = |group, resources: &[&str], verbs: &[&str]| {
            role.grants.iter().any(|g| g.names.is_empty() && g.allows(group, resources, verbs).is_some())
        };
        let bindings = ["rolebindings", "clusterrolebindings", "roles", "clusterroles"];
        if may(RBAC, &bindings, &["bind", "escalate"]) {
            ctx.report(at, "a program gives itself more rights by this role")
                .aside(true)
                .ids(&["CKV2_K8S_1"]);
        }
        if may("", &["users", "groups", "serviceaccounts"], &["impersonate"]) {
            ctx.report(at, "a program acts as anybody else by this role").aside(true).ids(&["CKV2_K8S_3"]);
        }
    }
}
