//! Who calls whom by name: host names in variables and commands, and the services that have them.

use std::collections::HashMap;

use seaworthy_syntax::Span;

use super::Links;
use super::near::nearest;
use crate::project::compose::{Item, Reference, references};
use crate::project::container::{Container, EnvValue};
use crate::project::kubernetes::{Detail, ObjectId};
use crate::project::{ContainerId, Project};

/// A container that calls a host by name.
#[derive(Clone, Debug)]
pub struct Call {
    /// The container.
    pub from: ContainerId,
    /// The host as written.
    pub host: String,
    /// The port as written.
    pub port: Option<u16>,
    /// Whether it stands in an address with a scheme: then it is a host for certain.
    pub in_url: bool,
    /// Whom it calls.
    pub to: Callee,
    /// The value or the word of the command that names it.
    pub at: Span,
    /// The variable whose value names it.
    pub variable: Option<String>,
}

/// Whom a container calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A Kubernetes Service.
    Service(ObjectId),
    /// A service of the same Compose project.
    Container(ContainerId),
    /// Nobody in the project has the name.
    Nobody,
}

pub(super) fn find(project: &Project, links: &mut Links) {
    let mut composed: HashMap<(usize, &str), ContainerId> = HashMap::new();
    for (at, composition) in project.compositions.iter().enumerate() {
        for service in &composition.services {
            let aliases = service.networks.iter().flat_map(|n| &n.aliases).map(|a| a.value.as_str());
            let others = [&service.container_name, &service.hostname];
            let others = others.into_iter().flatten().map(|name| name.value.as_str());
            for name in aliases.chain(others) {
                composed.entry((at, name)).or_insert(service.container);
            }
        }
        // The name of a service counts before the alias of another.
        for service in &composition.services {
            composed.insert((at, &service.name), service.container);
        }
    }
    let mut services: HashMap<&str, Vec<ObjectId>> = HashMap::new();
    for object in project.objects.iter().filter(|o| !o.patch) {
        if let (Detail::Service(_), Some(name)) = (&object.detail, &object.name) {
            services.entry(&name.value).or_default().push(object.id);
        }
    }
    for container in &project.containers {
        let mut push = |text: &str, variable: Option<&str>, at: Span| {
            for Host { name: host, port, in_url } in hosts(text, variable) {
                let to = match container.composition {
                    Some(composition) => {
                        composed.get(&(composition, host)).map_or(Callee::Nobody, |id| Callee::Container(*id))
                    }
                    None => {
                        service(project, &services, container, host).map_or(Callee::Nobody, Callee::Service)
                    }
                };
                links.calls.push(Call {
                    from: container.id,
                    host: host.to_owned(),
                    port,
                    to,
                    in_url,
                    at,
                    variable: variable.map(str::to_owned),
                });
            }
        };
        for variable in &container.env {
            if let Some(EnvValue::Literal(text)) = variable.value.value() {
                push(text, Some(&variable.name.value), variable.value.at.unwrap_or(variable.name.span));
            }
        }
        for words in [&container.entrypoint, &container.command] {
            let Some(at) = words.at else { continue };
            for word in words.value().into_iter().flatten() {
                push(word, None, at);
            }
        }
    }
    of_unset(project, &composed, links);
    links.calls.sort_by_key(|c| (c.from, c.at));
}

/// The calls of texts that a variable without a value is a part of: of `postgres://app:${PASSWORD}@db` the host is known.
/// That nobody has a name is not told of them, since it may be another one.
fn of_unset(project: &Project, composed: &HashMap<(usize, &str), ContainerId>, links: &mut Links) {
    for (at, composition) in project.compositions.iter().enumerate() {
        for service in &composition.services {
            let Some(item) = composition.service(&service.name) else { continue };
            let environment = item.get("environment").map(Item::entries).unwrap_or_default();
            let commands = ["entrypoint", "command"].into_iter().filter_map(|key| item.get(key));
            let words = commands.flat_map(|item| std::iter::once(item).chain(item.items()));
            let texts = environment
                .into_iter()
                .map(|(name, item)| (Some(name), item))
                .chain(words.map(|w| (None, w)));
            for (variable, item) in texts.filter(|(_, item)| item.is_unknown()) {
                let (Some(raw), Some(at_text)) = (&item.raw, item.span()) else { continue };
                let text = without_values(raw);
                for Host { name, port, in_url } in hosts(&text, variable) {
                    let Some(to) = composed.get(&(at, name)) else { continue };
                    links.calls.push(Call {
                        from: service.container,
                        host: name.to_owned(),
                        port,
                        to: Callee::Container(*to),
                        in_url,
                        at: at_text,
                        variable: variable.map(str::to_owned),
                    });
                }
            }
        }
    }
}

