use crate::project::dockerfile::Run;
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{Arguments, Keyword};
use crate::syntax::shell::{Command, Connector};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "cd-in-run",
    summary: "a `cd` that lasts for one instruction only",
    since: "0.1.0",
    docs: include_str!("cd_in_run.md"),
    aliases: &["DL3003", "DS-0013", "DF008"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        let commands = &run.shell.commands;
        // With more behind it, it is how a script works; alone, it does nothing at all.
        if let Some(command) = commands.iter().find(|c| c.name() == Some("cd")) {
            let (safety, edits) = match commands.len() {
                1 => (Safety::Unsafe, lasting(stage, &run, command, ctx.project)),
                _ => (Safety::Safe, around(stage, &run, command, ctx.project)),
            };
            ctx.report(command.span, "this `cd` ends with the instruction: `WORKDIR` lasts")
                .aside(commands.len() > 1)
                .fix(safety, "Use `WORKDIR`", edits);
        }
    }
}

/// The directory that a `cd` goes to, where that is certain, as it is written in `WORKDIR`.
fn target<'p>(run: &Run<'p>, command: &'p Command) -> Option<&'p str> {
    let [to] = &command.args[..] else { return None };
    let to = to.value.as_deref()?;
    let certain = to.starts_with('/') && !to.contains(['$', '\'', '"', '\\', ' ', '*', '?', '[']);
    (certain && run.instruction.heredocs.is_empty()).then_some(to)
}

/// `WORKDIR` in the place of a `RUN` that does nothing but change the directory, as it was meant.
fn lasting(stage: &Stage, run: &Run<'_>, command: &Command, project: &Project) -> Option<Vec<Edit>> {
    let file = project.dockerfile(stage.source)?;
    let to = target(run, command)?;
    let span = run.instruction.span;
    let text = format!("{} {to}", edit::keyword(file, Keyword::Workdir));
    (!edit::has_comment(file, span)).then(|| vec![Edit { span, text }])
}

/// `WORKDIR` for a script that begins in another directory, and back behind it.
fn around(stage: &Stage, run: &Run<'_>, command: &Command, project: &Project) -> Option<Vec<Edit>> {
    let file = project.dockerfile(stage.source)?;
    let to = target(run, command)?;
    let first = std::ptr::eq(run.shell.commands.first()?, command);
    let chained = command.after.as_ref().is_some_and(|after| after.value == Connector::And);
    // What goes back to where it came from counts on having come from somewhere.
    let returns = run.shell.commands.iter().any(|c| {
        c.name() == Some("cd")
            && !c.args.first().is_some_and(|w| w.is("..") || w.value.is_some() && !w.is("-"))
            || c.args.iter().any(|w| w.text.contains("OLDPWD"))
    });
    if !first || !chained || command.context.depth > 0 || returns {
        return None;
    }
    let back = stage.state_at(run.index).workdir().value().map_or_else(
        || stage.state_at(run.index).workdir().is_unset().then_some("/"),
        |path| Some(path.as_str()),
    );
    let next = file.instructions.get(run.index + 1).filter(|_| run.index + 1 < stage.end);
    let goes_on = next.is_some_and(
        |next| matches!(&next.arguments, Arguments::Workdir(path) if path.text.starts_with('/')),
    );
    let mut edits = vec![
        edit::insert_before(file, run.instruction, &[New::new(Keyword::Workdir, to)]),
        edit::remove_command(file, &run.shell, command)?,
    ];
    if !goes_on {
        let back = back.filter(|back| !back.contains(['$', ' ', '"', '\'']))?;
        edits.push(edit::insert_after(file, run.instruction, &[New::new(Keyword::Workdir, back)]));
    }
    Some(edits)
}
