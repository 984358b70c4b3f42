use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit::New;

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "default-ndots",
    summary: "pods that ask for five names to find one",
    since: "0.1.0",
    docs: include_str!("default_ndots.md"),
    aliases: &["dnsconfig-options", "add-ndots"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let options = workload.pod_at(project, &["dnsConfig", "options"]);
    let is_set = options
        .into_iter()
        .flat_map(Node::items)
        .any(|item| item.get("name").and_then(Node::scalar).is_some_and(|name| name == "ndots"));
    let policy = workload.pod.dns_policy.value().map_or("ClusterFirst", String::as_str);
    if is_set || workload.kind == WorkloadKind::Running || !policy.starts_with("ClusterFirst") {
        return;
    }
    let option = New::Map(vec![
        ("name".to_owned(), New::Str("ndots".to_owned())),
        ("value".to_owned(), New::Str("2".to_owned())),
    ]);
    // Beside other options it would have to be added to them.
    let fresh = options.is_none();
    ctx.report(
        workload.headline,
        "each name outside of the cluster is looked for in every search domain first",
    )
    .fix(Safety::Unsafe, "Look for names with two dots as they are", || {
        fresh.then(|| workload.set_pod(project, &["dnsConfig", "options"], &New::Seq(vec![option])))?
    });
}
