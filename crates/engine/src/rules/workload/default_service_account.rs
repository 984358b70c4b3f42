use crate::project::{Workload, WorkloadKind};
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
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let account = &workload.pod.service_account;
    if account.is_unknown() || workload.kind == WorkloadKind::PodTemplate {
        return;
    }
    if account.value().is_none_or(|name| name == "default") {
        let at = account.at.unwrap_or(workload.headline);
        ctx.report(at, "runs as the service account `default`, which all pods of the namespace share");
    }
}
