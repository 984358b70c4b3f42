use crate::Safety;
use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "readable-files",
    summary: "opens files that only root can read or run",
    since: "0.1.0",
    docs: include_str!("readable_files.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Ok(Some(identity)) = stage.identity(ctx.project) else { return };
    for closed in stage.closed(ctx.project, &identity) {
        let why = format!("the mode `{}` leaves `{}` to root alone", closed.mode, closed.path);
        ctx.report(closed.span, why).fix(Safety::Unsafe, closed.title, closed.edits);
    }
}
