use crate::project::dockerfile::Handover;
use crate::project::{Stage, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

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
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let launch = stage.launch(ctx.project);
    for half in launch.written() {
        if !half.instruction.is_some_and(|i| stage.holds(ctx.project, i)) {
            continue;
        }
        let [shell, flag, line, ..] = half.elements() else { continue };
        let program = shell.text.rsplit('/').next().unwrap_or_default();
        if !matches!(program, "sh" | "dash") || &*flag.text != "-c" {
            continue;
        }
        let edits = match launch.hand_over(stage, file, half) {
            Handover::Done => continue,
            Handover::Edits { edits, .. } => Some(edits),
            Handover::Stays(_) => None,
        };
        ctx.report(line.span, "the shell keeps running in front of the program and does not pass SIGTERM on")
            .fix(Safety::Unsafe, "Replace the shell by the program", edits);
    }
}
