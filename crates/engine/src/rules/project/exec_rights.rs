use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "exec-rights",
    summary: "a role that enters running pods",
    since: "0.1.0",
    docs: include_str!("exec_rights.md"),
    aliases: &[
        "clusterrolePodExecAttach",
        "rolePodExecAttach",
        "clusterrolebindingPodExecAttach",
        "rolebindingClusterRolePodExecAttach",
        "rolebindingRolePodExecAttach",
        "KSV-0053",
        "KSV-0054",
        "KSV-0047",
        "CKV2_K8S_2",
        "C-0002",
        "C-0063",
        "C-0279",
        "exec-into-container-v1",
        "rule-can-portforward-v1",
        "rule-can-access-proxy-subresource",
        "restrict-clusterrole-nodesproxy",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

const EXEC: [&str; 8] = [
    "clusterrolePodExecAttach",
    "rolePodExecAttach",
    "clusterrolebindingPodExecAttach",
    "rolebindingClusterRolePodExecAttach",
    "rolebindingRolePodExecAttach",
    "KSV-0053",
    "C-0002",
    "exec-into-container-v1",
];
const ATTACH: [&str; 3] = ["clusterrolePodExecAttach", "rolePodExecAttach", "KSV-0054"];
const FORWARD: [&str; 2] = ["C-0063", "rule-can-portforward-v1"];
const PROXY: [&str; 4] =
    ["KSV-0047", "C-0279", "rule-can-access-proxy-subresource", "restrict-clusterrole-nodesproxy"];

/// What each resource gives, and what others call it.
const WAYS: [(&[&str], &str, &[&str]); 4] = [
    (&["pods/exec"], "runs programs in every pod", &EXEC),
    (&["pods/attach"], "reads and types into every pod", &ATTACH),
    (&["pods/portforward"], "reaches every port of every pod", &FORWARD),
    (&["nodes/proxy"], "runs programs in every pod by the kubelet, past admission and audit", &PROXY),
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Role(role) = &object.detail else { continue };
        let reach = if role.cluster { "in the whole cluster" } else { "in its namespace" };
        for grant in &role.grants {
            for (resources, what, ids) in WAYS {
                let Some((at, named)) = grant.allows("", resources, &["create", "get", "*"]) else {
                    continue;
                };
                ctx.report(at, format!("{what} {reach}")).aside(!named).ids(ids);
            }
        }
    }
    for (at, role) in project.given_to_programs() {
        if role.grants.iter().any(|grant| {
            grant.names.is_empty() && grant.allows("", &["nodes/proxy", "pods/exec"], &["create"]).is_some()
        }) {
            ctx.report(at, "a program runs others in every pod by this role")
                .aside(true)
                .ids(&["CKV2_K8S_2"]);
        }
    }
}
