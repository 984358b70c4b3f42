use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "refused-manifest",
    summary: "a manifest that the cluster refuses, or whose pods it refuses",
    since: "0.1.0",
    docs: include_str!("refused_manifest.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Critical,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(measured), Some(at)) = (subject.cluster(), subject.at(ctx.project)) else { return };
    if let Some(why) = &measured.refusal {
        ctx.report(at, format!("the cluster refuses `{}`: {why}", subject.measured.object));
    }
    if let Some(why) = &measured.pod_refusal {
        ctx.report(
            at,
            format!("the cluster takes `{}` and refuses its pods: {why}", subject.measured.object),
        );
    }
}
