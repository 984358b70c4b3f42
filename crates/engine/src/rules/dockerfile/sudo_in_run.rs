use crate::project::Stage;
use crate::syntax::shell::{Command, Word};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "sudo-in-run",
    summary: "`sudo` in a build",
    since: "0.1.0",
    docs: include_str!("sudo_in_run.md"),
    aliases: &["DL3004", "DS-0010", "CKV2_DOCKER_1", "DKL-DI-0001", "DF010"],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.all_runs(ctx.project) {
        let user = stage.state_at(run.index).user();
        let root = user.value().map_or(user.is_unset(), |user| user.is_root() == Some(true));
        for command in run.shell.commands.iter().filter(|c| sudo(c).is_some()) {
            let Some((name, args)) = sudo(command) else { continue };
            // An option or a variable says more than to be root.
            let first = args.first().filter(|w| !w.text.starts_with(['-', '$']) && !w.text.contains('='));
            let between = |next: Span| Span { end: next.start, ..name.span };
            let plain = |span: &Span| {
                ctx.project.text(*span).strip_prefix("sudo").is_some_and(|s| s.trim().is_empty())
            };
            let edit = first.map(|next| between(next.span)).filter(|span| root && plain(span));
            let edit = edit.map(|span| Edit { span, text: String::new() });
            ctx.report(name.span, "`sudo` in a build: switch with `USER`, and leave `sudo` out of the image")
                .fix(
                    Safety::Unsafe,
                    "Leave `sudo` out: the build is root here, and has the variables that `sudo` takes away",
                    run.script(edit).flatten(),
                );
        }
    }
}

/// The word `sudo` of a command, also behind `exec`, and what follows it.
fn sudo(command: &Command) -> Option<(&Word, &[Word])> {
    let name = command.name.as_ref()?;
    let args = command.args.as_slice();
    match command.name()? {
        "sudo" => Some((name, args)),
        "exec" => args.split_first().filter(|(first, _)| first.is("sudo")),
        _ => None,
    }
}
