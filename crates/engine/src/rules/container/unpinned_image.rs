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

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(image) = container.image.value() else { return };
    if image.digest.is_some() || project.is_built(container) || container.role == Role::Ephemeral {
        return;
    }
    // A tag that moves anyway is told by a rule of its own, which compose-lint keeps apart as well.
    let moves = !container.is_in_pod() && image.tag.as_deref().is_none_or(|tag| tag == "latest");
    let at = container.image.at.unwrap_or(container.name.span);
    let message = format!("`{image}` may be another image tomorrow: it has no digest");
    let ids: &'static [&'static str] = if moves { &POD } else { ctx.all_ids() };
    ctx.report(at, message).ids(ids);
}

const POD: [&str; 4] = ["CKV_K8S_43", "C-0306", "image-not-pinned-to-digest", "require-image-checksum"];
