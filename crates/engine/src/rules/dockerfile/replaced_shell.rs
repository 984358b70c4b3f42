use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "replaced-shell",
    summary: "a link in the place of `/bin/sh`",
    since: "0.1.0",
    docs: include_str!("replaced_shell.md"),
    aliases: &["DL4005"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "ln") {
            if let Some(shell) = call.args.iter().find(|w| w.is("/bin/sh")) {
                // An image without any shell gets one.
                let first = call.operands(&[]).next().is_some_and(|w| w.text.contains("busybox"));
                ctx.report(shell.span, "this replaces the shell for every program of the image: `SHELL` changes it for the Dockerfile")
                    .aside(first);
            }
        }
    }
}
