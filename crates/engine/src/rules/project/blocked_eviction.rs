use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::Project;
use crate::project::kubernetes::{Budget, Detail};
use crate::project::links::SelectionKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "blocked-eviction",
    summary: "a disruption budget that allows no pod to go",
    since: "0.1.0",
    docs: include_str!("blocked_eviction.md"),
    aliases: &[
        "pdb-max-unavailable",
        "pdb-min-available",
        "pdbDisruptionsIsZero",
        "pdb-maxunavailable",
        "pdb-minavailable-check",
        "deployment-replicas-higher-than-pdb",
        "require-reasonable-pdbs",
        "pdb-maxunavailable-with-deployments",
        "require-replicas-allow-disruption",
        "pdbMinAvailableGreaterThanHPAMinReplicas",
    ],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Budget(budget) = &object.detail else { continue };
        let never = "no pod may ever be evicted, so nodes cannot be drained";
        if let Some(most) = budget.max_unavailable.as_ref().filter(|v| matches!(v.value.as_str(), "0" | "0%"))
        {
            let one = || project.write_at(most.span, &New::Int(1));
            ctx.report(most.span, never).fix(Safety::Unsafe, "Let one pod go at a time", one);
        }
        let Some(least) = &budget.min_available else { continue };
        if least.value == "100%" {
            let one = || let_one_go(project, budget);
            ctx.report(least.span, never).fix(Safety::Unsafe, "Let one pod go at a time", one);
            continue;
        }
        let [selection] = project.links.selected_by(object.id) else { continue };
        let workload = project.workload(selection.workload);
        // An autoscaler decides how many there are.
        if project.selecting(workload.id, SelectionKind::Autoscaler).next().is_some() {
            continue;
        }
        let replicas = workload.replicas.as_ref();
        let count = replicas.map_or(1, |r| r.value);
        if least.value.parse::<u64>().is_ok_and(|least| least >= count && count > 0) {
            let message = format!("of {count} pods {} must stay: {never}", least.value);
            let at = replicas.map_or(workload.headline, |r| r.span);
            ctx.report(least.span, message).related(at, "the pods there are").fix(
                Safety::Unsafe,
                "Let one pod go at a time",
                || let_one_go(project, budget),
            );
        }
    }
}

/// Says how many may go in the place of how many must stay.
fn let_one_go(project: &Project, budget: &Budget) -> Option<Vec<Edit>> {
    let least = budget.min_available.as_ref().filter(|_| budget.max_unavailable.is_none())?;
    let entry = project.node_at(least.span)?.as_entry()?;
    let name = edit::rename(entry, "maxUnavailable").ok()?;
    Some(vec![name, edit::replace(entry.value, &New::Int(1)).ok()?])
}
