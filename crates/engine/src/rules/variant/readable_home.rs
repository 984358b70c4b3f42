use crate::Safety;
use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "readable-home",
    summary: "moves what lies in root's home to where the user can read it",
    since: "0.1.0",
    docs: include_str!("readable_home.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Ok(Some(identity)) = stage.identity(ctx.project) else { return };
    let Some(at) = stage.root_home(ctx.project) else { return };
    let Some((home, edits)) = stage.leave_root_home(ctx.project, &identity) else { return };
    ctx.report(at, "only root can enter `/root`, so the program does not find what lies there").fix(
        Safety::Unsafe,
        format!("Keep it in `{home}`"),
        edits,
    );
}
