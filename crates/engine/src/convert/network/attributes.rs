//! What became of the attributes of Compose that are about networks.

use super::exposure::{self, Unrouted};
use super::{is_label, own, pod_of, ports, services};
use crate::convert::plan::Out;
use crate::convert::unit::{Kind, Listening, Unit};
use crate::convert::{Fate, Map, Tree};
use crate::project::compose::Item;

/// What networks say of a pod: `hostname`, `dnsConfig`, `hostAliases`.
pub(in crate::convert) fn pod(unit: &Unit<'_>, out: &mut Out<'_>) -> Map {
    let mut pod = Map::new();
    hostname(unit, &mut pod, out);
    let mut dns = Map::new();
    let listed = |key: &str| unit.get(&[key]).map(Item::items).unwrap_or_default();
    let mut servers: Vec<String> = Vec::new();
    for (index, item) in listed("dns").iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let key = unit.key(&format!("dns[{index}]"));
        if text.parse::<std::net::IpAddr>().is_err() || servers.len() == 2 {
            out.carried.refused(
                key,
                item.span(),
                "a pod asks the cluster's DNS and two servers more, by their addresses",
            );
            continue;
        }
        servers.push(text);
        out.carried.approximated(
            key,
            item.span(),
            "the pod asks it where the cluster's DNS does not answer; names of services are the cluster's to know",
        );
    }
    let mut searches: Vec<String> = Vec::new();
    for (index, item) in listed("dns_search").iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let key = unit.key(&format!("dns_search[{index}]"));
        if text == "." || text.is_empty() {
            out.carried.refused(key, item.span(), "pods have to search the cluster's own domains");
        } else {
            searches.push(text);
            out.carried.mapped(key, item.span(), "`dnsConfig.searches`, behind those of the cluster");
        }
    }
    if let Some(item) = unit.get(&["domainname"]) {
        searches.push(item.to_text().unwrap_or_default());
        out.carried.approximated(
            unit.key("domainname"),
            item.span(),
            "`dnsConfig.searches` has it; the pod's own full name ends in the cluster's domain",
        );
    }
    let mut choices: Vec<Map> = Vec::new();
    for (index, item) in listed("dns_opt").iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text.as_str(), None),
        };
        choices.push(Map::new().with("name", name).maybe("value", value));
        out.carried.mapped(unit.key(&format!("dns_opt[{index}]")), item.span(), "`dnsConfig.options`");
    }
    searches.retain(|name| name.split('.').all(|label| !label.is_empty() && label.len() <= 63));
    searches.dedup();
    dns = dns.filled("nameservers", servers).filled("searches", searches).filled("options", choices);
    if !dns.is_empty() {
        pod.set("dnsConfig", dns);
    }
    let aliases = host_aliases(unit, out);
    if !aliases.is_empty() {
        pod.set("hostAliases", aliases);
    }
    pod
}

fn hostname(unit: &Unit<'_>, pod: &mut Map, out: &mut Out<'_>) {
    let Some(name) = &unit.service.hostname else { return };
    let (key, span) = (unit.key("hostname"), Some(name.span));
    let called = if unit.aliases.contains(&name.value) || unit.name == name.value {
        "; peers call it so by a Service"
    } else {
        ""
    };
    let label = name.value.split('.').next().unwrap_or_default();
    match unit.kind {
        Kind::StatefulSet => {
            let note = format!("pods of a StatefulSet are called `{}-0` and so on{called}", unit.name);
            out.carried.approximated(key, span, note);
        }
        Kind::DaemonSet => {
            out.carried.approximated(key, span, format!("each node has a pod of its own name{called}"));
        }
        _ if !is_dns_label(label) => {
            out.carried.refused(key, span, "no pod can be called so: names have letters, digits and `-`");
        }
        _ => {
            pod.set("hostname", label.to_ascii_lowercase());
            if label == name.value {
                out.carried.mapped(key, span, format!("`hostname` of the pod{called}"));
            } else {
                let note = format!("the pod is called `{label}`; its domain is the cluster's{called}");
                out.carried.approximated(key, span, note);
            }
        }
    }
}

