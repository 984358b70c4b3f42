use crate::project::{Base, Stage};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "untagged-base",
    summary: "a base image without a tag or digest",
    since: "0.1.0",
    docs: include_str!("untagged_base.md"),
    aliases: &["DL3006", "CKV_DOCKER_7", "DF001", "DKL-DI-0006"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Base::Image(image) = &stage.base else { return };
    let Some(span) = stage.image_span(ctx.project) else { return };
    if image.tag.is_none() && image.digest.is_none() {
        // Who builds it chooses; what stands here is only where nobody does.
        let chosen = ctx.project.text(span).contains('$');
        ctx.report(
            span,
            format!("`{image}` has no tag, so it is whatever `latest` is on the day it is built"),
        )
        .severity(if chosen { Severity::Low } else { Severity::Medium });
    }
}
