use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::project::links::SelectionKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

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
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Budget(budget) = &object.detail else { continue };
        let never = "no pod may ever be evicted, so nodes cannot be drained";
        if let Some(most) = budget.max_unavailable.as_ref().filter(|v| matches!(v.value.as_str(), "0" | "0%"))
        {
            ctx.report(most.span, never);
        }
        let Some(least) = &budget.min_available else { continue };
        if least.value == "100%" {
            ctx.report(least.span, never);
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
            ctx.report(least.span, message).related(at, "the pods there are");
        }
    }
}
