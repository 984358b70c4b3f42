use crate::Safety;
use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "readable-tools",
    summary: "installs browsers, models and tools where the user can read them",
    since: "0.1.0",
    docs: include_str!("readable_tools.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Ok(Some(identity)) = stage.identity(ctx.project) else { return };
    for hidden in stage.hidden_tools(ctx.project, &identity) {
        let (_, path) = hidden.tool.variables[0];
        let why = format!(
            "{} go into root's home or below `/tmp`, where the program does not find them",
            hidden.tool.what
        );
        let title = format!("Install {} into `{path}`", hidden.tool.what);
        ctx.report(hidden.span, why).fix(Safety::Unsafe, title, hidden.edits);
    }
}
