use crate::images::PackageManager;
use crate::project::dockerfile::Run;
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::shell::{Command, Connector};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "unchecked-pipe",
    summary: "a pipe whose first command may fail unseen",
    since: "0.1.0",
    docs: include_str!("unchecked_pipe.md"),
    aliases: &["DL4006", "DF057"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// Programs that fetch or unpack: when they fail, what follows works with nothing or with half.
const SOURCES: [&str; 9] = ["curl", "wget", "git", "aws", "gsutil", "openssl", "unzip", "gunzip", "gpg"];

/// Programs that fail when they get nothing, or half.
const CAREFUL: [&str; 9] = ["tar", "bsdtar", "gzip", "gunzip", "xz", "bunzip2", "unzip", "apt-key", "gpg"];

/// Whether the pipe that a command begins stands before `&&`, where only its last program decides.
fn goes_on(first: &Command, rest: &[Command]) -> bool {
    let ends = rest
        .iter()
        .filter(|c| c.context.depth == first.context.depth)
        .find(|c| c.after.as_ref().is_none_or(|after| after.value != Connector::Pipe));
    ends.and_then(|c| c.after.as_ref()).is_some_and(|after| after.value == Connector::And)
}

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let mut told = 0;
    let mut offered = false;
    for run in stage.runs(ctx.project) {
        let shell = stage.state_at(run.index).shell().value();
        let set_by_shell = shell.is_some_and(|words| words.iter().any(|w| w.contains("pipefail")));
        let set_by_script = run
            .shell
            .commands
            .iter()
            .any(|c| c.name() == Some("set") && c.args.iter().any(|w| w.is("pipefail")));
        if set_by_shell || set_by_script {
            continue;
        }
        let before = told;
        // One `SHELL` does for all that follow.
        let edit = if offered { None } else { pipefail(stage, &run, ctx.project) };
        for (at, command) in run.shell.commands.iter().enumerate() {
            let piped = command.after.as_ref().filter(|after| after.value == Connector::Pipe);
            let source = command.name().is_some_and(|n| SOURCES.contains(&n.rsplit('/').next().unwrap_or(n)));
            let rest = &run.shell.commands[at + 1..];
            // In a condition, before `||` or in a substitution the result is looked at in other ways.
            if let Some(pipe) = piped.filter(|_| {
                source && !command.context.substitution && (!command.context.tested || goes_on(command, rest))
            }) {
                // These notice themselves when what they get is no archive or key.
                let notices = rest.first().and_then(|c| c.name()).is_some_and(|n| CAREFUL.contains(&n));
                let severity = if notices { Severity::Low } else { Severity::Medium };
                ctx.report(
                    pipe.span,
                    format!(
                        "if `{}` fails, the build goes on: `pipefail` is not set",
                        command.name().unwrap_or_default()
                    ),
                )
                .severity(severity)
                .fix(Safety::Unsafe, TITLE, edit.clone());
                offered = true;
                told += 1;
            }
        }
        let pipe = run.shell.commands.iter().find_map(|c| match c.after {
            Some(after) if after.value == Connector::Pipe => Some(after.span),
            _ => (c.before == Connector::Pipe).then_some(c.span),
        });
        if let Some(pipe) = pipe.filter(|_| told == before) {
            ctx.report(pipe, "the status of what stands before this pipe is lost: `pipefail` is not set")
                .severity(Severity::Low)
                .aside(true)
                .fix(Safety::Unsafe, TITLE, edit);
            offered = true;
        }
    }
}

const TITLE: &str = "Set `pipefail` by `SHELL`: what failed unseen until now fails the build";

/// A `SHELL` before an instruction that has the status of every command of a pipe counted.
fn pipefail(stage: &Stage, run: &Run<'_>, project: &Project) -> Option<Edit> {
    let file = project.dockerfile(stage.source)?;
    let words = match (stage.state_at(run.index).shell().value(), stage.distribution(project)?.packages) {
        (Some(words), _) => {
            let [program, options @ ..] = &words[..] else { return None };
            let bash = program.ends_with("bash") || program.ends_with("/ash");
            let words: Vec<&str> = std::iter::once(program.as_str())
                .chain(["-o", "pipefail"])
                .chain(options.iter().map(String::as_str))
                .collect();
            bash.then(|| words.iter().map(|w| edit::json_string(w)).collect::<Vec<_>>().join(", "))?
        }
        (None, PackageManager::Apk) => "\"/bin/ash\", \"-eo\", \"pipefail\", \"-c\"".to_owned(),
        (None, _) => "\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"".to_owned(),
    };
    Some(edit::insert_before(file, run.instruction, &[New::new(Keyword::Shell, format!("[{words}]"))]))
}
