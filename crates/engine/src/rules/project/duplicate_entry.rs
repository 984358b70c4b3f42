use seaworthy_syntax::yaml::Node;

use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-entry",
    summary: "something that a Compose project says twice and may say once",
    since: "0.1.0",
    docs: include_str!("duplicate_entry.md"),
    aliases: &["no-duplicate-container-names"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::Duplicate]) {
        ctx.report(problem.span, problem.message.clone()).fix(Safety::Safe, "Say it once", || {
            let item = project.node_at(problem.span)?;
            let again = |other: &Node<'_>| other.id() != item.id() && other.scalar() == item.scalar();
            let text =
                item.scalar().filter(|_| item.parent().is_some_and(|list| list.items().any(|n| again(&n))));
            text.and_then(|_| project.take_out(problem.span))
        });
    }
}
