use std::collections::HashMap;

use seaworthy_syntax::Span;

use crate::project::compose::Service;
use crate::project::{Namespace, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-host-port",
    summary: "two services of a project that publish the same port of the host",
    since: "0.1.0",
    docs: include_str!("duplicate_host_port.md"),
    aliases: &["no-duplicate-exported-ports"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        let mut found = Vec::new();
        let mut taken: HashMap<(u16, &str), Vec<(&Service, Option<&str>, Span)>> = HashMap::new();
        for service in &composition.services {
            let container = project.container(service.container);
            if container.host_namespaces.iter().any(|n| n.value == Namespace::Network) {
                continue;
            }
            for port in &container.ports {
                let Some(host) = port.host.filter(|host| *host != 0) else { continue };
                let address = port.host_ip.as_deref().filter(|ip| !matches!(*ip, "" | "0.0.0.0" | "::"));
                for number in 0..=port.container_end.saturating_sub(port.container) {
                    let key = (host.saturating_add(number), port.protocol.as_str());
                    let others = taken.entry(key).or_default();
                    let other = others.iter().find(|(other, theirs, _)| {
                        other.name != service.name
                            && (address.is_none() || theirs.is_none() || address == *theirs)
                    });
                    if let Some((other, _, first)) = other {
                        let message = format!(
                            "port {} of the host is published by `{}` too: the second one cannot start",
                            key.0, other.name
                        );
                        // What one service takes over from the other it may also take the place of.
                        if port.span != *first {
                            found.push((port.span, *first, message, may_run_together(service, other)));
                        }
                        break;
                    }
                    others.push((service, address, port.span));
                }
            }
        }
        // A file with many is a menu, of which each start names a few.
        let menu = found.iter().filter(|(.., together)| *together).count() > 3;
        for (at, first, message, together) in found {
            ctx.report(at, message).related(first, "the other one").aside(menu || !together);
        }
    }
}

/// Whether one start may bring up both: variants of a service are told apart by profiles.
fn may_run_together(a: &Service, b: &Service) -> bool {
    a.profiles.is_empty() && b.profiles.is_empty()
        || !a.profiles.is_empty() && a.profiles.iter().any(|profile| b.profiles.contains(profile))
}
