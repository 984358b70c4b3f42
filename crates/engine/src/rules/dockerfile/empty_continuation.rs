use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "empty-continuation",
    summary: "a blank line within an instruction",
    since: "0.1.0",
    docs: include_str!("empty_continuation.md"),
    aliases: &["NoEmptyContinuation", "no-empty-continuation"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source).filter(|_| stage.index == 0) else { return };
    for &line in &file.empty_continuations {
        // The line goes with its own line end.
        let end = file.text[line.end as usize..]
            .find('\n')
            .map_or(file.text.len(), |at| line.end as usize + at + 1);
        let start = file.text[..line.start as usize].rfind('\n').map_or(0, |at| at + 1);
        ctx.report(line, "a blank line does not end the instruction: future versions of BuildKit refuse it")
            .fix(
                Safety::Safe,
                "Remove the line",
                Edit { span: Span::new(line.source, start, end), text: String::new() },
            );
    }
}
