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
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(name) = &stage.name else { return };
    let earlier = &ctx.project.build(stage.build).stages[..stage.index];
    let same = earlier.iter().filter_map(|s| s.name.as_ref()).find(|n| n.value == name.value);
    if let Some(first) = same {
        let first = first.span;
        ctx.report(
            name.span,
            format!("a stage above is called `{}` too: who names it gets this one", name.value),
        )
        .related(first, "the first of that name");
    }
}
