use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unknown-key",
    summary: "a key that Compose does not know",
    since: "0.1.0",
    docs: include_str!("unknown_key.md"),
    aliases: &["invalid-schema"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for problem in composition.problems_of(ProblemKind::UnknownKey) {
            ctx.report(problem.span, problem.message.clone());
        }
    }
}
