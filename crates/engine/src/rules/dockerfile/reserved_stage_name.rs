use crate::Safety;
use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "reserved-stage-name",
    summary: "a stage named as something that is no stage",
    since: "0.1.0",
    docs: include_str!("reserved_stage_name.md"),
    aliases: &["DL3063", "ReservedStageName", "DF084"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(name) = stage.name.as_ref().filter(|name| matches!(name.value.as_str(), "scratch" | "context"))
    else {
        return;
    };
    let project = ctx.project;
    ctx.report(name.span, format!("`{}` means something else wherever a stage is named", name.value)).fix(
        Safety::Unsafe,
        format!("Call it `{}-stage` here and where this file names it", name.value),
        || stage.renamed(project, &format!("{}-stage", name.value)),
    );
}
