use crate::project::{Container, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "data-in-memory",
    summary: "the data of a database in memory",
    since: "0.1.0",
    docs: include_str!("data_in_memory.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(facts) = container.facts().filter(|facts| facts.stateful == Some(true)) else { return };
    let source = container.name.span.source;
    let path = ctx.project.path(source).as_str();
    // Tests want it fast and gone.
    let aside = ctx.project.is_for_development(source)
        || ["test", "ci", "e2e", "dev", "example", "bench"]
            .iter()
            .any(|word| path.split(['/', '.', '-', '_']).any(|p| p == *word || p == format!("{word}s")))
        || container.name.value.contains("test")
        || ctx.project.service_of(container).is_some_and(|service| !service.profiles.is_empty());
    if aside {
        return;
    }
    let data = facts.volumes.iter().chain(&facts.data);
    for mount in &container.mounts {
        let Volume::Scratch { memory: true, .. } = mount.volume else { continue };
        if data.clone().any(|path| mount.target.trim_end_matches('/') == path) {
            let message = format!(
                "`{}` keeps its data in memory: a restart loses it, and it counts as memory of the container",
                container.name.value
            );
            ctx.report(mount.span, message);
        }
    }
}
