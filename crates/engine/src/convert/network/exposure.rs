//! What is reached from outside, and under which names.

use super::calls::{Edge, is_kept_inside, serves_files_alone};
use super::{handed_on, own, ports};
use crate::convert::names::Names;
use crate::convert::plan::Out;
use crate::convert::unit::{Listening, Unit};
use crate::convert::{Options, Text};
use crate::project::compose::Item;
use crate::project::listen::WebServer;
use crate::project::{EnvValue, Volume};

/// A name under which a port is reached by HTTP from outside.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The service whose Ingress has it: that of the pages, for what pages of another service call.
    pub(super) owner: usize,
    /// The service that it leads to.
    pub(super) service: usize,
    /// The port, as peers call it.
    pub(super) port: u16,
    pub(super) host: Text,
    pub(super) path: String,
    /// Whether a label of the service says the host.
    pub(super) labelled: bool,
}

/// Why something that Compose publishes by HTTP has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrouted {
    /// A proxy of the project leads to it.
    Proxied(usize),
    /// All of its networks are internal, so that nothing reached it before.
    Inside,
    /// It is a store that programs ask.
    Store,
    /// Only a profile starts it: a tool, or an addition that the rest calls.
    Profile,
    /// `x-seaworthy.publish: none`.
    Asked,
    /// A Service of its own takes it outside.
    Balanced,
    /// A proxy that reads the Docker socket: the cluster's Ingress controller does its work.
    Replaced,
}

/// A proxy that is told by labels or variables of containers whom to send requests to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelProxy {
    Traefik,
    NginxProxy,
    Caddy,
}

/// How a service is to be published, where `x-seaworthy` says so.
pub(super) fn way<'p>(unit: &Unit<'p>) -> Option<&'p str> {
    unit.says(&["publish"]).and_then(Item::as_str)
}

/// The type of the Service that takes ports outside.
pub(super) fn outside(unit: &Unit<'_>) -> Option<&'static str> {
    match way(unit) {
        Some("load-balancer") => Some("LoadBalancer"),
        Some("node-port") => Some("NodePort"),
        _ => None,
    }
}

/// The proxy that reads labels which a service runs.
pub(super) fn label_proxy(unit: &Unit<'_>) -> Option<LabelProxy> {
    let socket =
        unit.mounts().iter().any(|m| matches!(&m.volume, Volume::Bind(s) if s.ends_with("docker.sock")));
    let image = unit.container.image.value()?;
    match image.short() {
        "traefik" if socket => Some(LabelProxy::Traefik),
        "nginx-proxy" | "docker-gen" if socket => Some(LabelProxy::NginxProxy),
        "caddy-docker-proxy" => Some(LabelProxy::Caddy),
        _ => None,
    }
}

/// Whether a label tells a proxy what to do.
pub(in crate::convert) fn reads_label(name: &str) -> bool {
    name.starts_with("traefik.")
        || name == "caddy"
        || name.starts_with("caddy.")
        || name.starts_with("caddy_")
}

pub(super) fn is_labelled_for(unit: &Unit<'_>, proxy: LabelProxy) -> bool {
    let any = |head: &str| labels(unit).iter().any(|(name, _)| name.starts_with(head));
    match proxy {
        LabelProxy::Traefik => any("traefik.http.") && !is_off(unit),
        LabelProxy::NginxProxy => unit.container.env.iter().any(|v| v.name.value == "VIRTUAL_HOST"),
        LabelProxy::Caddy => any("caddy"),
    }
}

fn is_off(unit: &Unit<'_>) -> bool {
    labels(unit)
        .iter()
        .any(|(name, item)| *name == "traefik.enable" && item.to_text().as_deref() == Some("false"))
}

fn labels<'p>(unit: &Unit<'p>) -> Vec<(&'p str, &'p Item)> {
    let mut labels = unit.get(&["labels"]).map(Item::entries).unwrap_or_default();
    labels.extend(unit.get(&["deploy", "labels"]).map(Item::entries).unwrap_or_default());
    labels
}

