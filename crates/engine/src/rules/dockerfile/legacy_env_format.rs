use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, edit};
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
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for instruction in stage.instructions(ctx.project) {
        let (Arguments::Env(pairs) | Arguments::Label(pairs)) = &instruction.arguments else { continue };
        for pair in pairs.iter().filter(|p| p.legacy) {
            let message = format!(
                "`{} name value` is deprecated: the whole line is the value",
                instruction.keyword.value.as_str()
            );
            // The old form takes quotes and blanks as they stand, so the value is quoted unless it is one plain word.
            let value = &*pair.value.text;
            let gap = Span { start: pair.name.span.end, end: pair.value.span.start, ..pair.span };
            let end = Span { start: pair.value.span.end, end: pair.value.span.end, ..pair.span };
            // Quotes around the whole mean the same in both forms.
            let quoted = value
                .strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .is_some_and(|inner| !inner.is_empty() && !inner.contains(['"', '\'', '\\', '`']));
            let quotable = pair.value.text.is_verbatim()
                && (quoted || !value.contains(['"', '\'', '\\', '`']))
                && !edit::has_comment(file, gap);
            let plain =
                quoted || !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '#');
            // The value itself is no part of the edits: it may be a secret.
            let edits = quotable.then(|| {
                if plain {
                    return vec![Edit { span: gap, text: "=".to_owned() }];
                }
                vec![Edit { span: gap, text: "=\"".to_owned() }, Edit { span: end, text: "\"".to_owned() }]
            });
            ctx.report(pair.name.span, message).fix(Safety::Safe, "Write it with an equals sign", edits);
        }
    }
}
