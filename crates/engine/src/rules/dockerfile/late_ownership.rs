use crate::Safety;
use crate::project::{Stage, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "late-ownership",
    summary: "a `chown -R` that copies every file into one more layer",
    since: "0.1.0",
    docs: include_str!("late_ownership.md"),
    aliases: &["chown-after-copy"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.role != StageRole::Final {
        return;
    }
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for run in stage.runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "chown" && c.has_option(&["-R", "--recursive"])) {
            let Some(late) = stage.late_ownership(ctx.project, &run, call) else { continue };
            let mut message = format!(
                "this copies every file of `{}` into one more layer: `COPY --chown` does not",
                late.path
            );
            if late.made_by_commands {
                message.push_str(", but commands put files there too");
            }
            ctx.report(call.command.span, message).fix(
                Safety::Unsafe,
                "Say whose the files are where they are copied",
                late.edits(file, call),
            );
        }
    }
}
