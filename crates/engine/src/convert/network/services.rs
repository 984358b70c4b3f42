//! Services: the names by which pods are called.

use std::collections::BTreeSet;

use super::calls::Named;
use super::{exposure, is_label, members, metadata, pod_ports};
use crate::convert::names::{Names, cut};
use crate::convert::plan::Out;
use crate::convert::unit::{Kind, Listening, Unit};
use crate::convert::{Map, Object, Tree};
use crate::project::compose::Item;
use crate::project::links::Callee;

/// The Service that gives the pods of a StatefulSet their names: its `serviceName`.
pub(in crate::convert) fn governing_service(unit: &Unit<'_>) -> String {
    format!("{}-pods", cut(&unit.name, 58))
}

/// The other names by which services are called, by service: aliases of networks and links, and `container_name` and
/// `hostname` where a peer calls them.
pub(super) fn aliases(units: &[Unit<'_>], named: &[Vec<Named<'_>>], out: &mut Out<'_>) -> Vec<Vec<String>> {
    let mut taken: BTreeSet<String> = units.iter().map(|unit| unit.name.clone()).collect();
    let mut aliases = Vec::with_capacity(units.len());
    for unit in units {
        let mut names: Vec<String> = Vec::new();
        for network in &unit.service.networks {
            for (index, alias) in network.aliases.iter().enumerate() {
                let key = unit.key(&format!("networks.{}.aliases[{index}]", network.network));
                if is_label(&alias.value) {
                    names.push(alias.value.clone());
                    out.carried.mapped(key, Some(alias.span), format!("Service `{}`", alias.value));
                } else {
                    out.carried.refused(key, Some(alias.span), no_name(&alias.value));
                }
            }
        }
        for name in [&unit.service.container_name, &unit.service.hostname].into_iter().flatten() {
            if is_label(&name.value) && is_called(units, named, unit, &name.value) {
                names.push(name.value.clone());
            }
        }
        for caller in units {
            for link in caller.get(&["links"]).map(Item::items).unwrap_or_default() {
                let text = link.to_text().unwrap_or_default();
                if let Some((service, alias)) = text.split_once(':')
                    && service == unit.service.name
                    && is_label(alias)
                {
                    names.push(alias.to_owned());
                }
            }
        }
        names.retain(|name| *name != unit.name && taken.insert(name.clone()));
        aliases.push(names);
    }
    aliases
}

fn no_name(name: &str) -> String {
    format!(
        "a Service cannot be called `{name}`: names there have small letters, digits and `-`; call it by another name"
    )
}

/// Whether a peer calls a service by a name: in a variable, a command or a file.
fn is_called(units: &[Unit<'_>], named: &[Vec<Named<'_>>], unit: &Unit<'_>, name: &str) -> bool {
    let mut calls = unit.project.links.calls.iter();
    calls.any(|call| call.to == Callee::Container(unit.container.id) && call.host == name)
        || units.iter().zip(named).any(|(peer, named)| {
            peer.service.name != unit.service.name && named.iter().any(|n| n.host == name && n.is_certain())
        })
}

