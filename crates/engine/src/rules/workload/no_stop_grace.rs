use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-stop-grace",
    summary: "pods that are killed without time to stop",
    since: "0.1.0",
    docs: include_str!("no_stop_grace.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let grace = &workload.pod.stop_grace;
    if !grace.is(&0) || !matches!(workload.kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet) {
        return;
    }
    if let Some(at) = grace.at {
        let severity =
            if workload.kind == WorkloadKind::StatefulSet { Severity::High } else { Severity::Medium };
        ctx.report(at, "killed at once on every update: requests break off and nothing is written back")
            .severity(severity)
            .fix(Safety::Unsafe, "Give them the 30 s that pods have", || project.take_out(at));
    }
}
