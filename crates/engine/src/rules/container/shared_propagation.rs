use seaworthy_syntax::yaml::Node;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shared-propagation",
    summary: "a mount by which a container changes the mounts of its host",
    since: "0.1.0",
    docs: include_str!("shared_propagation.md"),
    aliases: &["CL-0017"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let name = &container.name.value;
    let message = format!("what `{name}` mounts there appears on the host and in other containers");
    for item in
        container.item(project, &["volumes"]).into_iter().flat_map(crate::project::compose::item::Item::items)
    {
        let kind = item.at_path(&["bind", "propagation"]);
        if let Some(at) =
            item.span().filter(|_| kind.and_then(|k| k.as_str()).is_some_and(|k| k.ends_with("shared")))
        {
            ctx.report(at, message.clone());
        }
    }
    for item in container.at(project, &["volumeMounts"]).into_iter().flat_map(Node::items) {
        let Some(entry) = item.entry("mountPropagation") else { continue };
        if entry.value.scalar().is_some_and(|kind| kind == "Bidirectional") {
            let agent = container.works_on_node(project);
            let edits = || seaworthy_syntax::yaml::edit::remove(entry).ok().filter(|_| !agent);
            // Drivers of storage mount for other pods.
            let severity = if container.privileged.is(&true) { Severity::Low } else { Severity::Medium };
            ctx.report(entry.value.span(), message.clone()).severity(severity).fix(
                Safety::Unsafe,
                "Keep its mounts to itself",
                edits,
            );
        }
    }
}