fn is_dns_label(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn host_aliases(unit: &Unit<'_>, out: &mut Out<'_>) -> Vec<Map> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (index, item) in unit.get(&["extra_hosts"]).map(Item::items).unwrap_or_default().iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let (host, address) = text.split_once('=').unwrap_or((&text, ""));
        let key = unit.key(&format!("extra_hosts[{index}]"));
        if address == "host-gateway" || host == "host.docker.internal" {
            out.carried.refused(
                key,
                item.span(),
                "no machine runs the pod for good: run what it calls there in the cluster, or name it by an address of its own",
            );
        } else if address.parse::<std::net::IpAddr>().is_ok() && host.split('.').all(is_dns_label) {
            match found.iter_mut().find(|(known, _)| known == address) {
                Some((_, hosts)) => hosts.push(host.to_owned()),
                None => found.push((address.to_owned(), vec![host.to_owned()])),
            }
            out.carried.mapped(key, item.span(), "`hostAliases` of the pod");
        } else {
            out.carried.refused(
                key,
                item.span(),
                "`hostAliases` wants a host and an address that are written out",
            );
        }
    }
    found
        .into_iter()
        .map(|(ip, hosts)| Map::new().with("ip", ip).with("hostnames", Tree::from(hosts)))
        .collect()
}

/// The attributes of a service.
pub(super) fn service(units: &[Unit<'_>], unit: &Unit<'_>, out: &mut Out<'_>) {
    published(units, unit, out);
    exposed(unit, out);
    attached(unit, out);
    mode(units, unit, out);
    container_name(unit, out);
    for (index, item) in unit.get(&["links"]).map(Item::items).unwrap_or_default().iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let key = unit.key(&format!("links[{index}]"));
        match text.split_once(':') {
            Some((service, alias)) if service != alias && !is_label(alias) => {
                out.carried.refused(
                    key,
                    item.span(),
                    format!("a Service cannot be called `{alias}`; call `{service}`"),
                );
            }
            Some((_, alias)) => out.carried.mapped(key, item.span(), format!("Service `{alias}`")),
            None => out.carried.mapped(key, item.span(), "every service has a Service of its name"),
        }
    }
    if let Some(item) = unit.get(&["external_links"]) {
        out.carried.refused(
            unit.key("external_links"),
            item.key.or(item.at),
            "what runs outside of the project has no name in it: add a Service of type ExternalName",
        );
    }
    if let Some(item) = unit.get(&["mac_address"]) {
        out.carried.refused(
            unit.key("mac_address"),
            item.span(),
            "pods get their addresses from the cluster",
        );
    }
    if let Some(item) = unit.get(&["use_api_socket"]).filter(|item| item.as_bool() == Some(true)) {
        out.carried.refused(
            unit.key("use_api_socket"),
            item.span(),
            "a cluster has no Docker to talk to; a ServiceAccount with a Role lets a program talk to Kubernetes",
        );
    }
    if let Some(item) = unit.get(&["deploy", "endpoint_mode"]) {
        let note =
            if item.as_str() == Some("dnsrr") { "a headless Service" } else { "a Service with one address" };
        out.carried.mapped(unit.key("deploy.endpoint_mode"), item.span(), note);
    }
    of_us(units, unit, out);
    routing_labels(units, unit, out);
}

