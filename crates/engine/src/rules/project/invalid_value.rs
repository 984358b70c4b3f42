use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::schema;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "invalid-value",
    summary: "a value that Compose or Kubernetes refuses",
    since: "0.1.0",
    docs: include_str!("invalid_value.md"),
    aliases: &["invalid-schema", "schema-validation"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Schema(check),
};

fn check(project: &Project, refused: &[schema::Problem], ctx: &mut Ctx<'_>) {
    let mut last = None;
    for problem in project.compose_problems(&[
        ProblemKind::InvalidValue,
        ProblemKind::InvalidVariable,
        ProblemKind::InvalidEnvFile,
    ]) {
        // One wrong value may be wrong in several ways.
        if last.replace(problem.span) != Some(problem.span) {
            ctx.report(problem.span, problem.message.clone());
        }
    }
    ctx.refused(refused, schema::ProblemKind::InvalidValue);
}
