use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unlimited-job",
    summary: "a Job that may run for ever",
    since: "0.1.0",
    docs: include_str!("unlimited_job.md"),
    aliases: &["pod-lifetime"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let job = matches!(workload.kind, WorkloadKind::Job | WorkloadKind::CronJob);
    let own = workload.at(project, &["activeDeadlineSeconds"]);
    let of_cron = workload.at(project, &["jobTemplate", "spec", "activeDeadlineSeconds"]);
    if job && own.is_none() && of_cron.is_none() && workload.pod.deadline.is_unset() {
        ctx.report(workload.headline, "runs for ever if it hangs: `activeDeadlineSeconds` is not set");
    }
}
