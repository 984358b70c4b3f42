use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "kept-job",
    summary: "a finished Job that stays until somebody deletes it",
    since: "0.1.0",
    docs: include_str!("kept_job.md"),
    aliases: &["job-ttl-seconds-after-finished", "add-ttl-jobs"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let object = workload.object(ctx.project);
    if workload.kind != WorkloadKind::Job || object.group() != "batch" {
        return;
    }
    // Helm and Argo CD delete the jobs they run as hooks.
    let hooks = ["helm.sh/hook", "argocd.argoproj.io/hook"];
    let Some(spec) = object.at(ctx.project, &["spec"]) else { return };
    if spec.get("ttlSecondsAfterFinished").is_some_and(|node| !node.is_null()) {
        return;
    }
    let hook = hooks.iter().any(|hook| object.annotation(hook).is_some());
    ctx.report(
        workload.headline,
        "stays with its pods after it is done: `ttlSecondsAfterFinished` is not set",
    )
    .aside(hook)
    .fix(
        Safety::Unsafe,
        "Delete it a day after it is done",
        edit::set(spec, "ttlSecondsAfterFinished", &New::Int(86_400)),
    );
}
