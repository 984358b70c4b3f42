use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "published-everywhere",
    summary: "a port that every network of the host can reach",
    since: "0.1.0",
    docs: include_str!("published_everywhere.md"),
    aliases: &["CL-0005", "no-unbound-port-interfaces"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    // One that shares the host's network publishes nothing.
    if container.is_in_pod() || !container.host_namespaces.is_empty() {
        return;
    }
    for port in container.ports.iter().filter(|port| port.published) {
        if port.host_ip.as_deref().is_some_and(|ip| !matches!(ip, "0.0.0.0" | "::" | "[::]" | "")) {
            continue;
        }
        let message = format!(
            "port {} of `{}` is open to every network of the host, past its firewall",
            port.container, container.name.value
        );
        // dclint takes what is said for meant.
        let ids: &'static [&'static str] =
            if port.host_ip.as_deref().is_none_or(str::is_empty) { RULE.aliases } else { &RULE.aliases[..1] };
        ctx.report(port.span, message).ids(ids).set(
            Safety::Unsafe,
            "Publish it for the host alone",
            container,
            &Intent::PublishLocally(port.span),
        );
    }
}
