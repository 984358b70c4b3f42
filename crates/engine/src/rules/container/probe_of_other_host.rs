use seaworthy_syntax::yaml::edit;

use crate::project::{Container, Namespace};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "probe-of-other-host",
    summary: "a probe or hook that asks another host than its own pod",
    since: "0.1.0",
    docs: include_str!("probe_of_other_host.md"),
    aliases: &["baseline:Host-Probes"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

const PLACES: [&[&str]; 5] = [
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "preStop"],
    &["lifecycle", "postStart"],
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    // On the network of its node the pod is where the kubelet is.
    let on_host = container.host_namespaces.iter().any(|n| n.value == Namespace::Network);
    let own = |host: &str| host.is_empty() || on_host && matches!(host, "127.0.0.1" | "localhost" | "::1");
    for place in PLACES {
        let Some(node) = container.at(project, place) else { continue };
        let entries = ["httpGet", "tcpSocket"].into_iter().filter_map(|kind| node.get(kind)?.entry("host"));
        for entry in entries.filter(|e| e.value.scalar().is_some_and(|host| !own(&host))) {
            let message = "the kubelet asks this host from its node, and no policy stops it";
            ctx.report(entry.key.span(), message).fix(
                Safety::Unsafe,
                "Ask the pod itself",
                edit::remove(entry).ok(),
            );
        }
    }
}
