use crate::project::kubernetes::{Detail, ObjectRef};
use crate::project::{Project, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "default-service-account",
    summary: "pods that run as the service account `default`",
    since: "0.1.0",
    docs: include_str!("default_service_account.md"),
    aliases: &[
        "CKV_K8S_41",
        "CKV_K8S_42",
        "restrict-service-account",
        "C-0189",
        "ServiceAccountName",
        "C-0239",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

/// What others call pods of it, rights that are bound to it, and the account itself.
const PODS: [&str; 2] = ["restrict-service-account", "ServiceAccountName"];
const BOUND: [&str; 3] = ["CKV_K8S_42", "C-0189", "C-0239"];
const ITSELF: [&str; 2] = ["CKV_K8S_41", "C-0189"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for workload in &project.workloads {
        let account = &workload.pod.service_account;
        if account.is_unknown() || workload.kind == WorkloadKind::PodTemplate {
            continue;
        }
        if account.value().is_none_or(|name| name == "default") {
            let at = account.at.unwrap_or(workload.headline);
            ctx.report(at, "runs as the service account `default`, which all pods of the namespace share")
                .ids(&PODS);
        }
    }
    for object in project.objects.iter().filter(|object| !object.patch) {
        match &object.detail {
            Detail::Binding(binding) => {
                let default = |(subject, _): &&(_, _)| is_default(subject);
                if let Some((subject, _)) = binding.subjects.iter().find(default) {
                    let message =
                        "gives rights to the service account `default`, so to every pod that names none";
                    ctx.report(subject.name.span, message).aside(true).ids(&BOUND);
                }
            }
            Detail::ServiceAccount(account) if account.automount_token.lacks(&false) => {
                if let Some(name) = object.name.as_ref().filter(|name| name.value == "default") {
                    let message = "every pod that names no service account gets a token of this one";
                    ctx.report(name.span, message).aside(true).ids(&ITSELF);
                }
            }
            _ => {}
        }
    }
}

fn is_default(subject: &ObjectRef) -> bool {
    subject.kind == "ServiceAccount" && subject.name.value == "default"
}