/// A text with its variables as their defaults, or as what is part of no name.
fn without_values(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for reference in references(raw) {
        match reference {
            Reference::Literal(literal) => text.push_str(&literal),
            Reference::Variable { word, mark: Some(b'-'), .. } => text.push_str(&without_values(word)),
            // A password or a port, without which the host is still read.
            Reference::Variable { .. } if text.ends_with(':') => {}
            Reference::Variable { .. } => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    text
}

/// The Service that a host name means to a container: `name`, `name.namespace`, `name.namespace.svc.cluster.local`, each
/// also with a pod's name before it.
fn service(
    project: &Project,
    services: &HashMap<&str, Vec<ObjectId>>,
    container: &Container,
    host: &str,
) -> Option<ObjectId> {
    let object = project.workload(container.workload?).object(project);
    let own = object.namespace.as_ref().map(|n| n.value.as_str());
    let inner = host.split_once(".svc").map_or(host, |(inner, _)| inner);
    let labels: Vec<&str> = inner.split('.').collect();
    let lookup = |name: &str, namespace: Option<&str>| {
        let candidates = services.get(name)?.iter().filter_map(|id| {
            let service = project.object(*id);
            let there = service.namespace.as_ref().map(|n| n.value.as_str());
            let same = namespace.is_none() || there.is_none() || namespace == there;
            same.then_some((*id, service.source))
        });
        nearest(project, object.source, candidates).first().copied()
    };
    match labels.as_slice() {
        [name] => lookup(name, own),
        [name, second] => lookup(name, Some(second)).or_else(|| lookup(second, own)),
        [name, second, third] => lookup(second, Some(third)).or_else(|| lookup(name, Some(second))),
        _ => None,
    }
}

/// A host that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Host<'t> {
    name: &'t str,
    port: Option<u16>,
    in_url: bool,
}

/// The hosts that a text names and that may be in the project.
///
/// Without a port or an address around it a word is a host only where the variable says so.
fn hosts<'t>(text: &'t str, variable: Option<&str>) -> impl Iterator<Item = Host<'t>> {
    // What is longer is a file, not a setting.
    let text = if text.len() > 4096 { "" } else { text };
    let alone = variable.is_some_and(says_host).then(|| text.trim());
    let between = [',', ' ', ';', '(', ')', '"', '\'', '[', ']', '<', '>', '`', '\\', '\n', '\t', '\r'];
    let items = text.split(between).filter(|item| !item.is_empty());
    let hosts = items.filter_map(move |item| {
        let (address, in_url) = match item.split_once("://") {
            Some((_, address)) => (address, true),
            None => (item.rsplit('=').next().unwrap_or(item), false),
        };
        let authority = address.split(['/', '?', '#']).next().unwrap_or(address);
        let (name, port) = split_port(authority.rsplit('@').next().unwrap_or(authority));
        let named = in_url || port.is_some() || alone == Some(item);
        named.then_some(Host { name, port, in_url })
    });
    hosts.filter(|host| is_inner(host.name))
}

fn split_port(text: &str) -> (&str, Option<u16>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => match port.split('/').next().unwrap_or(port).parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (if port.is_empty() { host } else { text }, None),
        },
        _ => (text, None),
    }
}

/// Whether a variable's name says that its value is a host.
fn says_host(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    const ENDS: [&str; 14] = [
        "HOST", "HOSTS", "HOSTNAME", "SERVER", "SERVERS", "ADDR", "ADDRESS", "ENDPOINT", "URL", "URI",
        "BROKER", "BROKERS", "UPSTREAM", "BACKEND",
    ];
    ENDS.iter().any(|end| {
        name.strip_suffix(end).is_some_and(|head| head.is_empty() || head.ends_with(['_', '.', '-']))
    }) && name != "HOST"
        && name != "HOSTNAME"
}

