use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, Instruction};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "consecutive-runs",
    summary: "instructions in a row that could be one",
    since: "0.1.0",
    docs: include_str!("consecutive_runs.md"),
    aliases: &["DL3059", "DF003"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.windows {
        return;
    }
    let runs = stage.runs(ctx.project);
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
            .related(first.keyword.span, "the one before");
        }
    }
}
