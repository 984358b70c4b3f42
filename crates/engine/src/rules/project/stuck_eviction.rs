use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "stuck-eviction",
    summary: "a disruption budget that keeps pods which do not work anyway",
    since: "0.1.0",
    docs: include_str!("stuck_eviction.md"),
    aliases: &["pdb-unhealthy-pod-eviction-policy"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Budget(budget) = &object.detail else { continue };
        if budget.unhealthy.as_ref().is_some_and(|policy| policy.value == "AlwaysAllow") {
            continue;
        }
        let at = budget.unhealthy.as_ref().map_or(object.headline(), |policy| policy.span);
        let value = New::Str("AlwaysAllow".to_owned());
        ctx.report(
            at,
            "pods that fail their probes count as gone and cannot be evicted: nodes are not drained",
        )
        .fix(
            Safety::Unsafe,
            "Let pods go that do not work",
            object.set(project, &["spec", "unhealthyPodEvictionPolicy"], &value),
        );
    }
}