/// Whether a host name may be one of the project's own: one label, or a name in the cluster.
fn is_inner(host: &str) -> bool {
    let name = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && label.bytes().any(|b| b.is_ascii_alphabetic())
            && !label.starts_with('-')
    };
    if matches!(host, "localhost" | "true" | "false" | "null" | "none" | "http" | "https")
        || !host.split('.').all(name)
    {
        return false;
    }
    let labels = host.split('.').count();
    labels == 1
        || host.ends_with(".svc")
        || host.ends_with(".svc.cluster.local")
        || labels <= 3 && !has_public_suffix(host)
}

/// Whether a name with dots looks like one of the Internet. A namespace may be called anything, so this leans to "yes".
fn has_public_suffix(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let known = [
        "com",
        "org",
        "net",
        "io",
        "dev",
        "app",
        "ai",
        "local",
        "internal",
        "localhost",
        "cloud",
        "co",
        "info",
        "me",
        "test",
        "example",
        "invalid",
        "xyz",
        "tech",
        "gov",
        "edu",
    ];
    last.len() == 2 || known.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_beside_variables() {
        for (raw, expected) in [
            ("postgres://${U:-app}:${PW}@db:5432/${DB}", vec![("db", Some(5432))]),
            ("http://web:${PORT}/x", vec![("web", None)]),
            ("http://web:${PORT:-80}/x", vec![("web", Some(80))]),
            ("http://web${SUFFIX}:80", vec![]),
            ("http://${HOST}:80", vec![]),
        ] {
            let text = without_values(raw);
            let found: Vec<_> = hosts(&text, None).map(|h| (h.name, h.port)).collect();
            assert_eq!(found, expected, "{raw}");
        }
    }

    #[test]
    fn hosts_in_values() {
        for (variable, text, expected) in [
            (Some("DATABASE_URL"), "postgres://postgres:secret@db:5432/app", vec![("db", Some(5432))]),
            (Some("DATABASE_URL"), "postgresql+asyncpg://u:p@db/app?x=1", vec![("db", None)]),
            (Some("X"), "mongodb://a:27017,b:27018/x", vec![("a", Some(27017)), ("b", Some(27018))]),
            (Some("X"), "http://a:1,http://b:2", vec![("a", Some(1)), ("b", Some(2))]),
            (Some("X"), "http://a,http://b/", vec![("a", None), ("b", None)]),
            (Some("X"), "user:pass@tcp(db:3306)/x", vec![("db", Some(3306))]),
            (Some("X"), "jdbc:postgresql://db:5432/x", vec![("db", Some(5432))]),
            (
                Some("KAFKA"),
                "kafka-1:9092,kafka-2:9092",
                vec![("kafka-1", Some(9092)), ("kafka-2", Some(9092))],
            ),
            (Some("REDIS_HOST"), "redis", vec![("redis", None)]),
            (Some("POSTGRES_USER"), "postgres", vec![]),
            (Some("MODE"), "web", vec![]),
            (Some("HOST"), "0.0.0.0", vec![]),
            (Some("X"), "http://localhost:3000", vec![]),
            (Some("X"), "https://api.example.com/v1", vec![]),
            (Some("X"), "http://10.0.0.1:80", vec![]),
            (
                Some("X"),
                "http://api.prod.svc.cluster.local:80/x",
                vec![("api.prod.svc.cluster.local", Some(80))],
            ),
            (Some("X"), "http://api.prod:80/x", vec![("api.prod", Some(80))]),
            (None, "--db=db:5432", vec![("db", Some(5432))]),
            (None, "until nc -z db 5432; do curl http://web:8080/x; done", vec![("web", Some(8080))]),
            (Some("TIME"), "12:30", vec![]),
            (Some("X"), "a:b:3", vec![]),
            (Some("X"), "é://é:80", vec![]),
        ] {
            let found: Vec<_> = hosts(text, variable).map(|h| (h.name, h.port)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
