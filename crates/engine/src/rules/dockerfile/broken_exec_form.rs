use crate::project::Stage;
use crate::syntax::dockerfile::Command;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "broken-exec-form",
    summary: "an array that is no JSON, and so is run by a shell",
    since: "0.1.0",
    docs: include_str!("broken_exec_form.md"),
    aliases: &["invalid-json-form", "DL3025", "JSONArgsRecommended"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for instruction in stage.instructions(ctx.project) {
        let Some(Command::Shell(script)) = instruction.command() else { continue };
        // `[ -f x ] && y` is a test of the shell.
        let test =
            script.text.trim_start().strip_prefix('[').is_some_and(|rest| {
                rest.starts_with([' ', '[']) && !rest.trim_start().starts_with(['"', '\''])
            });
        // `[Type]::Member` is PowerShell.
        let member = script.text.split_once(']').is_some_and(|(_, rest)| rest.starts_with("::"));
        let Some(broken) = script.broken_json.as_ref().filter(|_| !test && !member) else { continue };
        let keyword = instruction.keyword.value.as_str();
        ctx.report(
            broken.span,
            format!("this is no JSON array, so `{keyword}` runs it as a line of shell: {}", broken.value),
        );
    }
}