/// What `x-seaworthy` says of how a service is reached.
fn of_us(units: &[Unit<'_>], unit: &Unit<'_>, out: &mut Out<'_>) {
    if let Some(item) = unit.says(&["publish"]) {
        let key = unit.key("x-seaworthy.publish");
        match exposure::way(unit) {
            Some("ingress") => out.carried.mapped(key, item.span(), "an Ingress"),
            Some("none") => out.carried.mapped(key, item.span(), "no Ingress"),
            Some(_) => {
                let name = format!("Service `{}-public`", unit.name);
                out.carried.mapped(key, item.span(), name);
            }
            None => {}
        }
    }
    let routed = routes(units, unit, out).next().is_some();
    for below in ["host", "path"] {
        let Some(item) = unit.says(&[below]) else { continue };
        let key = unit.key(&format!("x-seaworthy.{below}"));
        if routed {
            out.carried.mapped(key, item.span(), "the Ingress has it");
        } else {
            out.carried.refused(
                key,
                item.span(),
                "no port of the service speaks HTTP, or the host is none that an Ingress takes",
            );
        }
    }
}

/// The labels that tell a proxy where to send requests.
fn routing_labels(units: &[Unit<'_>], unit: &Unit<'_>, out: &mut Out<'_>) {
    let hosts: Vec<String> =
        routes(units, unit, out).filter(|r| r.labelled).map(|r| r.host.to_string()).collect();
    for at in ["labels", "deploy.labels"] {
        let path: Vec<&str> = at.split('.').collect();
        for (name, item) in unit.get(&path).map(Item::entries).unwrap_or_default() {
            if !exposure::reads_label(name) {
                continue;
            }
            let key = unit.key(&format!("{at}.{name}"));
            let span = item.span();
            if name.ends_with(".rule") || name == "caddy" {
                if hosts.is_empty() {
                    out.carried.refused(
                        key,
                        span,
                        "no host can be told from it that an Ingress takes; give `x-seaworthy.host`",
                    );
                } else {
                    let list = hosts.join("`, `");
                    out.carried.approximated(
                        key,
                        span,
                        format!("an Ingress for `{list}`; only hosts and one path are taken over"),
                    );
                }
            } else if name.ends_with(".server.port")
                || name.ends_with("reverse_proxy")
                || name == "traefik.enable"
            {
                out.carried.mapped(key, span, "the Ingress does what it says");
            } else if name.contains(".entrypoints")
                || name.contains(".tls")
                || name.ends_with(".service")
                || name.contains("docker.network")
            {
                out.carried.approximated(key, span, "the Ingress serves the host by HTTP and HTTPS");
            } else {
                out.carried.refused(key, span, "an Ingress has no such setting: make it a Middleware of Traefik or an annotation of your controller");
            }
        }
    }
}

fn routes<'o>(
    units: &[Unit<'_>],
    unit: &Unit<'_>,
    out: &'o Out<'_>,
) -> impl Iterator<Item = &'o exposure::Route> {
    let at = units.iter().position(|u| u.service.name == unit.service.name);
    out.network.routes.iter().filter(move |route| Some(route.owner) == at)
}

/// What became of `ports`, each of a range once.
fn published(units: &[Unit<'_>], unit: &Unit<'_>, out: &mut Out<'_>) {
    let Some(list) = unit.get(&["ports"]) else { return };
    let mut index = 0;
    let mut last = None;
    for item in list.items() {
        if last.is_some() && last == item.at {
            continue;
        }
        last = item.at;
        let key = unit.key(&format!("ports[{index}]"));
        index += 1;
        let span = item.span();
        let target = item.get("target").and_then(Item::as_int).and_then(|port| u16::try_from(port).ok());
        let lower = item.get("protocol").and_then(Item::as_str).unwrap_or("tcp").to_ascii_uppercase();
        let port = target.and_then(|n| unit.ports.iter().find(|p| p.number == n && p.protocol == lower));
        let Some(port) = port.cloned() else {
            let note = if target.is_some_and(ports::is_for_debuggers) {
                "whoever reaches a debugger runs in the program what he likes: left out".to_owned()
            } else if item.is_unknown() || target.is_none() {
                "a variable without a value decides it: set it in `.env`".to_owned()
            } else {
                format!("a Service lists each port, and more than {} are too many", ports::RANGE)
            };
            out.carried.refused(key, span, note);
            continue;
        };
        let variable = span.is_some_and(|span| {
            let text = unit.project.text(span);
            text.rsplit(':').next().is_some_and(|target| target.contains(['$', '}']))
        });
        let (fate, mut note) = of_port(units, unit, &port, item, out);
        if variable {
            note.push_str(&format!(
                "; the port is {}, which is what its variable comes to here",
                port.number
            ));
        }
        out.carried.add(fate, key.clone(), span, note);
        if item.get("mode").and_then(Item::as_str) == Some("host")
            && let Some(mode) = item.get("mode").filter(|mode| mode.at.is_some() && mode.at != item.at)
        {
            out.carried.refused(
                format!("{key}.mode"),
                mode.span(),
                "no port of a node is taken; a Service of type LoadBalancer reaches the pods",
            );
        }
    }
}

fn of_port(
    units: &[Unit<'_>],
    unit: &Unit<'_>,
    port: &Listening,
    item: &Item,
    out: &Out<'_>,
) -> (Fate, String) {
    let at = units.iter().position(|u| u.service.name == unit.service.name).unwrap_or_default();
    let pod = units.get(pod_of(units, at)).map_or(unit.name.as_str(), |pod| pod.name.as_str());
    let service = format!("Service `{pod}`, port {}", port.number);
    let address = item.get("host_ip").and_then(Item::as_str).unwrap_or_default();
    if !address.is_empty() && ports::is_loopback(address) && !port.published {
        return (Fate::Mapped, format!("{service}; only its host reached it, and only the project does now"));
    }
    let routed = |r: &&exposure::Route| r.service == at && r.port == port.number && port.protocol == "TCP";
    if let Some(route) = out.network.routes.iter().find(routed) {
        let host = &route.host;
        if route.labelled {
            return (Fate::Mapped, format!("{service}, and an Ingress for `{host}`"));
        }
        let hint = "`--domain` or `x-seaworthy.host` names another";
        return (
            Fate::Approximated,
            format!("{service}, and an Ingress for `{host}` instead of a port of the host; {hint}"),
        );
    }
    let host = services::host_port(units, at, port);
    if let Some(kind) = exposure::outside(unit) {
        let number = host.unwrap_or(port.number);
        return (
            Fate::Mapped,
            format!("{service}, and Service `{pod}-public` of type {kind}, port {number}"),
        );
    }
    let reason = out.network.unrouted.get(at).copied().flatten();
    let ask = "`x-seaworthy.publish: ingress` publishes it";
    let note = match reason {
        _ if ports::is_for_debuggers(port.number) => {
            format!("{service}; a port for debuggers is not published")
        }
        Some(Unrouted::Asked) => {
            return (Fate::Mapped, format!("{service}; `x-seaworthy.publish` keeps it inside"));
        }
        _ if !port.http => format!(
            "{service}, reached in the project alone: no HTTP is spoken there; `x-seaworthy.publish: load-balancer` publishes it"
        ),
        Some(Unrouted::Proxied(proxy)) => {
            let proxy = units.get(proxy).map_or("", |unit| unit.name.as_str());
            format!("{service}; `{proxy}` leads to it from outside; {ask} itself")
        }
        Some(Unrouted::Inside) => {
            format!("{service}; all of its networks are internal, so nothing reached it; {ask}")
        }
        Some(Unrouted::Profile) => {
            format!("{service}, reached in the project alone, since only a profile starts it; {ask}")
        }
        Some(Unrouted::Replaced) => {
            format!("{service}; the cluster's Ingress controller is what takes requests from outside; {ask}")
        }
        _ if exposure::is_encrypted(port.number) => format!("{service}; encryption ends at the Ingress"),
        _ => format!("{service}, reached in the project alone: programs ask it, nobody browses it; {ask}"),
    };
    (Fate::Approximated, note)
}

fn exposed(unit: &Unit<'_>, out: &mut Out<'_>) {
    for (index, item) in unit.get(&["expose"]).map(Item::items).unwrap_or_default().iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let number = text.split(['/', '-']).next().and_then(|n| n.parse::<u16>().ok());
        let key = unit.key(&format!("expose[{index}]"));
        match number.and_then(|number| unit.ports.iter().find(|p| p.number == number)) {
            Some(port) => {
                let note = format!("Service `{}`, port {}", unit.name, port.number);
                out.carried.mapped(key, item.span(), note);
            }
            None if item.is_unknown() => {
                out.carried.refused(
                    key,
                    item.span(),
                    "a variable without a value decides it: set it in `.env`",
                );
            }
            None => out.carried.refused(
                key,
                item.span(),
                "no ports can be read from it, or too many for a Service",
            ),
        }
    }
}

/// The networks that a service is in.
fn attached(unit: &Unit<'_>, out: &mut Out<'_>) {
    for (name, item) in unit.get(&["networks"]).map(Item::entries).unwrap_or_default() {
        let key = unit.key(&format!("networks.{name}"));
        out.carried.mapped(
            key.clone(),
            item.key.or(item.at),
            "who shares no network with it is not let through by any NetworkPolicy",
        );
        for (below, note) in [
            ("ipv4_address", "pods get their addresses from the cluster: call the service by its name"),
            ("ipv6_address", "pods get their addresses from the cluster: call the service by its name"),
            ("link_local_ips", "pods get their addresses from the cluster"),
            ("mac_address", "pods get their addresses from the cluster"),
            ("interface_name", "a pod has one interface, `eth0`"),
            ("driver_opts", "the cluster's network has no such settings"),
            ("gw_priority", "a pod has one way out"),
            ("priority", "a pod is in one network"),
        ] {
            if let Some(item) = item.get(below) {
                out.carried.refused(format!("{key}.{below}"), item.span().or(item.key), note);
            }
        }
    }
}

fn mode(units: &[Unit<'_>], unit: &Unit<'_>, out: &mut Out<'_>) {
    let Some(mode) = &unit.service.network_mode else { return };
    let (key, span) = (unit.key("network_mode"), Some(mode.span));
    match mode.value.as_str() {
        "host" => out.carried.refused(
            key,
            span,
            "a pod in the network of its node is refused by the Pod Security Standards; it gets a network of its own, so call others by their names, not by `localhost`",
        ),
        "none" => out.carried.mapped(key, span, "no NetworkPolicy lets it call anybody or be called"),
        "bridge" => out.carried.approximated(key, span, "a pod is in the cluster's network"),
        other => match (other.strip_prefix("service:"), &unit.inside) {
            (Some(_), Some(host)) => {
                let name = units.iter().find(|u| u.service.name == *host).map_or(host.as_str(), |u| u.name.as_str());
                out.carried.mapped(key, span, format!("it runs in the pod of `{name}`"));
            }
            _ => out.carried.refused(key, span, "only services of the project that have a pod of their own share it"),
        },
    }
}

fn container_name(unit: &Unit<'_>, out: &mut Out<'_>) {
    let Some(name) = &unit.service.container_name else { return };
    let (key, span) = (unit.key("container_name"), Some(name.span));
    if unit.aliases.contains(&name.value) {
        out.carried.mapped(key, span, format!("Service `{}`, since peers call it so", name.value));
    } else if unit.name == name.value {
        out.carried.mapped(key, span, "the service's own name");
    } else if is_label(&name.value) {
        out.carried.approximated(
            key,
            span,
            format!("nobody in the project calls it so: pods are called `{}-…`", unit.name),
        );
    } else {
        let note = format!("no Service can be called so; peers call it `{}`", unit.name);
        out.carried.approximated(key, span, note);
    }
}

/// The networks of the project.
pub(super) fn project(units: &[Unit<'_>], out: &mut Out<'_>) {
    let Some(unit) = units.first() else { return };
    for (name, item) in unit.composition.model.get("networks").map(Item::entries).unwrap_or_default() {
        let key = format!("networks.{name}");
        let span = item.key.or(item.at);
        if span.is_none() {
            continue;
        }
        let used =
            units.iter().any(|u| u.service.networks.iter().any(|n| n.network == name)) || name == "default";
        let external = item.get("external").and_then(Item::as_bool) == Some(true);
        let (fate, note) = match own(item, "namespace").and_then(Item::to_text) {
            Some(namespace) if is_label(&namespace) => {
                (Fate::Mapped, format!("NetworkPolicies let in and out what runs in namespace `{namespace}`"))
            }
            Some(_) => (Fate::Refused, "`x-seaworthy.namespace` is no name of a namespace".to_owned()),
            None if external => (
                Fate::Approximated,
                "it joins other projects, which no NetworkPolicy lets in or out: name their namespace in `x-seaworthy.namespace`"
                    .to_owned(),
            ),
            None if !used => (Fate::Mapped, "no service is in it: left out".to_owned()),
            None => (Fate::Mapped, "NetworkPolicies let services call those that they share it with".to_owned()),
        };
        out.carried.add(fate, key.clone(), span, note);
        for (below, fate, note) in [
            ("driver", Fate::Approximated, "the cluster's own network takes its place"),
            ("driver_opts", Fate::Refused, "the cluster's own network has no such settings"),
            ("ipam", Fate::Refused, "the cluster chooses the addresses of pods"),
            ("enable_ipv4", Fate::Refused, "whether pods have such addresses is the cluster's to decide"),
            (
                "enable_ipv6",
                Fate::Refused,
                "whether pods have such addresses is the cluster's to decide; NetworkPolicies let them out by IPv4 alone, and take `::/0` besides where they have",
            ),
            ("attachable", Fate::Approximated, "who may reach pods is said by NetworkPolicies"),
            ("labels", Fate::Refused, "there is no object for a network that could have them"),
            ("name", Fate::Approximated, "there is no object for a network that could be called so"),
        ] {
            // What Compose adds by itself is written nowhere.
            if let Some(item) = item.get(below).filter(|item| item.key.is_some() || item.at.is_some()) {
                out.carried.add(fate, format!("{key}.{below}"), item.key.or(item.at), note);
            }
        }
        if let Some(internal) = item.get("internal") {
            let note = if internal.as_bool() == Some(true) {
                "services that are in internal networks alone do not get to the Internet"
            } else {
                "services get to the Internet"
            };
            out.carried.mapped(format!("{key}.internal"), internal.span(), note);
        }
    }
}
