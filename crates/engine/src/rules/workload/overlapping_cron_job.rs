use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "overlapping-cron-job",
    summary: "a CronJob whose runs may overlap",
    since: "0.1.0",
    docs: include_str!("overlapping_cron_job.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let object = workload.object(ctx.project);
    if workload.kind != WorkloadKind::CronJob || object.group() != "batch" {
        return;
    }
    let Some(spec) = object.at(ctx.project, &["spec"]) else { return };
    if spec.get("concurrencyPolicy").is_some_and(|node| !node.is_null()) {
        return;
    }
    let edit = edit::set_after(spec, "concurrencyPolicy", &New::Str("Forbid".into()), &["schedule"]);
    ctx.report(
        workload.headline,
        "a run that takes too long overlaps the next: `concurrencyPolicy` is not set",
    )
    .fix(Safety::Unsafe, "Skip a run while another goes on", edit);
}
