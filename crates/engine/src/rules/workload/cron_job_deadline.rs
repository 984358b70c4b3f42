use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "cron-job-deadline",
    summary: "a CronJob that may miss its runs for good or start them late",
    since: "0.1.0",
    docs: include_str!("cron_job_deadline.md"),
    aliases: &["cronjob-has-deadline"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let object = workload.object(ctx.project);
    let spec = object.at(ctx.project, &["spec"]);
    if workload.kind == WorkloadKind::CronJob
        && object.group() == "batch"
        && object
            .at(ctx.project, &["spec", "startingDeadlineSeconds"])
            .is_none_or(seaworthy_syntax::yaml::Node::is_null)
    {
        ctx.report(
            workload.headline,
            "no `startingDeadlineSeconds`: after 100 missed runs it never starts again",
        )
        .fix(Safety::Unsafe, "Start a run up to five minutes late", || {
            let after = ["concurrencyPolicy", "schedule"];
            edit::set_after(spec?, "startingDeadlineSeconds", &New::Int(300), &after).ok()
        });
    }
}
