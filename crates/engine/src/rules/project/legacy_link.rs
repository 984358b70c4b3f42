use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "legacy-link",
    summary: "a `links` of the time before networks",
    since: "0.1.0",
    docs: include_str!("legacy_link.md"),
    aliases: &[],
    category: Category::Style,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for container in composition.services.iter().map(|service| project.container(service.container)) {
            for (key, instead) in [
                ("links", "services of one network find each other by their names"),
                ("external_links", "a network that both projects join does it"),
                ("volumes_from", "a named volume does it"),
            ] {
                let Some(item) = container.item(project, &[key]) else { continue };
                let Some(at) = item.key.or(item.span()).filter(|_| !item.items().is_empty()) else {
                    continue;
                };
                // Another name for the other service is what the key still does.
                let plain = key == "links"
                    && item.items().iter().all(|link| link.as_str().is_some_and(|link| !link.contains(':')))
                    && container.item(project, &["depends_on"]).is_some();
                ctx.report(at, format!("`{key}` is of the time before networks: {instead}")).fix(
                    Safety::Unsafe,
                    "Leave it out",
                    || if plain { container.remove_below(project, &["links"]) } else { None },
                );
            }
        }
    }
}
