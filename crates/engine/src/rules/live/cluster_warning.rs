use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "cluster-warning",
    summary: "a manifest that the cluster takes with a warning",
    since: "0.1.0",
    docs: include_str!("cluster_warning.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(measured), Some(at)) = (subject.cluster(), subject.at(ctx.project)) else { return };
    for warning in &measured.warnings {
        ctx.report(at, format!("the cluster warns of `{}`: {warning}", subject.measured.object));
    }
}
