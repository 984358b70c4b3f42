use crate::project::{Base, Stage};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "moving-base-tag",
    summary: "a base image with the tag `latest`",
    since: "0.1.0",
    docs: include_str!("moving_base_tag.md"),
    aliases: &["DL3007", "DS-0001", "DF024"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Base::Image(image) = &stage.base else { return };
    let Some(span) = stage.image_span(ctx.project) else { return };
    if image.tag.as_deref() == Some("latest") && image.digest.is_none() {
        // Who builds it chooses; what stands here is only where nobody does.
        let chosen = ctx.project.text(span).contains('$');
        ctx.report(span, format!("`{image}` moves: the same commit builds another image tomorrow"))
            .severity(if chosen { Severity::Low } else { Severity::Medium });
    }
}
