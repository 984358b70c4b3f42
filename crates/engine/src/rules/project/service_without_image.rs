use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "service-without-image",
    summary: "a Compose service with neither an image nor a build",
    since: "0.1.0",
    docs: include_str!("service_without_image.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::NoImage]) {
        ctx.report(problem.span, problem.message.clone());
    }
}
