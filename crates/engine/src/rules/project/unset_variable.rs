use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unset-variable",
    summary: "a variable that the project's own .env leaves without a value",
    since: "0.1.0",
    docs: include_str!("unset_variable.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        // Most repositories keep `.env` to themselves; only where it is here does it show that something is missing.
        if project.files.exists(&composition.directory.join(".env")) != Some(true) {
            continue;
        }
        let unset: Vec<_> = composition.problems_of(ProblemKind::UnsetVariable).collect();
        // Where much is missing, the values come from elsewhere.
        if unset.len() > 5 {
            continue;
        }
        for problem in unset {
            // Another place demands it.
            if project.text(problem.span).contains(":?") {
                continue;
            }
            ctx.report(problem.span, problem.message.clone());
        }
    }
}
