use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unsupported-restart-policy",
    summary: "a pod template whose restart policy its kind does not allow",
    since: "0.1.0",
    docs: include_str!("unsupported_restart_policy.md"),
    aliases: &["cronjob-restartpolicy", "restart-policy"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let restart = &workload.pod.restart;
    if restart.is_unknown() {
        return;
    }
    let policy = restart.value().map(String::as_str);
    let group = workload.object(ctx.project).group();
    match workload.kind {
        WorkloadKind::Job | WorkloadKind::CronJob
            if group == "batch" && matches!(policy, None | Some("Always")) =>
        {
            let at = restart.at.unwrap_or(workload.headline);
            let pod = ctx.project.node(workload.pod.place);
            let edit =
                pod.and_then(|pod| edit::set(pod, "restartPolicy", &New::Str("OnFailure".into())).ok());
            let said = if policy.is_some() { "is" } else { "is by default" };
            let message = format!("its restart policy {said} `Always`, which the API refuses for a job");
            ctx.report(at, message).fix(Safety::Unsafe, "Restart its containers only where they fail", edit);
        }
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet
            if matches!(group, "apps" | "extensions") && matches!(policy, Some("OnFailure" | "Never")) =>
        {
            if let Some(at) = restart.at {
                let message = format!(
                    "the API refuses the restart policy `{}` for what keeps running: only `Always` is allowed",
                    policy.unwrap_or_default()
                );
                ctx.report(at, message);
            }
        }
        _ => {}
    }
}
