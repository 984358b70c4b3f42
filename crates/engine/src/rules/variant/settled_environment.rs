use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{Instruction, Keyword};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "settled-environment",
    summary: "keeps `uv run` from changing an environment that root owns",
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
    let Some(at) = stage.synced_at_start(ctx.project) else { return };
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let starts = |i: &&Instruction| i.span.contains(at);
    let Some(instruction) = stage.instructions(ctx.project).iter().find(starts) else { return };
    let new = [New::new(Keyword::Env, "UV_NO_SYNC=1")];
    ctx.report(at, "`uv run` brings the environment up to date first, and only root can write to it").fix(
        Safety::Unsafe,
        "Start from the environment as it was built",
        vec![edit::insert_before(file, instruction, &new)],
    );
}
