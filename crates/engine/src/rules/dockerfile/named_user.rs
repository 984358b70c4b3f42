use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, edit};
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
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
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
        .aside(name.contains('$'))
        .fix(Safety::Safe, "Name it by its number", || {
            let (name, group) =
                text.split_once(':').map_or((text, None), |(name, group)| (name, Some(group)));
            let uid = step.before.accounts().find(|account| account.name == name)?.uid;
            let number = match group {
                Some(group) if group.bytes().all(|b| b.is_ascii_digit()) => format!("{uid}:{group}"),
                Some(group) => format!("{uid}:{}", step.before.group(group)?),
                None => uid.to_string(),
            };
            edit::replace(file, user, &number)
        });
    }
}
