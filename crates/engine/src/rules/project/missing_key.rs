use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::schema;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-key",
    summary: "a key that Compose or Kubernetes needs is not there",
    since: "0.1.0",
    docs: include_str!("missing_key.md"),
    aliases: &["invalid-schema", "schema-validation"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Schema(check),
};

fn check(project: &Project, refused: &[schema::Problem], ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::MissingKey]) {
        ctx.report(problem.span, problem.message.clone());
    }
    ctx.refused(refused, schema::ProblemKind::MissingKey);
}
