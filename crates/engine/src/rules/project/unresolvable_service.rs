use std::collections::BTreeSet;

use seaworthy_syntax::{Edit, Span};

use crate::project::compose::Composition;
use crate::project::kubernetes::Detail;
use crate::project::links::{Call, Callee, Names, closest};
use crate::project::{Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unresolvable-service",
    summary: "a name that is called and that no service has",
    since: "0.1.0",
    docs: include_str!("unresolvable_service.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let everywhere: BTreeSet<&str> = project
        .compositions
        .iter()
        .flat_map(|c| &c.services)
        .flat_map(|s| [Some(&s.name), s.container_name.as_ref().map(|n| &n.value)])
        .flatten()
        .map(String::as_str)
        .collect();
    let services = project.objects.iter().filter(|o| matches!(o.detail, Detail::Service(_)));
    let services: Vec<_> = services
        .filter_map(|o| Some((project.directory(o.source), o.name.as_ref()?.value.as_str())))
        .collect();
    let names: Names<'_, ()> = services.iter().map(|(_, name)| ((), *name)).collect();
    for call in project.links.calls.iter().filter(|c| c.to == Callee::Nobody && is_plain(c)) {
        if !is_dialled(project.text(call.at), &call.host) {
            continue;
        }
        let container = project.container(call.from);
        let meant = if let Some(composition) = container.composition.map(|at| &project.compositions[at]) {
            if everywhere.contains(call.host.as_str()) || !is_closed(project, composition, container) {
                continue;
            }
            closest(&call.host, composition.services.iter().map(|s| s.name.as_str()))
        } else {
            // Other manifests may be kept elsewhere: only a name that is almost right is wrong for certain.
            let meant = names.closest((), &call.host);
            // Services of one application begin alike.
            let family = call.host.split_once('-').map(|(first, _)| first).filter(|first| first.len() > 3);
            let here = project.directory(container.place.source);
            let beside = services.iter().filter(|(directory, _)| *directory == here);
            let related = beside.filter(|(_, name)| name.split('-').next() == family).count();
            // An operator makes Services of its own.
            let made =
                ["-http", "-headless", "-rw", "-ro", "-preview"].iter().any(|end| call.host.ends_with(end));
            // Compose gives a container a second name, and a cluster does not.
            let second =
                second_name(project, &call.host).filter(|name| services.iter().any(|(_, own)| own == name));
            let meant = meant.or(second);
            if meant.is_none() && (family.is_none() || made || related < 2) {
                continue;
            }
            meant
        };
        let hint = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        ctx.report(call.at, format!("calls `{}`, and no service here has that name{hint}", call.host)).fix(
            Safety::Unsafe,
            "Call the one that is meant",
            || {
                let text = project.text(call.at);
                let (before, behind) = text.split_once(&*call.host)?;
                let start = call.at.start as usize + before.len();
                let span = Span::new(call.at.source, start, start + call.host.len());
                let once = !behind.contains(&*call.host);
                Some(Edit { span, text: meant.filter(|_| once)?.to_owned() })
            },
        );
    }
}

/// The name of the Compose service whose container is called so.
fn second_name<'p>(project: &'p Project, host: &str) -> Option<&'p str> {
    let services = project.compositions.iter().flat_map(|c| &c.services);
    let named = |s: &&crate::project::Service| {
        s.container_name.as_ref().is_some_and(|n| n.value == host) && s.name != host
    };
    services.filter(|s| named(s)).map(|s| s.name.as_str()).next()
}

/// Whether a word is a host for certain and no name that a machine or a network gives.
fn is_plain(call: &Call) -> bool {
    let host = call.host.as_str();
    let variable = call.variable.as_deref().unwrap_or_default().to_ascii_uppercase();
    // Who may call is not who is called, and these name no service at all.
    let other =
        ["CORS", "ORIGIN", "ALLOWED", "PROXY", "PUBLIC", "EXTERNAL", "ADVERTISED", "DOMAIN", "REDIRECT"];
    call.in_url
        && !host.contains('.')
        && host.bytes().any(|b| b.is_ascii_lowercase())
        && !host.bytes().any(|b| b.is_ascii_uppercase())
        && !other.iter().any(|word| variable.contains(word))
        // A word to be replaced.
        && !host.starts_with('_')
        // The name of a container as Compose makes it.
        && !host.ends_with("_1")
        && !host.ends_with("-1")
        && !["your", "example", "host", "server", "domain", "kubernetes", "metadata", "address"].iter().any(|w| host.contains(w))
}

/// Whether the scheme before a host is one that looks names up: that of a bucket or a queue does not.
fn is_dialled(text: &str, host: &str) -> bool {
    const SCHEMES: [&str; 24] = [
        "http",
        "https",
        "ws",
        "wss",
        "grpc",
        "tcp",
        "redis",
        "rediss",
        "postgres",
        "postgresql",
        "mysql",
        "mariadb",
        "mongodb",
        "amqp",
        "amqps",
        "nats",
        "kafka",
        "ldap",
        "ldaps",
        "bolt",
        "neo4j",
        "clickhouse",
        "sqlserver",
        "smtp",
    ];
    text.match_indices("://").any(|(at, _)| {
        let scheme =
            text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or_default();
        let scheme = scheme.split('+').next().unwrap_or(scheme);
        let rest = &text[at + 3..];
        let authority = rest.split(['/', '?', '#', ' ', '"', '\'', '(']).next().unwrap_or(rest);
        let hosts = authority.rsplit('@').next().unwrap_or(authority);
        SCHEMES.contains(&scheme)
            && !rest[authority.len()..].starts_with('(')
            && hosts.split(',').any(|one| one.split(':').next() == Some(host))
    })
}

/// Whether all that a service can reach by name is written in its project.
fn is_closed(project: &Project, composition: &Composition, container: &Container) -> bool {
    let Some(service) = composition.service(&container.name.value) else { return false };
    let external = composition.model.get("networks").and_then(|n| n.as_map()).into_iter().flatten();
    !composition.is_incomplete()
        && composition.services.len() > 1
        && container.host_namespaces.is_empty()
        && ["extra_hosts", "external_links", "links", "network_mode", "dns"]
            .iter()
            .all(|key| service.get(key).is_none())
        && !external.into_iter().any(|(_, network)| network.get("external").is_some())
        && !composition.problems.iter().any(|p| p.kind.is_refused())
        && project.text(container.name.span) == container.name.value
}
