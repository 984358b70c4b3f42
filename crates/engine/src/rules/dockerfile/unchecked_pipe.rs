use crate::project::Stage;
use crate::syntax::shell::Connector;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unchecked-pipe",
    summary: "a pipe whose first command may fail unseen",
    since: "0.1.0",
    docs: include_str!("unchecked_pipe.md"),
    aliases: &["DL4006", "DF057"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// Programs that fetch or unpack: when they fail, what follows works with nothing or with half.
const SOURCES: [&str; 9] = ["curl", "wget", "git", "aws", "gsutil", "openssl", "unzip", "gunzip", "gpg"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
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
        for command in &run.shell.commands {
            let piped = command.after.as_ref().filter(|after| after.value == Connector::Pipe);
            let source = command.name().is_some_and(|n| SOURCES.contains(&n.rsplit('/').next().unwrap_or(n)));
            // In a condition or a substitution the result is looked at in other ways.
            if let Some(pipe) =
                piped.filter(|_| source && !command.context.tested && !command.context.substitution)
            {
                ctx.report(
                    pipe.span,
                    format!(
                        "if `{}` fails, the build goes on: `pipefail` is not set",
                        command.name().unwrap_or_default()
                    ),
                );
            }
        }
    }
}
