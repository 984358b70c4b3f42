use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "control-plane-rights",
    summary: "a role that reaches what the cluster itself runs by",
    since: "0.1.0",
    docs: include_str!("control_plane_rights.md"),
    aliases: &[
        "KSV-0042",
        "KSV-0049",
        "KSV-0056",
        "KSV-0114",
        "KSV-0115",
        "CKV_K8S_155",
        "CKV_K8S_156",
        "CKV2_K8S_4",
        "C-0280",
        "C-0281",
        "C-0282",
        "C-0278",
        "C-0031",
        "C-0037",
        "C-0007",
        "rule-can-approve-cert-signing-request",
        "rule-can-modify-admission-webhooks",
        "rule-can-create-service-account-token",
        "rule-can-create-pv",
        "rule-can-delete-k8s-events-v1",
        "rule-can-update-configmap-v1",
        "rule-excessive-delete-rights-v1",
        "restrict-clusterrole-csr",
        "restrict-clusterrole-mutating-validating-admission-webhooks",
        "restrict-edit-for-endpoints",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

const CHANGE: [&str; 3] = ["create", "update", "patch"];

/// A right: of which group and resources, by which verbs, what it gives, and what others call it.
struct Right(
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

const RIGHTS: [Right; 10] = [
    Right(
        "certificates.k8s.io",
        &["certificatesigningrequests/approval", "signers"],
        &["approve", "update", "patch"],
        "makes certificates for anybody",
        &["CKV_K8S_156", "C-0280", "rule-can-approve-cert-signing-request", "restrict-clusterrole-csr"],
    ),
    Right(
        "admissionregistration.k8s.io",
        &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        &CHANGE,
        "reads and changes every object on its way",
        &[
            "CKV_K8S_155",
            "KSV-0114",
            "C-0281",
            "rule-can-modify-admission-webhooks",
            "restrict-clusterrole-mutating-validating-admission-webhooks",
        ],
    ),
    Right(
        "",
        &["serviceaccounts/token"],
        &["create"],
        "makes tokens of other accounts",
        &["C-0282", "rule-can-create-service-account-token"],
    ),
    Right(
        "",
        &["persistentvolumes"],
        &["create"],
        "makes volumes of any path of any node",
        &["C-0278", "rule-can-create-pv"],
    ),
    Right("", &["services/status"], &["update", "patch"], "takes over traffic by addresses of Services", &[]),
    Right(
        "",
        &["events"],
        &["delete", "deletecollection"],
        "deletes the traces of what was done",
        &["C-0031", "rule-can-delete-k8s-events-v1"],
    ),
    Right(
        "",
        &["pods/log"],
        &["delete", "deletecollection", "update"],
        "deletes the traces of what was done",
        &["KSV-0042"],
    ),
    Right(
        "",
        &["configmaps"],
        &["create", "update", "patch", "delete"],
        "changes settings of everything beside, DNS too",
        &["KSV-0049", "KSV-0115", "C-0037", "rule-can-update-configmap-v1"],
    ),
    Right(
        "",
        &["services", "endpoints"],
        &["create", "update", "patch", "delete"],
        "takes over traffic of others",
        &["KSV-0056", "restrict-edit-for-endpoints"],
    ),
    Right(
        "",
        &["pods", "secrets", "configmaps", "services", "namespaces"],
        &["delete", "deletecollection"],
        "deletes what others run",
        &["C-0007", "rule-excessive-delete-rights-v1"],
    ),
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Role(role) = &object.detail else { continue };
        let reach = if role.cluster { "in the whole cluster" } else { "in its namespace" };
        for grant in &role.grants {
            for Right(group, resources, verbs, gives, ids) in RIGHTS {
                let Some((at, named)) = grant.allows(group, resources, verbs) else { continue };
                // Within a namespace these are how programs work together, and one that is named is what the role is for.
                let usual = group.is_empty() && !role.cluster || !grant.names.is_empty();
                // Checkov looks at roles of the cluster.
                let theirs =
                    usize::from(!role.cluster && ids.first().is_some_and(|id| id.starts_with("CKV_K8S")));
                ctx.report(at, format!("{gives} {reach}")).aside(!named || usual).ids(&ids[theirs..]);
            }
        }
    }
    for (at, role) in project.given_to_programs() {
        if role.grants.iter().any(|grant| {
            grant.names.is_empty() && grant.allows("", &["services/status"], &["update", "patch"]).is_some()
        }) {
            ctx.report(at, "a program takes over traffic by this role").aside(true).ids(&["CKV2_K8S_4"]);
        }
    }
}
