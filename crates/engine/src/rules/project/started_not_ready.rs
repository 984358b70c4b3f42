use seaworthy_syntax::yaml::NodeKind;
use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::compose::{Composition, Service};
use crate::project::{Action, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "started-not-ready",
    summary: "a service that starts before one it needs is ready, although that one can tell",
    since: "0.1.0",
    docs: include_str!("started_not_ready.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for service in &composition.services {
            let Some(place) = composition.service(&service.name).and_then(|s| s.get("depends_on")?.place)
            else {
                continue;
            };
            // The long form says what is meant.
            let Some(list) = project.node(place).filter(|n| n.kind() == NodeKind::Sequence) else { continue };
            let waits: Vec<_> = service
                .depends_on
                .iter()
                .filter(|d| {
                    d.service.span.source == place.source && tells(project, composition, &d.service.value)
                })
                .collect();
            let Some(first) = waits.first() else { continue };
            let names: Vec<String> = waits.iter().map(|d| format!("`{}`", d.service.value)).collect();
            let message = format!(
                "`{}` starts before {} {} ready, although a health check tells",
                service.name,
                listed(&names),
                if names.len() == 1 { "is" } else { "are" }
            );
            let entries = service.depends_on.iter().map(|dependency| {
                let name = &dependency.service.value;
                let healthy = tells(project, composition, name);
                let condition = if healthy { "service_healthy" } else { "service_started" };
                (name.clone(), New::Map(vec![("condition".to_owned(), New::Str(condition.to_owned()))]))
            });
            let whole = list.items().count() == service.depends_on.len();
            let edit = edit::replace(list, &New::Map(entries.collect()));
            ctx.report(first.service.span, message).fix(
                Safety::Unsafe,
                "Wait until its health check succeeds",
                whole.then_some(edit),
            );
        }
    }
}

/// Names as a sentence lists them.
fn listed(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// Whether a service has a health check.
fn tells(project: &Project, composition: &Composition, name: &str) -> bool {
    let of = |service: &&Service| service.name == name;
    composition.services.iter().find(of).is_some_and(|service| {
        let check = project.container(service.container).healthcheck.as_ref();
        check.is_some_and(|check| check.action != Action::None)
    })
}
