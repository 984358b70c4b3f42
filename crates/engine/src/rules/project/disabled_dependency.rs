use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "disabled-dependency",
    summary: "a service that always starts and needs one which only a profile starts",
    since: "0.1.0",
    docs: include_str!("disabled_dependency.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::Disabled]) {
        ctx.report(problem.span, problem.message.clone());
    }
}