/// The hosts and paths that labels and variables say, with the port where they say it.
fn by_labels(unit: &Unit<'_>, out: &mut Out<'_>) -> Vec<(Text, String)> {
    let mut found = Vec::new();
    let mut add = |raw: &str, path: &str| {
        let host = Text::read(raw, &|name| out.env.get(name).cloned());
        out.note_variables(&host);
        let shown = host.to_string();
        if is_host(&shown) && !found.iter().any(|(h, p): &(Text, String)| *h == host && p == path) {
            found.push((host, path.to_owned()));
        }
    };
    for (name, item) in labels(unit) {
        let text = item.to_text().unwrap_or_default();
        let raw = item.raw.as_deref().unwrap_or(&text);
        if name.starts_with("traefik.http.routers.") && name.ends_with(".rule") && !is_off(unit) {
            let path = arguments(raw, "PathPrefix").into_iter().next().filter(|path| path.starts_with('/'));
            let path = path.unwrap_or("/").trim_end_matches('/');
            let path = if path.is_empty() { "/" } else { path };
            arguments(raw, "Host").into_iter().for_each(|host| add(host, path));
        } else if name == "caddy" || name.strip_prefix("caddy_").is_some_and(|n| n.parse::<u32>().is_ok()) {
            for host in raw.split([',', ' ']).filter(|host| !host.is_empty()) {
                let host = host.rsplit("://").next().unwrap_or(host);
                add(host.split(['/', ':']).next().unwrap_or(host), "/");
            }
        }
    }
    let hosts = unit.get(&["environment", "VIRTUAL_HOST"]);
    let text = hosts.and_then(Item::to_text).unwrap_or_default();
    let raw = hosts.and_then(|item| item.raw.as_deref()).unwrap_or(&text);
    raw.split(',').map(str::trim).filter(|host| !host.is_empty()).for_each(|host| add(host, "/"));
    found
}

/// The arguments of a matcher in a rule of Traefik: of `Host` in ``Host(`a`, `b`)``.
fn arguments<'t>(rule: &'t str, matcher: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    for (at, _) in rule.match_indices(matcher) {
        let whole = !rule[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let Some(rest) = rule[at + matcher.len()..].strip_prefix('(').filter(|_| whole) else { continue };
        let inner = &rest[..rest.find(')').unwrap_or(rest.len())];
        found.extend(
            inner.split(',').map(|word| word.trim().trim_matches(['`', '"', '\''])).filter(|w| !w.is_empty()),
        );
    }
    found
}

/// Whether an Ingress takes a name for a host: labels of small letters, digits and `-`.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let rest = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= 253 && rest.split('.').all(label) && rest.parse::<std::net::IpAddr>().is_err()
}

/// Whether a server hands requests on to others.
fn is_proxy(unit: &Unit<'_>) -> bool {
    const PROXIES: [&str; 12] = [
        "nginx",
        "nginx-unprivileged",
        "openresty",
        "traefik",
        "caddy",
        "haproxy",
        "kong",
        "envoy",
        "httpd",
        "nginx-proxy-manager",
        "swag",
        "apisix",
    ];
    match unit.stage {
        Some(stage) => WebServer::of(stage, unit.project).is_some() && !serves_files_alone(unit),
        None => unit.container.image.value().is_some_and(|image| PROXIES.contains(&image.short())),
    }
}

/// Whether a port is one by which programs ask a store, measure it or change its settings.
fn is_of_store(unit: &Unit<'_>, number: u16) -> bool {
    let facts = unit.facts.or_else(|| crate::convert::storage::nature(unit.container));
    let purpose = facts
        .iter()
        .flat_map(|facts| &facts.ports)
        .find(|p| p.port == number)
        .and_then(|p| p.purpose.as_deref());
    if purpose.is_none() && matches!(number, 5984 | 6333 | 9200 | 9600 | 11434) {
        return true;
    }
    // The pages of what programs ask in another way are for its administrators.
    let asked_otherwise = facts.is_some_and(|facts| {
        facts.stateful == Some(true)
            && facts
                .ports
                .iter()
                .any(|p| matches!(p.purpose.as_deref(), Some("bolt" | "amqp" | "native" | "cql" | "mqtt")))
    });
    asked_otherwise
        || purpose.is_some_and(|purpose| {
            matches!(purpose, "http api" | "metrics" | "http monitoring" | "http health" | "interserver http")
                || ["admin", "prometheus"].iter().any(|head| purpose.starts_with(head))
        })
}

/// Whether a service is no part of what usually runs, nor of what runs in production.
fn by_profile(unit: &Unit<'_>) -> bool {
    let profiles = &unit.service.profiles;
    !profiles.is_empty()
        && !profiles.iter().any(|profile| profile.contains("prod") || profile == "full" || profile == "all")
}

