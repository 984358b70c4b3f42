use crate::project::{Container, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "hidden-log-links",
    summary: "an empty volume over the links that carry nginx's logs",
    since: "0.1.0",
    docs: include_str!("hidden_log_links.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let stage = container.stage(project);
    let image = stage.and_then(|s| s.image(project)).or_else(|| container.image.value());
    // Its image links its logs to the streams of the container; that of others may not.
    let known = image.is_some_and(|image| matches!(image.short(), "nginx" | "nginx-unprivileged"));
    let likely =
        image.is_none_or(|image| image.short().contains("nginx") || image.short().contains("frontend"));
    let serves = known || likely && mounts(container, "/var/cache/nginx");
    if !serves {
        return;
    }
    for mount in container.mounts.iter().filter(|m| m.target.trim_end_matches('/') == "/var/log/nginx") {
        let shared = container.workload.is_some_and(|id| {
            let others = project.workload(id).containers.iter().filter(|other| **other != container.id);
            let same = |other: &Container| {
                other.mounts.iter().any(|m| {
                    m.name.as_ref().zip(mount.name.as_ref()).is_some_and(|(a, b)| a.value == b.value)
                })
            };
            others.map(|id| project.container(*id)).any(same)
        });
        if matches!(mount.volume, Volume::Scratch { .. }) && !shared {
            ctx.report(
                mount.span,
                "this hides the links to the container's output: `kubectl logs` shows nothing, and the volume fills",
            );
        }
    }
}

fn mounts(container: &Container, target: &str) -> bool {
    container.mounts.iter().any(|m| m.target.trim_end_matches('/') == target)
}
