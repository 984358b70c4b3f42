use crate::project::{Base, Stage};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "untagged-base",
    summary: "a base image without a tag or digest",
    since: "0.1.0",
    docs: include_str!("untagged_base.md"),
    aliases: &["DL3006", "CKV_DOCKER_7", "DF001", "DKL-DI-0006"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(span) = stage.image_span(ctx.project) else { return };
    let written = ctx.project.text(span);
    let Base::Image(image) = &stage.base else {
        let name = written.rsplit('/').next().unwrap_or(written);
        if stage.base == Base::Unknown && !name.contains([':', '@']) && !written.starts_with('$') {
            ctx.report(span, format!("`{written}` has no tag")).severity(Severity::Low).aside(true);
        }
        return;
    };
    if image.tag.is_none() && image.digest.is_none() {
        // Who builds it chooses; what stands here is only where nobody does.
        let chosen = written.contains('$');
        // hadolint leaves variables alone.
        let ids = if written.starts_with('$') { &RULE.aliases[1..] } else { RULE.aliases };
        let project = ctx.project;
        ctx.report(
            span,
            format!("`{image}` has no tag, so it is whatever `latest` is on the day it is built"),
        )
        .ids(ids)
        .severity(if chosen { Severity::Low } else { Severity::Medium })
        .fix(Safety::Unsafe, "Use the tag that the project has of it elsewhere", || {
            let tag = project.tag_elsewhere(image)?;
            (!chosen).then(|| Edit { span, text: format!("{written}:{tag}") })
        });
    }
}
