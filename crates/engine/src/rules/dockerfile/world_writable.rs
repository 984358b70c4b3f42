use crate::project::{Stage, StageRole};
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "world-writable",
    summary: "files that everyone may change",
    since: "0.1.0",
    docs: include_str!("world_writable.md"),
    aliases: &["DF034", "world-writable-state-path-workaround"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.role != StageRole::Final {
        return;
    }
    for run in stage.runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "chmod") {
            let Some(mode) = call.args.iter().find(|w| !w.text.starts_with('-')) else { continue };
            // What the same script removes never ships.
            let goes = |path: &Word| {
                run.calls().any(|c| c.program == "rm" && c.args.iter().any(|w| *w.text == *path.text))
            };
            let mut paths = call.args.iter().filter(|w| !w.text.starts_with('-')).skip(1).peekable();
            if paths.peek().is_some() && paths.all(goes) {
                continue;
            }
            // With the sticky bit nobody removes what another made: that is what `/tmp` has.
            let open = matches!(
                &*mode.text,
                "777" | "0777" | "a+rwx" | "a+rwX" | "ugo+rwx" | "ugo+rwX" | "o+w" | "a+w" | "+777"
            );
            if open {
                ctx.report(
                    mode.span,
                    format!(
                        "`chmod {}` lets every process of the container change what lies here",
                        &*mode.text
                    ),
                );
            }
        }
    }
    for instruction in stage.instructions(ctx.project) {
        let value = instruction.flag("chmod").and_then(|f| f.value.as_ref());
        if let Some(mode) = value.filter(|w| matches!(&*w.text, "777" | "0777")) {
            ctx.report(mode.span, "everyone may change what this copies");
        }
    }
}
