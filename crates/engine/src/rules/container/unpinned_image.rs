use crate::project::Container;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unpinned-image",
    summary: "an image without a digest",
    since: "0.1.0",
    docs: include_str!("unpinned_image.md"),
    aliases: &[
        "CKV_K8S_43",
        "C-0306",
        "image-not-pinned-to-digest",
        "require-image-checksum",
        "resolve-image-to-digest",
        "CL-0019",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

const POD: [&str; 5] = [
    "CKV_K8S_43",
    "C-0306",
    "image-not-pinned-to-digest",
    "require-image-checksum",
    "resolve-image-to-digest",
];
const COMPOSE: [&str; 1] = ["CL-0019"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if container.role == Role::Ephemeral {
        return;
    }
    let at = container.image.at.unwrap_or(container.name.span);
    let (held, tag, name) = match (container.image.value(), container.image_as_written(project)) {
        (Some(image), _) => (image.digest.is_some(), image.tag.clone(), image.to_string()),
        (None, Some(image)) => (image.digest, image.tag, project.text(at).to_owned()),
        (None, None) if container.is_in_pod() && container.image.is_unset() => {
            (false, None, container.name.value.clone())
        }
        (None, None) => return,
    };
    if held {
        return;
    }
    // A tag that moves anyway is told by a rule of its own, which compose-lint keeps apart as well.
    let moves = tag
        .is_none_or(|tag| matches!(tag.as_str(), "latest" | "dev" | "test" | "stable" | "edge" | "nightly"));
    let ids: &'static [&'static str] = match (container.is_in_pod(), moves) {
        (true, _) => &POD,
        (false, true) => &[],
        (false, false) => &COMPOSE,
    };
    let aside = container.image.value().is_none() || project.is_built(container);
    ctx.report(at, format!("`{name}` may be another image tomorrow: it has no digest")).aside(aside).ids(ids);
}
