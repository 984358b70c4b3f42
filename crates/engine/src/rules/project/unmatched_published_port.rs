use std::collections::BTreeSet;

use crate::project::container::EnvValue;
use crate::project::{Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unmatched-published-port",
    summary: "a published port on which nothing in the image listens",
    since: "0.1.0",
    docs: include_str!("unmatched_published_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for service in project.compositions.iter().flat_map(|c| &c.services) {
        let container = project.container(service.container);
        let listens = listens(project, container);
        // One port that is known to be right shows that the image is understood; a program may listen on more.
        let published: Vec<_> = container.ports.iter().filter(|p| p.published).collect();
        if listens.is_empty() || published.len() != 1 {
            continue;
        }
        let port = published[0];
        let ports = port.container..=port.container_end;
        if listens.iter().any(|l| ports.contains(l)) || mentions(project, container, port.container) {
            continue;
        }
        let known: BTreeSet<String> = listens.iter().map(u16::to_string).collect();
        let known: Vec<String> = known.into_iter().collect();
        let message = format!(
            "publishes port {} of the container, but its image listens on {}",
            port.container,
            known.join(", ")
        );
        ctx.report(port.span, message).fix(Safety::Unsafe, "Publish the port it listens on", || {
            let [only] = known.as_slice() else { return None };
            project.republish(port, only.parse().ok()?)
        });
    }
}

/// The ports that the image says it listens on.
fn listens(project: &Project, container: &Container) -> Vec<u16> {
    match container.stage(project) {
        Some(stage) => {
            let end = stage.end();
            let ports = end.ports().filter(|p| p.protocol == "tcp" && end.ports_are_complete());
            ports.flat_map(|p| p.container..=p.container_end.min(p.container.saturating_add(16))).collect()
        }
        None if container.build.is_none() => {
            container.facts().map(|f| f.ports.iter().map(|p| p.port).collect()).unwrap_or_default()
        }
        None => Vec::new(),
    }
}

/// Whether a variable, the command or a configuration that is mounted may have set the port.
fn mentions(project: &Project, container: &Container, port: u16) -> bool {
    let port = port.to_string();
    let said = |text: &str| text.contains(&port);
    let env = container.env.iter().any(|v| match v.value.value() {
        Some(EnvValue::Literal(text)) => said(text),
        Some(_) => true,
        None => v.value.is_unknown(),
    });
    let words = [&container.entrypoint, &container.command];
    let words =
        words.iter().any(|w| w.is_unknown() || w.value().into_iter().flatten().any(|word| said(word)));
    let checked = container.healthcheck.as_ref().is_some_and(|check| said(project.text(check.span)));
    env || words || checked || !container.mounts.is_empty()
}
