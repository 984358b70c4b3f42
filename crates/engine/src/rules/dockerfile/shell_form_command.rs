use crate::Safety;
use crate::exec::{self, Form};
use crate::project::{Origin, Stage, StageRole};
use crate::syntax::dockerfile::{Arguments, Command, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shell-form-command",
    summary: "a command in shell form, which may never see the stop signal",
    since: "0.1.0",
    docs: include_str!("shell_form_command.md"),
    aliases: &["DL3025", "JSONArgsRecommended", "DF018", "DF025"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    // Only what ships is ever stopped; on Windows there are no signals.
    if stage.role != StageRole::Final || stage.windows {
        return;
    }
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let execs = stage.facts.and_then(|f| f.sh_execs_last_command) == Some(true);
    for step in stage.walk(ctx.project) {
        let (Arguments::Cmd(command) | Arguments::Entrypoint(command)) = &step.instruction.arguments else {
            continue;
        };
        let Command::Shell(script) = command else { continue };
        // A broken array is told by a rule of its own, and a shell that the file names is its author's wish.
        if script.broken_json.is_some()
            || step.instruction.onbuild.is_some()
            || step.before.shell().origin == Origin::Own
        {
            continue;
        }
        let keyword = step.instruction.keyword;
        let form = exec::form(script);
        let (severity, why) = match (&form, execs) {
            (Form::Words(_) | Form::Variables, true) => {
                (Severity::Low, "this image's shell steps aside, another base's may not")
            }
            (Form::Exec, _) => (Severity::Low, "the shell steps aside, but parses the line first"),
            _ => {
                (Severity::Medium, "the shell gets SIGTERM and the program is killed after the grace period")
            }
        };
        let edit = match &form {
            Form::Words(words) => Some((
                Safety::Safe,
                edit::exec_form(file, command, &words.iter().map(String::as_str).collect::<Vec<_>>()),
            )),
            Form::Variables => {
                let line = format!("exec {}", script.text.trim());
                Some((Safety::Unsafe, edit::exec_form(file, command, &["sh", "-c", &line])))
            }
            Form::Exec | Form::Script => None,
        };
        let mut finding =
            ctx.report(keyword.span, format!("`{}` in shell form: {why}", keyword.value.as_str()));
        finding.severity(severity);
        if let Some((safety, edit)) = edit {
            finding.fix(safety, "Start the program without a shell", edit);
        }
    }
}
