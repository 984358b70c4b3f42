use crate::project::Stage;
use crate::syntax::dockerfile::{Keyword, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "replaced-shell",
    summary: "a link in the place of `/bin/sh`",
    since: "0.1.0",
    docs: include_str!("replaced_shell.md"),
    aliases: &["DL4005"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let file = ctx.project.dockerfile(stage.source);
    for run in stage.all_runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "ln") {
            if let Some(shell) = call.args.iter().find(|w| w.is("/bin/sh")) {
                // An image without any shell gets one.
                let first = call.operands(&[]).next().is_some_and(|w| w.text.contains("busybox"));
                let alone = run.shell.commands.len() == 1 && run.instruction.onbuild.is_none();
                let bash = call
                    .args
                    .iter()
                    .any(|w| w.value.as_deref().is_some_and(|v| v.rsplit('/').next() == Some("bash")));
                let edit = file
                    .filter(|file| alone && bash && !edit::has_comment(file, run.instruction.span))
                    .map(|file| {
                        let text = format!("{} [\"/bin/bash\", \"-c\"]", edit::keyword(file, Keyword::Shell));
                        Edit { span: run.instruction.span, text }
                    });
                ctx.report(shell.span, "this replaces the shell for every program of the image: `SHELL` changes it for the Dockerfile")
                    .aside(first)
                    .fix(Safety::Unsafe, "Name bash in `SHELL`: other programs of the image go on with their own", edit);
            }
        }
    }
}
