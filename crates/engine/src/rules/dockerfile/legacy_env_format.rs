use crate::project::Stage;
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "legacy-env-format",
    summary: "`ENV` or `LABEL` without an equals sign",
    since: "0.1.0",
    docs: include_str!("legacy_env_format.md"),
    aliases: &["LegacyKeyValueFormat", "DF082"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for instruction in stage.instructions(ctx.project) {
        let (Arguments::Env(pairs) | Arguments::Label(pairs)) = &instruction.arguments else { continue };
        for pair in pairs.iter().filter(|p| p.legacy) {
            let message = format!(
                "`{} name value` is deprecated: the whole line is the value",
                instruction.keyword.value.as_str()
            );
            // The old form takes quotes and blanks as they stand, so the value is quoted unless it is one plain word.
            let value = &*pair.value.text;
            let plain = !value.is_empty()
                && !value.contains([' ', '\t', '"', '\'', '\\', '`', '#'])
                && pair.value.text.is_verbatim();
            let quotable = pair.value.text.is_verbatim() && !value.contains(['"', '\'', '\\', '`']);
            let gap = Span { start: pair.name.span.end, end: pair.value.span.end, ..pair.span };
            let edit = (plain || quotable).then(|| {
                let text = if plain { format!("={value}") } else { format!("=\"{value}\"") };
                Edit { span: gap, text }
            });
            ctx.report(pair.name.span, message).fix(Safety::Safe, "Write it with an equals sign", edit);
        }
    }
}
