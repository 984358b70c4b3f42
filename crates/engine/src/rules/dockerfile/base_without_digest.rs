use crate::project::{Base, Stage};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "base-without-digest",
    summary: "a base image by a tag alone, which its publisher may move",
    since: "0.1.0",
    docs: include_str!("base_without_digest.md"),
    aliases: &[],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let (Base::Image(image), Some(span)) = (&stage.base, stage.image_span(ctx.project)) else { return };
    // Without a tag, or with `latest`, there is more to be said, by other rules.
    let named = image.tag.as_deref().is_some_and(|tag| tag != "latest");
    if named && image.digest.is_none() && !ctx.project.text(span).contains('$') {
        ctx.report(span, format!("`{image}` has no digest: the same tag may be another image tomorrow"));
    }
}
