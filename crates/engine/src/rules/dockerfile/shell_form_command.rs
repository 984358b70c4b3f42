use crate::exec::{self, Form};
use crate::project::dockerfile::Handover;
use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::{Arguments, Command, Healthcheck, Instruction, Keyword};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Span};

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
    let told = shipped(stage, ctx);
    for instruction in stage.instructions(ctx.project) {
        let (Arguments::Cmd(Command::Shell(_))
        | Arguments::Entrypoint(Command::Shell(_))
        | Arguments::Healthcheck(Healthcheck::Cmd(Command::Shell(_)))) = &instruction.arguments
        else {
            continue;
        };
        if !told.contains(&instruction.keyword.span) {
            let keyword = instruction.keyword.value.as_str();
            let ids = ids(stage, instruction, ctx);
            ctx.report(instruction.keyword.span, format!("`{keyword}` in shell form")).ids(ids).aside(true);
        }
    }
}

/// Reports the commands of an image that ships; where their keywords stand.
fn shipped(stage: &Stage, ctx: &mut Ctx<'_>) -> Vec<Span> {
    let mut told = Vec::new();
    // Only what ships is ever stopped; on Windows there are no signals.
    if stage.role != StageRole::Final || stage.windows {
        return told;
    }
    let Some(file) = ctx.project.dockerfile(stage.source) else { return told };
    let execs = stage.facts.and_then(|f| f.sh_execs_last_command) == Some(true);
    let launch = stage.launch(ctx.project);
    for half in launch.written() {
        // What it inherits is told where it stands, if that ships.
        let Some(instruction) = half.instruction.filter(|i| stage.holds(ctx.project, i)) else { continue };
        let Some(Command::Shell(script)) = instruction.command() else { continue };
        // A broken array is told by a rule of its own.
        if script.broken_json.is_some() {
            continue;
        }
        let keyword = instruction.keyword;
        let (severity, why) = match exec::form(&script.text) {
            Form::Words(_) | Form::Script { single: true, .. } if execs => {
                (Severity::Low, "this image's shell steps aside, another base's may not")
            }
            Form::Exec(_) => (Severity::Low, "the shell steps aside, but parses the line first"),
            _ => {
                (Severity::Medium, "the shell gets SIGTERM and the program is killed after the grace period")
            }
        };
        told.push(keyword.span);
        let handover = launch.hand_over(stage, file, half);
        let ids = ids(stage, instruction, ctx);
        let mut finding =
            ctx.report(keyword.span, format!("`{}` in shell form: {why}", keyword.value.as_str()));
        finding.severity(severity).ids(ids);
        if let Handover::Edits { edits, plain } = handover {
            let safety = if plain { Safety::Safe } else { Safety::Unsafe };
            finding.fix(safety, "Start the program without a shell in front of it", edits);
        }
    }
    told
}

/// What others call it: `BuildKit`'s check leaves health checks alone, and who named the shell on purpose.
fn ids(stage: &Stage, instruction: &Instruction, ctx: &Ctx<'_>) -> &'static [&'static str] {
    let probe = instruction.keyword.value == Keyword::Healthcheck;
    let file = ctx.project.dockerfile(stage.source);
    let index =
        file.map_or(0, |file| file.instructions.partition_point(|i| i.span.start < instruction.span.start));
    if probe || stage.state_at(index).shell().value().is_some() { WITHOUT_BUILDKIT } else { RULE.aliases }
}

const WITHOUT_BUILDKIT: &[&str] = &["DL3025", "DF018", "DF025"];
