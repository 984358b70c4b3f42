use std::collections::BTreeSet;

use crate::project::Project;
use crate::project::compose::{Problem, ProblemKind};
use crate::schema;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unknown-key",
    summary: "a key that Compose or Kubernetes does not know",
    since: "0.1.0",
    docs: include_str!("unknown_key.md"),
    aliases: &["invalid-schema", "schema-validation"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Schema(check),
};

fn check(project: &Project, refused: &[schema::Problem], ctx: &mut Ctx<'_>) {
    let mut old = BTreeSet::new();
    for problem in project.compose_problems(&[ProblemKind::UnknownKey]) {
        if is_old(project, problem) {
            if old.insert(problem.span.source) {
                ctx.report(
                    problem.span,
                    "there is no `services` here: Compose 2 refuses the format of Compose 1",
                );
            }
            continue;
        }
        ctx.report(problem.span, problem.message.clone());
    }
    ctx.refused(refused, schema::ProblemKind::UnknownKey);
}

/// Whether it is a service of the first format.
fn is_old(project: &Project, problem: &Problem) -> bool {
    let roots = project.parse(problem.span.source).and_then(|parse| parse.yaml());
    roots.into_iter().flat_map(|yaml| yaml.documents().flatten()).any(|root| {
        root.get("services").is_none() && root.entries().any(|entry| entry.key.span() == problem.span)
    })
}
