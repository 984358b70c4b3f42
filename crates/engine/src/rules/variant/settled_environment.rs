use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{Instruction, Keyword};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "settled-environment",
    summary: "keeps `uv run` from writing an environment that root owns, or a cache",
    since: "0.1.0",
    docs: include_str!("settled_environment.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if !matches!(stage.identity(ctx.project), Ok(Some(_))) {
        return;
    }
    let Some(unsettled) = stage.synced_at_start(ctx.project) else { return };
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let starts = |i: &&Instruction| i.span.contains(unsettled.at);
    let Some(instruction) = stage.instructions(ctx.project).iter().find(starts) else { return };
    let syncs = unsettled.variables.contains(&"UV_NO_SYNC=1");
    let why = if syncs {
        "`uv run` brings the environment up to date first, and only root can write to it"
    } else {
        "`uv run` keeps a cache in a home that nothing can be written to"
    };
    let title = if syncs { "Start from the environment as it was built" } else { "Keep no cache" };
    let completion = unsettled.completion.map(|command| New::new(Keyword::Run, command));
    let variables = New::new(Keyword::Env, unsettled.variables.join(" "));
    let new: Vec<New> = completion.into_iter().chain([variables]).collect();
    ctx.report(unsettled.at, why).fix(
        Safety::Unsafe,
        title,
        vec![edit::insert_before(file, instruction, &new)],
    );
}
