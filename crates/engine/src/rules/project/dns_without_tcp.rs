use crate::project::Project;
use crate::project::kubernetes::{Detail, NetworkRule, PeerPort, PortRef};
use crate::syntax::yaml::Node;
use crate::syntax::yaml::edit::{self, New};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dns-without-tcp",
    summary: "a NetworkPolicy that lets names be asked for by UDP alone",
    since: "0.1.0",
    docs: include_str!("dns_without_tcp.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::NetworkPolicy(policy) = &object.detail else { continue };
        if !policy.isolates_egress || policy.egress.iter().any(|rule| lets(rule, "TCP")) {
            continue;
        }
        for (at, rule) in policy.egress.iter().enumerate() {
            let Some(port) = rule.ports.iter().flatten().find(|p| is_dns(p) && protocol(p) == "UDP") else {
                continue;
            };
            let span = port.port.as_ref().map_or(rule.span, |p| p.span);
            let rules = object.at(project, &["spec", "egress"]);
            let ports =
                rules.and_then(|rules| rules.items().nth(at)).and_then(|rule: Node<'_>| rule.get("ports"));
            let tcp = New::Map(vec![
                ("port".to_owned(), New::Int(53)),
                ("protocol".to_owned(), New::Str("TCP".to_owned())),
            ]);
            ctx.report(
                span,
                "an answer that is too long for UDP is asked for again by TCP, which stays blocked",
            )
            .fix(
                Safety::Unsafe,
                "Let TCP through as well",
                ports.and_then(|ports| edit::push(ports, &tcp).ok()),
            );
        }
    }
}

fn protocol(port: &PeerPort) -> &str {
    port.protocol.as_ref().map_or("TCP", |p| p.value.as_str())
}

fn is_dns(port: &PeerPort) -> bool {
    match port.port.as_ref().map(|p| &p.value) {
        Some(PortRef::Number(number)) => {
            *number == 53 || port.end.as_ref().is_some_and(|end| (*number..=end.value).contains(&53))
        }
        Some(PortRef::Name(name)) => name.starts_with("dns"),
        None => true,
    }
}

/// Whether a rule lets a protocol through on the port of DNS.
fn lets(rule: &NetworkRule, wanted: &str) -> bool {
    rule.ports.as_ref().is_none_or(|ports| ports.iter().any(|p| is_dns(p) && protocol(p) == wanted))
}
