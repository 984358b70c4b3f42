use seaworthy_syntax::yaml::NodeKind;
use seaworthy_syntax::yaml::edit::{self, New};
use seaworthy_syntax::{Edit, Span};

use crate::project::Project;
use crate::project::compose::{Composition, ProblemKind};
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "undefined-reference",
    summary: "a Compose service that names a service, network, volume, config or secret nobody defines",
    since: "0.1.0",
    docs: include_str!("undefined_reference.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for problem in project.compose_problems(&[ProblemKind::Undefined]) {
        let mut finding = ctx.report(problem.span, problem.message.clone());
        if let Some((title, edits)) = mend(project, problem.span) {
            finding.fix(Safety::Unsafe, title, edits);
        }
    }
}

/// Writes the name that was meant, or defines the network or volume of this one.
fn mend(project: &Project, at: Span) -> Option<(String, Vec<Edit>)> {
    let node = project.node_at(at)?;
    let list = std::iter::successors(Some(node), |n| n.parent()).find_map(|n| {
        let key = n.as_entry().filter(|entry| entry.key.id() != node.id())?.key.scalar()?;
        let known = ["depends_on", "networks", "volumes", "secrets", "configs", "models"];
        known.into_iter().find(|list| *list == key)
    })?;
    let text = node.scalar()?;
    // A short mount begins with its volume.
    let (name, rest) =
        text.find(':').filter(|_| list == "volumes").map_or((&*text, ""), |at| text.split_at(at));
    let own = |c: &&Composition| c.files.contains(&at.source);
    let top = if list == "depends_on" { "services" } else { list };
    let defined = project.compositions.iter().filter(own).filter_map(|c| c.model.get(top)?.as_map());
    if let Some(meant) = closest(name, defined.flat_map(|map| map.keys().map(String::as_str))) {
        let edit = match node.as_entry().filter(|entry| entry.key.id() == node.id()) {
            Some(entry) => edit::rename(entry, meant),
            None => edit::replace(node, &New::Str(format!("{meant}{rest}"))),
        };
        return Some((format!("Mean `{meant}`"), vec![edit.ok()?]));
    }
    let root = node.tree().documents().flatten().next().filter(|root| root.kind() == NodeKind::Mapping)?;
    let named = matches!(top, "networks" | "volumes") && !name.contains('$');
    let edit = named.then(|| edit::set_path(root, &[top, name], &New::Map(Vec::new())).ok())??;
    Some((format!("Define `{name}`"), vec![edit]))
}
