use camino::Utf8Path;

use crate::project::container::Role;
use crate::project::links::BuiltHow;
use crate::project::{Container, Intent, Project, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "local-image",
    summary: "an image that only this machine has, where a cluster pulls it",
    since: "0.1.0",
    docs: include_str!("local_image.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(image) = container.image.value() else { return };
    let pulled = container.pull_policy.is(&"Always".to_owned());
    if container.platform != Target::Kubernetes
        || container.role == Role::Ephemeral
        || image.registry.is_some()
        || image.digest.is_some()
        || image.repository.contains('/')
        || !pulled
        || crate::images::facts(image).is_some()
        || builds_elsewhere(project)
    {
        return;
    }
    if container.workload.is_none_or(|id| project.workload(id).kind == WorkloadKind::Running) {
        return;
    }
    // Without a registry the name is that of an official image; one that is built here is none.
    let built =
        project.links.built_by.iter().any(|b| b.container == container.id && b.how != BuiltHow::Likeness);
    let composed = project.compositions.iter().flat_map(|c| &c.services).find(|service| {
        let own = project.container(service.container);
        service.build.is_some()
            && (service.container_name.as_ref().is_some_and(|n| n.value == image.repository)
                || own
                    .image
                    .value()
                    .is_some_and(|i| i.registry.is_none() && i.repository == image.repository))
    });
    if !built && composed.is_none() {
        return;
    }
    let message =
        format!("the cluster asks Docker Hub for `{image}`, which is built here and pushed nowhere");
    ctx.report(container.image.at.unwrap_or(container.name.span), message).set(
        Safety::Unsafe,
        "Take the one that the node has",
        container,
        &Intent::PullPolicy("IfNotPresent"),
    );
}

/// Whether a tool puts the name of what it has pushed in the place of this.
fn builds_elsewhere(project: &Project) -> bool {
    ["skaffold.yaml", "skaffold.yml", "Tiltfile", "devspace.yaml", "garden.yml", "werf.yaml"]
        .iter()
        .any(|name| project.files.exists(Utf8Path::new(name)) == Some(true))
}
