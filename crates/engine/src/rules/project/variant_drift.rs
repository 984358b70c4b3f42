use crate::drift::drift;
use crate::project::Project;
use crate::variant::{Relation, pairs, stamp};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "variant-drift",
    summary: "a Dockerfile and its Kubernetes variant that do not mean the same",
    since: "0.1.0",
    docs: include_str!("variant_drift.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for pair in pairs(project) {
        if pair.relation == Relation::InStep {
            continue;
        }
        let found = drift(project, pair.source, pair.twin);
        if found.is_empty() && pair.relation == Relation::Stale {
            let (Some(twin), Some(source)) =
                (project.parse(pair.twin.source), project.parse(pair.source.source))
            else {
                continue;
            };
            let header = stamp::line(&twin.source.text);
            let span = Span::new(pair.twin.source, header.start, header.end);
            let name = source.source.path.file_name().unwrap_or_default();
            ctx.report(span, format!("it was made from an earlier {name}: run `seaworthy variant`"))
                .severity(Severity::Low);
        }
        for difference in found {
            let mut finding = ctx.report(difference.span, difference.message);
            if let Some(other) = difference.other {
                finding.related(other.span, other.message);
            }
        }
    }
}
