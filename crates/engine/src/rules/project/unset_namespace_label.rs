use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::syntax::yaml::{Node, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unset-namespace-label",
    summary: "a NetworkPolicy that asks for a label which namespaces do not have",
    since: "0.1.0",
    docs: include_str!("unset_namespace_label.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

/// Namespaces that every cluster has, which nobody labels but the cluster itself.
const OWN: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| matches!(o.detail, Detail::NetworkPolicy(_))) {
        for direction in ["ingress", "egress"] {
            let rules = object.at(project, &["spec", direction]);
            let peers = if direction == "ingress" { "from" } else { "to" };
            let peers = rules
                .into_iter()
                .flat_map(Node::items)
                .filter_map(|rule| rule.get(peers))
                .flat_map(Node::items);
            for labels in peers.filter_map(|peer| peer.at(&["namespaceSelector", "matchLabels"])) {
                let Some(entry) = labels.entry("name") else { continue };
                let Some(name) = entry.value.scalar().filter(|name| lacks_label(project, name)) else {
                    continue;
                };
                let message = format!(
                    "no namespace has the label `name: {name}` unless somebody sets it: nothing of `{name}` is let through"
                );
                ctx.report(entry.value.span(), message).fix(
                    Safety::Unsafe,
                    "Ask for the label that every namespace has",
                    edit::rename(entry, "kubernetes.io/metadata.name").ok(),
                );
            }
        }
    }
}

/// Whether a namespace of this name has no label that says so, as far as the project shows.
fn lacks_label(project: &Project, name: &str) -> bool {
    let mut here = false;
    for namespace in project.objects.iter().filter(|o| matches!(o.detail, Detail::Namespace)) {
        if namespace.label("name").is_some_and(|label| label.value == name) {
            return false;
        }
        here |= !namespace.patch && namespace.name.as_ref().is_some_and(|n| n.value == name);
    }
    here || OWN.contains(&name)
}
