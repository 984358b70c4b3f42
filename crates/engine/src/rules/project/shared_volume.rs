use std::collections::HashMap;

use crate::project::{Container, Project, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shared-volume",
    summary: "a volume that two services write to",
    since: "0.1.0",
    docs: include_str!("shared_volume.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        let mut writers: HashMap<&str, &Container> = HashMap::new();
        for container in composition.services.iter().map(|service| project.container(service.container)) {
            for mount in container.mounts.iter().filter(|mount| !mount.read_only) {
                let Volume::Named(volume) = &mount.volume else { continue };
                let first = *writers.entry(volume).or_insert(container);
                if first.id != container.id {
                    let message = format!(
                        "`{volume}` is written to by `{}` and `{}`",
                        first.name.value, container.name.value
                    );
                    ctx.report(mount.span, message).related(first.name.span, "the other one");
                }
            }
        }
    }
}
