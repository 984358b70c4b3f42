use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "pod-creation-rights",
    summary: "a role that starts pods of its choice",
    since: "0.1.0",
    docs: include_str!("pod_creation_rights.md"),
    aliases: &["access-to-create-pods", "KSV-0048", "C-0188", "rule-can-create-pod"],
    category: Category::Security,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Role(role) = &object.detail else { continue };
        let reach = if role.cluster { "in the whole cluster" } else { "in its namespace" };
        for grant in &role.grants {
            const VERBS: [&str; 3] = ["create", "update", "patch"];
            let of_core = grant.allows("", &["pods", "replicationcontrollers"], &VERBS);
            let kinds = ["deployments", "statefulsets", "daemonsets", "replicasets"];
            let of_apps = || grant.allows("apps", &kinds, &VERBS);
            let of_batch = || grant.allows("batch", &["jobs", "cronjobs"], &VERBS);
            if let Some((at, named)) = of_core.or_else(of_apps).or_else(of_batch) {
                let message = format!(
                    "starts pods {reach}, with any service account and any Secret of their namespace"
                );
                ctx.report(at, message).aside(!named);
            }
        }
    }
}