/// The Services of a pod.
pub(super) fn services(units: &[Unit<'_>], at: usize, names: &Names, out: &Out<'_>) -> Vec<Object> {
    let Some(unit) = units.get(at) else { return Vec::new() };
    let mut objects = Vec::new();
    let ports: Vec<&Listening> = pod_ports(units, at).collect();
    let called = out.network.edges.iter().any(|edge| edge.to == at) || !unit.aliases.is_empty();
    let one_by_one = unit.get(&["deploy", "endpoint_mode"]).and_then(Item::as_str) == Some("dnsrr");
    // A Job that nobody calls has no name.
    if called || !ports.is_empty() && !unit.kind.ends() {
        for name in std::iter::once(&unit.name).chain(&unit.aliases) {
            let headless = one_by_one || ports.is_empty();
            let mut spec = Map::new();
            if ports.is_empty() {
                spec.explain(
                    "clusterIP",
                    "None",
                    "nothing tells its port: its name leads to its pods themselves",
                );
            } else if headless {
                spec.set("clusterIP", "None");
            } else {
                spec.set("type", "ClusterIP");
            }
            spec.set("selector", unit.selector(names));
            let listed: Vec<Map> = ports.iter().map(|port| listed(units, at, port)).collect();
            if !listed.is_empty() {
                spec.set("ports", listed);
            }
            objects.push(Object::new("v1", "Service", name, metadata(unit, names)).with("spec", spec));
        }
    }
    if unit.kind == Kind::StatefulSet {
        let mut spec = Map::new()
            .because("clusterIP", "None", "the pods of a StatefulSet have names of their own under it")
            .because("publishNotReadyAddresses", true, "members find each other before they are ready")
            .with("selector", unit.selector(names));
        let listed: Vec<Map> = ports.iter().map(|port| listed(units, at, port)).collect();
        if !listed.is_empty() {
            spec.set("ports", listed);
        }
        objects.push(
            Object::new("v1", "Service", governing_service(unit), metadata(unit, names)).with("spec", spec),
        );
    }
    objects.extend(outside(units, at, names));
    objects
}

/// A port as a Service lists it.
fn listed(units: &[Unit<'_>], at: usize, port: &Listening) -> Map {
    Map::new()
        .with("name", port.name.as_str())
        .with("port", port.number)
        .with("targetPort", port.name.as_str())
        .with("protocol", port.protocol)
        .maybe("appProtocol", app_protocol(units, at, port.number))
}

/// What Compose says is spoken on a port, in the words of Kubernetes.
fn app_protocol(units: &[Unit<'_>], at: usize, number: u16) -> Option<String> {
    members(units, at).find_map(|(_, unit)| {
        let ports = unit.get(&["ports"]).map(Item::items).unwrap_or_default();
        let of = |item: &&Item| item.get("target").and_then(Item::as_int) == Some(i64::from(number));
        let protocol = ports.iter().find(of)?.get("app_protocol")?.as_str()?;
        Some(match protocol {
            "h2c" => "kubernetes.io/h2c".to_owned(),
            "ws" => "kubernetes.io/ws".to_owned(),
            "wss" => "kubernetes.io/wss".to_owned(),
            other => other.to_ascii_lowercase(),
        })
    })
}

/// The Service that takes ports outside, on the ports of the host that Compose publishes them on.
fn outside(units: &[Unit<'_>], at: usize, names: &Names) -> Option<Object> {
    let unit = units.get(at)?;
    let way = exposure::outside(unit)?;
    let ports: Vec<&Listening> = pod_ports(units, at).collect();
    let published: Vec<&Listening> = ports.iter().copied().filter(|p| p.published).collect();
    let taken = if published.is_empty() { ports } else { published };
    let ports: Vec<Map> = taken
        .into_iter()
        .map(|port| {
            let number = host_port(units, at, port).unwrap_or(port.number);
            Map::new()
                .with("name", port.name.as_str())
                .with("port", number)
                .with("targetPort", port.name.as_str())
                .with("protocol", port.protocol)
        })
        .collect();
    if ports.is_empty() {
        return None;
    }
    let spec = Map::new()
        .because("type", way, "`x-seaworthy.publish` says so")
        .with("selector", unit.selector(names))
        .with("ports", Tree::from(ports));
    let name = format!("{}-public", cut(&unit.name, 56));
    Some(Object::new("v1", "Service", name, metadata(unit, names)).with("spec", spec))
}

/// The port of the host that Compose publishes a port on.
pub(super) fn host_port(units: &[Unit<'_>], at: usize, port: &Listening) -> Option<u16> {
    members(units, at).find_map(|(_, unit)| {
        let lower = port.protocol.to_ascii_lowercase();
        let of = |p: &&crate::project::Port| {
            (p.container..=p.container_end).contains(&port.number) && p.protocol == lower
        };
        let published = unit.container.ports.iter().filter(|p| p.host.is_some()).find(of)?;
        published.host?.checked_add(port.number - published.container)
    })
}
