use crate::Safety;
use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-stage-name",
    summary: "two stages of one name",
    since: "0.1.0",
    docs: include_str!("duplicate_stage_name.md"),
    aliases: &["DL3024", "DuplicateStageName", "DS-0012", "CKV_DOCKER_11", "DF042"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(name) = &stage.name else { return };
    let earlier = &ctx.project.build(stage.build).stages[..stage.index];
    let same = earlier.iter().filter_map(|s| s.name.as_ref()).find(|n| n.value == name.value);
    if let Some(first) = same {
        let first = first.span;
        let stages = &ctx.project.build(stage.build).stages;
        let free = |new: &String| !stages.iter().any(|s| s.name.as_ref().is_some_and(|n| n.value == *new));
        let new = (2..1000).map(|number| format!("{}-{number}", name.value)).find(free).unwrap_or_default();
        let edits = stage.renamed(ctx.project, &new);
        ctx.report(
            name.span,
            format!("a stage above is called `{}` too: who names it gets this one", name.value),
        )
        .related(first, "the first of that name")
        .fix(Safety::Unsafe, format!("Call it `{new}` here and where this file names it"), edits);
    }
}
