use crate::project::Project;
use crate::project::compose::Item;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unreachable-published-port",
    summary: "a published port of a service that is only in internal networks",
    since: "0.1.0",
    docs: include_str!("unreachable_published_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        let network = |key: &str| composition.model.get("networks").and_then(|n| n.get(key));
        for service in
            composition.services.iter().filter(|s| s.network_mode.is_none() && !s.networks.is_empty())
        {
            let internal = |key: &str| {
                network(key).and_then(|n| n.get("internal")).and_then(Item::as_bool) == Some(true)
            };
            if !service.networks.iter().all(|n| internal(&n.network)) {
                continue;
            }
            let container = project.container(service.container);
            let published = container.ports.iter().filter(|p| p.published);
            for port in published.filter(|p| composition.files.contains(&p.span.source)) {
                let mut finding = ctx
                    .report(port.span, "nobody reaches it: Docker publishes no port of an internal network");
                finding.fix(Safety::Unsafe, "Publish nothing", || project.take_out(port.span));
                if let Some(at) = service.networks.first().and_then(|n| n.span) {
                    finding.related(at, "the only network it is in");
                }
            }
        }
    }
}
