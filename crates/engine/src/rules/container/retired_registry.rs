use crate::project::container::ImageName;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "retired-registry",
    summary: "an image of a registry that is no longer kept",
    since: "0.1.0",
    docs: include_str!("retired_registry.md"),
    aliases: &["C-0253", "rule-identify-old-k8s-registry", "restrict-deprecated-registry"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(image) = container.image.value() else { return };
    let retired = match image.registry.as_deref() {
        Some("k8s.gcr.io" | "us.gcr.io" | "eu.gcr.io" | "asia.gcr.io" | "gcr.io") => retired_path(image),
        _ => return,
    };
    let Some(repository) = retired else { return };
    let at = container.image.at.unwrap_or(container.name.span);
    let message =
        format!("`{image}` gets no new versions: Kubernetes' images are in `registry.k8s.io` since 2023");
    let moved = ImageName { registry: Some("registry.k8s.io".to_owned()), repository, ..image.clone() };
    let title = format!("Take it from its new place: `{moved}`");
    // The images were copied as they are; those of Google's own project were not all.
    let safety = if image.registry.as_deref() == Some("k8s.gcr.io") { Safety::Safe } else { Safety::Unsafe };
    ctx.report(at, message).set(safety, title, container, &Intent::Image(moved.to_string()));
}

/// The repository of an image without what named Kubernetes' project in a registry of Google.
fn retired_path(image: &ImageName) -> Option<String> {
    if image.registry.as_deref() == Some("k8s.gcr.io") {
        return Some(image.repository.clone());
    }
    let (project, rest) = image.repository.split_once('/')?;
    matches!(project, "k8s-artifacts-prod" | "google_containers" | "google-containers")
        .then(|| rest.to_owned())
}
