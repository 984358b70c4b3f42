use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "pointless-command",
    summary: "a program that has nothing to do while an image is built",
    since: "0.1.0",
    docs: include_str!("pointless_command.md"),
    aliases: &["DL3001", "DF060"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// Programs for a machine that runs, and people in front of it.
const PROGRAMS: [&str; 9] = ["free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let file = ctx.project.dockerfile(stage.source);
    for run in stage.all_runs(ctx.project) {
        for call in run.calls().filter(|c| PROGRAMS.contains(&c.program)) {
            let message = format!(
                "`{}` is for a machine that runs: an image that is built has nothing for it",
                call.program
            );
            let edit = file.and_then(|file| edit::remove_command(file, &run.shell, call.command));
            let edit = run.script(edit).flatten();
            ctx.report(call.name.span, message).fix(Safety::Unsafe, "Take it out of the script", edit);
        }
    }
}
