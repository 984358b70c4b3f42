use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::project::links::SelectionKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "idle-network-policy",
    summary: "a NetworkPolicy that lets everything in and keeps nothing out",
    since: "0.1.0",
    docs: include_str!("idle_network_policy.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // Beside one that keeps everything out it is the exception from that.
    let denied = project.objects.iter().any(|other| {
        matches!(&other.detail, Detail::NetworkPolicy(p) if p.isolates_ingress && p.ingress.is_empty())
    });
    for object in project.objects.iter().filter(|o| !o.patch && !denied) {
        let Detail::NetworkPolicy(policy) = &object.detail else { continue };
        if policy.isolates_egress || !policy.isolates_ingress || policy.selector.is_empty() {
            continue;
        }
        let Some(open) = policy.ingress.iter().find(|rule| rule.peers.is_none() && rule.ports.is_none())
        else {
            continue;
        };
        let selected = project.links.selected_by(object.id);
        let alone =
            selected.iter().all(|s| project.selecting(s.workload, SelectionKind::NetworkPolicy).count() == 1);
        if !selected.is_empty() && alone {
            ctx.report(
                open.span,
                "everybody reaches these pods on every port, as they would without this policy",
            );
        }
    }
}
