use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "undefined-reference",
    summary: "a Compose service that names a service, network, volume, config or secret nobody defines",
    since: "0.1.0",
    docs: include_str!("undefined_reference.md"),
    aliases: &["invalid-schema"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::Undefined]) {
        ctx.report(problem.span, problem.message.clone());
    }
}
