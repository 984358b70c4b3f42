use crate::project::Stage;
use crate::suppress;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "inline-suppression",
    summary: "a comment that silences hadolint",
    since: "0.1.0",
    docs: include_str!("inline_suppression.md"),
    aliases: &["DL1001", "DF072"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source).filter(|_| stage.index == 0) else { return };
    for &comment in &file.comments {
        if suppress::is_hadolint_pragma(comment.of(&file.text)) {
            ctx.report(comment, "this comment silences a rule here: settings say so in one place");
        }
    }
}
