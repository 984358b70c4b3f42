use crate::project::Project;
use crate::project::kubernetes::{Detail, NetworkRule, Peer, PortRef};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unreachable-internet",
    summary: "a NetworkPolicy that means the Internet and lets only pods through",
    since: "0.1.0",
    docs: include_str!("unreachable_internet.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::NetworkPolicy(policy) = &object.detail else { continue };
        if !policy.isolates_egress || policy.egress.iter().any(leads_out) {
            continue;
        }
        for rule in &policy.egress {
            let [Peer { pods: None, namespaces: Some(all), block: None, .. }] =
                rule.peers.as_deref().unwrap_or_default()
            else {
                continue;
            };
            // Pods listen on 443 as well, but nobody opens all of them that do to one program alone.
            let web = rule.ports.as_ref().is_some_and(|ports| {
                ports.iter().all(|p| {
                    matches!(p.port.as_ref().map(|p| &p.value), Some(PortRef::Number(80 | 443)))
                        && p.end.is_none()
                })
            });
            if all.is_empty() && web {
                ctx.report(
                    all.span,
                    "this is every pod of the cluster and no address outside: HTTPS to the Internet stays blocked",
                );
            }
        }
    }
}

/// Whether a rule lets something out of the cluster.
fn leads_out(rule: &NetworkRule) -> bool {
    rule.peers.as_ref().is_none_or(|peers| peers.iter().any(|p| p.block.is_some()))
}
