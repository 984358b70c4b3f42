use crate::project::dockerfile::Run;
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::{self, Arguments, Instruction, edit};
use crate::syntax::shell::{Command, Connector};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "consecutive-runs",
    summary: "instructions in a row that could be one",
    since: "0.1.0",
    docs: include_str!("consecutive_runs.md"),
    aliases: &["DL3059", "DF003"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.windows {
        return;
    }
    let project = ctx.project;
    let runs = stage.runs(project);
    // What is long already becomes no clearer by being joined.
    let short = |index: usize| {
        runs.iter().find(|r| r.index == index).is_none_or(|r| {
            let names = r.shell.commands.iter().filter_map(|c| c.name());
            names.filter(|name| *name != "[").count() < 2
        })
    };
    let instructions = stage.instructions(ctx.project);
    for (at, pair) in instructions.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        let (Arguments::Run(_), Arguments::Run(_)) = (&first.arguments, &second.arguments) else { continue };
        let index = stage.from + 1 + at;
        let flags =
            |i: &Instruction| i.flags.iter().map(|f| ctx.project.text(f.span).to_owned()).collect::<Vec<_>>();
        if flags(first) != flags(second) || !short(index) || !short(index + 1) {
            continue;
        }
        if first.onbuild.is_none() && second.onbuild.is_none() {
            ctx.report(
                second.keyword.span,
                "this could be one instruction with the one before, and one layer",
            )
            .related(first.keyword.span, "the one before")
            .fix(Safety::Safe, "Join them", || joined(stage, &runs, index, project));
        }
    }
}

/// The edit that puts a `RUN` and the next into one, where the second sees nothing else of the first than before.
fn joined(stage: &Stage, runs: &[Run<'_>], index: usize, project: &Project) -> Option<Edit> {
    let file = project.dockerfile(stage.source)?;
    let run = |index: usize| runs.iter().find(|run| run.index == index).filter(|r| r.shell.errors.is_empty());
    let (first, second) = (run(index)?, run(index + 1)?);
    let lasts = |c: &Command| {
        let name = c.name.as_ref().map_or(Some(""), |n| n.value.as_deref());
        name.is_none_or(|n| {
            matches!(
                n,
                "" | "."
                    | "alias"
                    | "cd"
                    | "eval"
                    | "exec"
                    | "exit"
                    | "export"
                    | "popd"
                    | "pushd"
                    | "return"
                    | "set"
                    | "shopt"
                    | "source"
                    | "trap"
                    | "ulimit"
                    | "umask"
                    | "unset"
            )
        })
    };
    let alone = |c: &Command| {
        lasts(c) || c.context.function || c.after.is_some_and(|after| after.value == Connector::Background)
    };
    let linked = |c: &Command| c.context.depth > 0 || matches!(c.before, Connector::None | Connector::And);
    let compound = second.shell.commands.first()?.context.depth > 0;
    let heredocs = first.instruction.heredocs.is_empty() && second.instruction.heredocs.is_empty();
    if first.shell.commands.iter().any(alone)
        || !second.shell.commands.iter().all(linked)
        || compound
        || !heredocs
    {
        return None;
    }
    let (Arguments::Run(dockerfile::Command::Shell(a)), Arguments::Run(dockerfile::Command::Shell(b))) =
        (&first.instruction.arguments, &second.instruction.arguments)
    else {
        return None;
    };
    let span = Span { start: a.span.end, end: b.span.start, ..a.span };
    let ends = a.text.trim_end().ends_with([';', '&', '|']) || a.text.contains('#');
    let text = format!(" {}{}    && ", file.escape, edit::line_end(file));
    (!ends && !edit::has_comment(file, span)).then_some(Edit { span, text })
}
