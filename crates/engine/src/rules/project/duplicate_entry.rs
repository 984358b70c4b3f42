use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-entry",
    summary: "something that a Compose project says twice and may say once",
    since: "0.1.0",
    docs: include_str!("duplicate_entry.md"),
    aliases: &["no-duplicate-container-names", "service-container-name-regex"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::Duplicate]) {
        ctx.report(problem.span, problem.message.clone());
    }
}
