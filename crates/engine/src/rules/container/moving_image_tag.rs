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

/// What tools for manifests call it, and those for Compose files.
const POD: [&str; 6] =
    ["CKV_K8S_14", "KSV-0013", "latest-tag", "container-image-tag", "tagNotSpecified", "disallow-latest-tag"];
const COMPOSE: [&str; 2] = ["CL-0004", "service-image-require-explicit-tag"];

/// Tags that say which line of versions is meant, and none of them, as tools for Compose files have it.
const LINES: [&str; 9] = ["stable", "edge", "test", "nightly", "dev", "beta", "canary", "lts", "develop"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let built = project.is_built(container);
    let at = container.image.at.unwrap_or(container.name.span);
    // A tag that a variable has by default is concrete to dclint.
    let variable = container.image.value().is_some() && project.text(at).contains('$');
    let ids: &'static [&'static str] = match (container.is_in_pod(), variable) {
        (true, _) => &POD,
        (false, true) => &COMPOSE[..1],
        (false, false) => &COMPOSE,
    };
    let Some(image) = container.image.value() else {
        unnamed(container, ids, ctx);
        return;
    };
    // The tag of an image that is built here is the project's own business.
    if container.image.origin == Origin::Platform || image.digest.is_some() {
        return;
    }
    let own = if project.is_for_development(at.source) { Severity::Low } else { Severity::Medium };
    match image.tag.as_deref() {
        None => {
            let message = format!("`{image}` has no tag, so it is whatever `latest` is when it is pulled");
            ctx.report(at, message).severity(own).aside(built).ids(ids);
        }
        Some(tag) if tag == "latest" || tag.ends_with("-latest") || tag.starts_with("latest-") => {
            let message = format!("`{image}` moves: nobody can tell what runs, or go back to it");
            let ids = if tag == "latest" { ids } else { &[] };
            ctx.report(at, message).severity(own).aside(built).ids(ids);
        }
        Some(tag) if LINES.contains(&tag) && !container.is_in_pod() => {
            let message = format!("`{image}` names a line of versions and none of them");
            ctx.report(at, message).severity(Severity::Low).aside(true).ids(ids);
        }
        Some(_) => {}
    }
}

/// What a variable, or something else, puts a name in: others go by the text.
fn unnamed(container: &Container, ids: &'static [&'static str], ctx: &mut Ctx<'_>) {
    let missing = container.is_in_pod() && container.image.is_unset();
    let moves = match container.image_as_written(ctx.project) {
        Some(image) => !image.digest && image.tag.is_none_or(|tag| tag == "latest"),
        None => missing,
    };
    if moves {
        let at = container.image.at.unwrap_or(container.name.span);
        ctx.report(at, format!("nothing here says which image `{}` runs", container.name.value))
            .aside(true)
            .ids(ids);
    }
}
