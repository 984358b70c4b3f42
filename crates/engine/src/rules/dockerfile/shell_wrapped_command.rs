use crate::exec;
use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::{Arguments, Command, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "shell-wrapped-command",
    summary: "a shell that stays between the platform and the program",
    since: "0.1.0",
    docs: include_str!("shell_wrapped_command.md"),
    aliases: &["signal-lost"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    // Shells of BusyBox and bash step aside for the last command by themselves.
    if stage.role != StageRole::Final
        || stage.windows
        || stage.facts.and_then(|f| f.sh_execs_last_command) == Some(true)
    {
        return;
    }
    for instruction in stage.instructions(ctx.project) {
        let (Arguments::Cmd(command) | Arguments::Entrypoint(command)) = &instruction.arguments else {
            continue;
        };
        let Command::Exec { words, .. } = command else { continue };
        let [shell, flag, line] = words.as_slice() else { continue };
        let program = shell.text.rsplit('/').next().unwrap_or_default();
        let wraps = matches!(program, "sh" | "dash") && &*flag.text == "-c";
        if !wraps || instruction.onbuild.is_some() || exec::has_exec(&line.text) {
            continue;
        }
        let edit = exec::is_simple(&line.text).then(|| Edit {
            span: line.span,
            text: edit::json_string(&format!("exec {}", line.text.trim_start())),
        });
        ctx.report(line.span, "the shell keeps running in front of the program and does not pass SIGTERM on")
            .fix(Safety::Unsafe, "Replace the shell by the program", edit);
    }
}
