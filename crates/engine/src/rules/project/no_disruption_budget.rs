use crate::project::links::SelectionKind;
use crate::project::{Project, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-disruption-budget",
    summary: "several pods of which all may be evicted at a time",
    since: "0.1.0",
    docs: include_str!("no_disruption_budget.md"),
    aliases: &[
        "deployment-has-poddisruptionbudget",
        "statefulset-has-poddisruptionbudget",
        "missingPodDisruptionBudget",
        "require-pdb",
        "create-default-pdb",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for workload in &project.workloads {
        let kept = matches!(workload.kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet);
        if workload.replicas.is_none() && kept {
            // Somebody else may say how many there are.
            let alone = project.selecting(workload.id, SelectionKind::Budget).next().is_none();
            if alone && !workload.object(project).patch {
                ctx.report(workload.headline, "no PodDisruptionBudget is about its pods").aside(true);
            }
            continue;
        }
        let Some(replicas) = workload.replicas.as_ref().filter(|r| kept && r.value > 1) else { continue };
        let patch = workload.object(project).patch;
        if !patch && project.selecting(workload.id, SelectionKind::Budget).next().is_none() {
            let message = format!(
                "all {} pods may be evicted at a time: no PodDisruptionBudget is about them",
                replicas.value
            );
            ctx.report(replicas.span, message);
        }
    }
}
