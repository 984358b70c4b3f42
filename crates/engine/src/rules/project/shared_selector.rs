use std::collections::HashMap;

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shared-selector",
    summary: "two Services of the same pods",
    since: "0.1.0",
    docs: include_str!("shared_selector.md"),
    aliases: &["require-unique-service-selector"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut first = HashMap::new();
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Service(service) = &object.detail else { continue };
        let Some(selector) = service.selector.as_ref().filter(|_| !service.headless) else { continue };
        let mut labels: Vec<(&str, &str)> =
            selector.labels.iter().map(|(key, value)| (key.value.as_str(), value.value.as_str())).collect();
        labels.sort_unstable();
        let namespace = object.namespace.as_ref().map(|n| n.value.as_str());
        let directory = project.directory(object.source);
        let other = *first.entry((directory, namespace, labels)).or_insert(object);
        if other.id != object.id && other.headline() != object.headline() {
            ctx.report(selector.span, "another Service selects the same pods")
                .related(other.headline(), "the other one");
        }
    }
}
