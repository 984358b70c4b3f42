use crate::project::{Container, Origin};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "moving-image-tag",
    summary: "an image whose tag is missing or moves",
    since: "0.1.0",
    docs: include_str!("moving_image_tag.md"),
    aliases: &[
        "CKV_K8S_14",
        "KSV-0013",
        "latest-tag",
        "container-image-tag",
        "tagNotSpecified",
        "disallow-latest-tag",
        "CL-0004",
        "service-image-require-explicit-tag",
    ],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(image) = container.image.value() else { return };
    // The tag of an image that is built here is the project's own business.
    if container.image.origin == Origin::Platform {
        return;
    }
    let held = image.digest.is_some() || ctx.project.is_built(container);
    let at = container.image.at.unwrap_or(container.name.span);
    let message = match image.tag.as_deref() {
        None => format!("`{image}` has no tag, so it is whatever `latest` is when it is pulled"),
        Some(tag) if tag == "latest" || tag.ends_with("-latest") || tag.starts_with("latest-") => {
            format!("`{image}` moves: nobody can tell what runs, or go back to it")
        }
        Some(_) => return,
    };
    let own = ctx.project.is_for_development(at.source);
    ctx.report(at, message).severity(if own { Severity::Low } else { Severity::Medium }).aside(held);
}
