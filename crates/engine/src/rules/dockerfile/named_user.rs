use crate::project::Stage;
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "named-user",
    summary: "a user by name, which only the image can resolve",
    since: "0.1.0",
    docs: include_str!("named_user.md"),
    aliases: &["DL3066"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for step in stage.walk(ctx.project) {
        let Arguments::User(user) = &step.instruction.arguments else { continue };
        let text = user.text.trim_matches(['"', '\'']);
        let name = text.split(':').next().unwrap_or_default();
        let variable = user.variables().into_iter().next();
        // One that this file sets may be a number.
        if variable.is_some_and(|v| step.before.declares(&v.name)) {
            continue;
        }
        if name.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        ctx.report(
            user.span,
            format!("only the image knows who `{name}` is; a number is the same everywhere"),
        )
        .aside(name.contains('$'));
    }
}