/// The ports that a service publishes by HTTP, but for the encrypted twin of another: encryption ends at the Ingress.
fn published<'u>(unit: &'u Unit<'_>) -> Vec<&'u Listening> {
    let http: Vec<&Listening> =
        unit.ports.iter().filter(|p| p.http && p.published && !ports::is_for_debuggers(p.number)).collect();
    let encrypted = |port: &&Listening| is_encrypted(port.number);
    if http.iter().all(encrypted) { http } else { http.into_iter().filter(|p| !encrypted(p)).collect() }
}

pub(super) fn is_encrypted(number: u16) -> bool {
    matches!(number, 443 | 8443 | 9443)
}

/// The routes of a project, and for each service why it has none.
pub(super) fn find(
    units: &[Unit<'_>],
    edges: &[Edge],
    names: &Names,
    options: &Options,
    out: &mut Out<'_>,
) -> (Vec<Route>, Vec<Option<Unrouted>>) {
    let mut routes = Vec::new();
    let mut unrouted: Vec<Option<Unrouted>> = vec![None; units.len()];
    // What is reached under a name that the domain is part of.
    let mut plain: Vec<(usize, u16)> = Vec::new();
    let candidates: Vec<bool> = units.iter().map(|unit| !published(unit).is_empty()).collect();
    let usual = units.iter().zip(&candidates).any(|(unit, published)| *published && !by_profile(unit));
    for (at, unit) in units.iter().enumerate() {
        match way(unit) {
            Some("none") => {
                unrouted[at] = Some(Unrouted::Asked);
                continue;
            }
            Some("load-balancer" | "node-port") => {
                unrouted[at] = Some(Unrouted::Balanced);
                continue;
            }
            _ => {}
        }
        let asked = way(unit) == Some("ingress");
        if let Some(host) = unit.says(&["host"]) {
            let host = out.text(host);
            let path = unit.says(&["path"]).and_then(Item::as_str).unwrap_or("/").to_owned();
            if let Some(port) = main_port(unit).filter(|_| is_host(&host.to_string())) {
                routes.push(Route { owner: at, service: at, port, host, path, labelled: true });
                continue;
            }
        }
        let labelled = by_labels(unit, out);
        if let Some(port) = labelled_port(unit).filter(|_| !labelled.is_empty()) {
            let of_labels = labelled.into_iter();
            routes.extend(of_labels.map(|(host, path)| Route {
                owner: at,
                service: at,
                port,
                host,
                path,
                labelled: true,
            }));
            continue;
        }
        if !asked && label_proxy(unit).is_some() {
            unrouted[at] = Some(Unrouted::Replaced);
            continue;
        }
        if asked && !candidates[at] {
            plain.extend(main_port(unit).map(|port| (at, port)));
            continue;
        }
        if !candidates[at] {
            continue;
        }
        if by_profile(unit) && usual && !asked {
            unrouted[at] = Some(Unrouted::Profile);
            continue;
        }
        if is_kept_inside(units, at) && !asked {
            unrouted[at] = Some(Unrouted::Inside);
            continue;
        }
        let proxy =
            edges.iter().filter(|edge| edge.to == at && edge.from != at).map(|edge| edge.from).find(|from| {
                candidates[*from]
                    && is_proxy(&units[*from])
                    && !edges.iter().any(|e| e.from == at && e.to == *from)
                    && way(&units[*from]) != Some("none")
                    && label_proxy(&units[*from]).is_none()
            });
        if let Some(proxy) = proxy.filter(|_| !asked) {
            unrouted[at] = Some(Unrouted::Proxied(proxy));
            continue;
        }
        let ports: Vec<u16> = published(unit)
            .into_iter()
            .map(|p| p.number)
            .filter(|n| asked || !is_of_store(unit, *n))
            .collect();
        if ports.is_empty() {
            unrouted[at] = Some(Unrouted::Store);
        }
        plain.extend(ports.into_iter().map(|port| (at, port)));
    }
    let said = units.first().and_then(|unit| own(&unit.composition.model, "domain")).and_then(Item::to_text);
    let domain = options.domain.clone().or(said).filter(|domain| is_host(domain));
    let domain = domain.unwrap_or_else(|| format!("{}.example", names.project));
    let alone = plain.len() == 1;
    for (index, (at, port)) in plain.iter().enumerate() {
        let first = index == 0 || plain[index - 1].0 != *at;
        let name = &units[*at].name;
        let host = match (alone, first) {
            (true, _) => domain.clone(),
            (false, true) => format!("{name}.{domain}"),
            (false, false) => format!("{name}-{port}.{domain}"),
        };
        routes.push(Route {
            owner: *at,
            service: *at,
            port: *port,
            host: host.into(),
            path: "/".to_owned(),
            labelled: false,
        });
    }
    let of_pages: Vec<Route> = routes.iter().flat_map(|route| of_pages(units, route, out)).collect();
    routes.extend(of_pages);
    (routes, unrouted)
}

/// What pages call on their own host: their development server hands it on to another service, and in production the
/// Ingress does.
fn of_pages(units: &[Unit<'_>], pages: &Route, out: &mut Out<'_>) -> Vec<Route> {
    let Some(unit) = units.get(pages.service).filter(|unit| serves_files_alone(unit)) else {
        return Vec::new();
    };
    let Some(stage) = unit.stage else { return Vec::new() };
    let Some(context) = unit.project.build(stage.build).context() else { return Vec::new() };
    let files = &unit.project.files;
    let texts = handed_on::FILES.iter().filter_map(|name| files.text(&context.directory.join(name)));
    let Some((text, paths)) =
        texts.map(|text| (text, handed_on::paths(text))).find(|(_, paths)| !paths.is_empty())
    else {
        return Vec::new();
    };
    let known = |host: &str| host != unit.service.name && units.iter().any(|peer| peer.service.name == host);
    let place = |name: &str| units.iter().position(|peer| peer.service.name == name);
    let called = |text: &str| place(super::mentions::mentions(text, &known).first()?.host);
    let waited = || match unit.service.depends_on.as_slice() {
        [dependency] => place(&dependency.service.value),
        _ => None,
    };
    let (key, host) = (unit.key("build"), &pages.host);
    let mut routes = Vec::new();
    for (path, entry) in paths {
        let Some(to) = called(entry).or_else(|| called(text)).or_else(waited) else { continue };
        let Some(port) = units.get(to).and_then(main_port) else { continue };
        let name = &units[to].name;
        if entry.contains("rewrite") {
            let note = format!(
                "the development server changes `{path}` before `{name}` sees it, which an Ingress does not: let the pages call what `{name}` has"
            );
            out.carried.refused(key.clone(), None, note);
            continue;
        }
        let note = format!(
            "pages call `{path}` on their own host: the Ingress for `{host}` leads it to `{name}`, as the development server does"
        );
        out.carried.approximated(key.clone(), None, note);
        routes.push(Route {
            owner: pages.service,
            service: to,
            port,
            host: host.clone(),
            path: path.to_owned(),
            labelled: pages.labelled,
        });
    }
    routes
}

/// The port that is meant where none is named.
fn main_port(unit: &Unit<'_>) -> Option<u16> {
    let of = |wanted: &dyn Fn(&Listening) -> bool| unit.ports.iter().find(|p| wanted(p)).map(|p| p.number);
    of(&|p| p.http && p.published).or_else(|| of(&|p| p.http)).or_else(|| of(&|p| p.protocol == "TCP"))
}

/// The port that labels or variables name, or else the one that is meant where none is named.
fn labelled_port(unit: &Unit<'_>) -> Option<u16> {
    let named = labels(unit).into_iter().find_map(|(name, item)| {
        let text = item.to_text()?;
        if name.starts_with("traefik.http.services.") && name.ends_with(".server.port") {
            return text.parse().ok();
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (name.starts_with("caddy") && name.ends_with("reverse_proxy")).then(|| digits.parse().ok())?
    });
    let variable = unit.container.env.iter().find(|v| v.name.value == "VIRTUAL_PORT");
    let variable = variable.and_then(|v| match v.value.value()? {
        EnvValue::Literal(text) => text.parse().ok(),
        _ => None,
    });
    let known = |number: &u16| unit.ports.iter().any(|p| p.number == *number);
    named.or(variable).filter(known).or_else(|| main_port(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_traefik() {
        for (rule, hosts, path) in [
            ("Host(`a.example.com`)", vec!["a.example.com"], vec![]),
            ("Host(`a`, `b`) && PathPrefix(`/api`)", vec!["a", "b"], vec!["/api"]),
            ("Host(`a`) || Host(\"b\")", vec!["a", "b"], vec![]),
            ("HostRegexp(`.+`)", vec![], vec![]),
            ("Host(`${DOMAIN:-x.org}`)", vec!["${DOMAIN:-x.org}"], vec![]),
            ("Host(", vec![], vec![]),
        ] {
            assert_eq!(arguments(rule, "Host"), hosts, "{rule}");
            assert_eq!(arguments(rule, "PathPrefix"), path, "{rule}");
        }
    }
}
