use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "empty-disruption-budget",
    summary: "a disruption budget that says neither how many may go nor how many must stay",
    since: "0.1.0",
    docs: include_str!("empty_disruption_budget.md"),
    aliases: &["poddisruptionbudget-has-policy"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Budget(budget) = &object.detail else { continue };
        if budget.min_available.is_none() && budget.max_unavailable.is_none() {
            ctx.report(
                object.headline(),
                "says neither how many pods may go nor how many must stay, so it keeps none",
            )
            .fix(Safety::Unsafe, "Let one pod go at a time", || {
                object.set(project, &["spec", "maxUnavailable"], &New::Int(1))
            });
        }
    }
}
