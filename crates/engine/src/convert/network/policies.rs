//! Network policies: nothing is let through but what the project has; and the Namespace.

use std::collections::BTreeSet;

use super::calls::{Address, Edge, is_kept_inside};
use super::{exposure, members, metadata, network, networks, own, pod_of, pod_ports};
use crate::convert::names::Names;
use crate::convert::plan::Out;
use crate::convert::security::{self, Level};
use crate::convert::unit::{Listening, Unit};
use crate::convert::{Map, Object, Options, Platform, Tree};
use crate::project::compose::Item;

/// Addresses that are nobody's on the Internet.
const PRIVATE: [&str; 5] =
    ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/// Namespaces in which Ingress controllers usually run.
const CONTROLLERS: [&str; 2] = ["ingress-nginx", "traefik"];

/// The Namespace with what its pods have to keep to.
pub(super) fn namespace(units: &[Unit<'_>], names: &Names) -> Object {
    let mut labels = Map::new().with("app.kubernetes.io/part-of", names.project.as_str());
    let level = units.iter().map(security::level).max().unwrap_or(Level::Restricted);
    let why = match level {
        Level::Restricted => "all pods keep to the strictest standard; others are refused",
        Level::Baseline => "the report says which pods keep it from being `restricted`",
    };
    labels.explain("pod-security.kubernetes.io/enforce", level.as_str(), why);
    labels.set("pod-security.kubernetes.io/enforce-version", "latest");
    labels.set("pod-security.kubernetes.io/audit", "restricted");
    labels.set("pod-security.kubernetes.io/warn", "restricted");
    Object::new("v1", "Namespace", &names.project, Map::new().with("labels", labels))
}

/// What holds for every pod: nothing goes in or out, but for questions to the cluster's DNS.
pub(super) fn for_all(names: &Names) -> Vec<Object> {
    let labels =
        || Map::new().with("labels", Map::new().with("app.kubernetes.io/part-of", names.project.as_str()));
    let everyone = || Tree::Map(Map::new());
    let deny = Map::new()
        .because("podSelector", everyone(), "every pod; what is let through is said for each service")
        .with("policyTypes", vec!["Ingress", "Egress"]);
    let dns = Map::new().with("to", vec![of_namespace("kube-system")]).because(
        "ports",
        vec![port(53, "UDP"), port(53, "TCP")],
        "answers that do not fit into UDP are asked for again by TCP",
    );
    let allow = Map::new()
        .with("podSelector", everyone())
        .with("policyTypes", vec!["Egress"])
        .with("egress", vec![dns]);
    vec![
        Object::new("networking.k8s.io/v1", "NetworkPolicy", "default-deny", labels()).with("spec", deny),
        Object::new("networking.k8s.io/v1", "NetworkPolicy", "allow-dns", labels()).with("spec", allow),
    ]
}

/// Whether the pod of a service calls that of another, so that a policy lets it.
pub(in crate::convert) fn calls(units: &[Unit<'_>], from: usize, to: usize, out: &Out<'_>) -> bool {
    let (from, to) = (pod_of(units, from), pod_of(units, to));
    from == to || out.network.edges.iter().any(|edge| edge.from == from && edge.to == to)
}

/// The policy of a pod.
pub(super) fn policy(
    units: &[Unit<'_>],
    at: usize,
    names: &Names,
    options: &Options,
    out: &Out<'_>,
) -> Option<Object> {
    let unit = units.get(at)?;
    let mut ingress = from_pods(units, at, names, out);
    ingress.extend(from_outside(units, at, options, out));
    let mut egress = to_pods(units, at, names, out);
    egress.extend(to_addresses(units, at, out));
    for other in namespaces(units, at) {
        ingress.push(Map::new().with("from", vec![of_namespace(other)]));
        egress.push(Map::new().with("to", vec![of_namespace(other)]));
    }
    if !is_kept_inside(units, at) {
        let block = Map::new().with("cidr", "0.0.0.0/0").because(
            "except",
            PRIVATE.to_vec(),
            "the Internet by IPv4, but no other machine of the cluster or around it",
        );
        egress.push(Map::new().with("to", vec![Map::new().with("ipBlock", block)]));
    }
    if ingress.is_empty() && egress.is_empty() {
        return None;
    }
    let mut types = Vec::new();
    let mut spec = Map::new().with("podSelector", Map::new().with("matchLabels", unit.selector(names)));
    if !ingress.is_empty() {
        types.push("Ingress");
    }
    if !egress.is_empty() {
        types.push("Egress");
    }
    spec.set("policyTypes", types);
    if !ingress.is_empty() {
        spec.set("ingress", ingress);
    }
    if !egress.is_empty() {
        spec.set("egress", egress);
    }
    Some(
        Object::new("networking.k8s.io/v1", "NetworkPolicy", &unit.name, metadata(unit, names))
            .with("spec", spec),
    )
}

fn port(number: u16, protocol: &str) -> Map {
    Map::new().with("port", number).with("protocol", protocol)
}

fn of_namespace(name: &str) -> Map {
    let labels = Map::new().with("kubernetes.io/metadata.name", name);
    Map::new().with("namespaceSelector", Map::new().with("matchLabels", labels))
}

fn of_pods(unit: &Unit<'_>, names: &Names) -> Map {
    Map::new().with("podSelector", Map::new().with("matchLabels", unit.selector(names)))
}

/// The ports of a pod that a call means, as the program listens on them: policies see packets where they arrive.
fn ports_of(units: &[Unit<'_>], edge: &Edge) -> Vec<(u16, &'static str)> {
    let meant = |p: &&Listening| edge.ports.is_empty() || edge.ports.contains(&p.number);
    let mut ports: Vec<_> = pod_ports(units, edge.to).filter(meant).map(|p| (p.target, p.protocol)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn with_ports(rule: Map, ports: &[(u16, &'static str)]) -> Map {
    let ports: Vec<Map> = ports.iter().map(|(number, protocol)| port(*number, protocol)).collect();
    rule.filled("ports", ports)
}

/// Who may call a pod: callers of the same ports in one rule.
fn from_pods(units: &[Unit<'_>], at: usize, names: &Names, out: &Out<'_>) -> Vec<Map> {
    let mut rules: Vec<(Vec<(u16, &'static str)>, Vec<Map>)> = Vec::new();
    for edge in out.network.edges.iter().filter(|edge| edge.to == at) {
        let Some(caller) = units.get(edge.from) else { continue };
        let (ports, caller) = (ports_of(units, edge), of_pods(caller, names));
        match rules.iter_mut().find(|(known, _)| *known == ports) {
            Some((_, callers)) => callers.push(caller),
            None => rules.push((ports, vec![caller])),
        }
    }
    rules.into_iter().map(|(ports, callers)| with_ports(Map::new().with("from", callers), &ports)).collect()
}

/// Whom a pod may call.
fn to_pods(units: &[Unit<'_>], at: usize, names: &Names, out: &Out<'_>) -> Vec<Map> {
    let edges = out.network.edges.iter().filter(|edge| edge.from == at);
    let rule = |edge: &Edge| {
        let to = of_pods(units.get(edge.to)?, names);
        Some(with_ports(Map::new().with("to", vec![to]), &ports_of(units, edge)))
    };
    edges.filter_map(rule).collect()
}

/// Who from outside may call a pod: the Ingress controller where it has a route, everybody where a Service takes it outside.
fn from_outside(units: &[Unit<'_>], at: usize, options: &Options, out: &Out<'_>) -> Vec<Map> {
    let routed: BTreeSet<u16> = out
        .network
        .routes
        .iter()
        .filter(|route| pod_of(units, route.service) == at)
        .filter_map(|route| pod_ports(units, at).find(|p| p.number == route.port).map(|p| p.target))
        .collect();
    let mut rules = Vec::new();
    if !routed.is_empty() {
        let from = match options.platform {
            Platform::K3s => {
                let traefik = Map::new().with("app.kubernetes.io/name", "traefik");
                of_namespace("kube-system").with("podSelector", Map::new().with("matchLabels", traefik))
            }
            Platform::Kubernetes => {
                let named = Map::new()
                    .with("key", "kubernetes.io/metadata.name")
                    .with("operator", "In")
                    .with("values", Tree::settable("ingressNamespaces", CONTROLLERS.to_vec()));
                Map::new().with("namespaceSelector", Map::new().with("matchExpressions", vec![named]))
            }
        };
        let ports: Vec<Map> = routed.into_iter().map(|number| port(number, "TCP")).collect();
        rules.push(Map::new().because("from", vec![from], "the Ingress controller").with("ports", ports));
    }
    if units.get(at).and_then(exposure::outside).is_some() {
        let all: Vec<&Listening> = pod_ports(units, at).collect();
        let some: Vec<&Listening> = all.iter().copied().filter(|p| p.published).collect();
        let taken = if some.is_empty() { all } else { some };
        let ports: Vec<Map> = taken.into_iter().map(|p| port(p.target, p.protocol)).collect();
        let anyone = Map::new().with("ipBlock", Map::new().with("cidr", "0.0.0.0/0"));
        rules.push(
            Map::new()
                .because("from", vec![anyone], "`x-seaworthy.publish` takes it outside")
                .filled("ports", ports),
        );
    }
    rules
}

/// The addresses of private networks that a pod names.
fn to_addresses(units: &[Unit<'_>], at: usize, out: &Out<'_>) -> Vec<Map> {
    let addresses: BTreeSet<Address> = members(units, at)
        .filter_map(|(index, _)| out.network.addresses.get(index))
        .flatten()
        .copied()
        .collect();
    let rule = |address: &Address| {
        let block = Map::new().with("cidr", format!("{}/32", address.ip));
        let to = Map::new().because(
            "to",
            vec![Map::new().with("ipBlock", block)],
            "its settings name this address, which is outside of the cluster",
        );
        match address.port {
            Some(number) => to.with("ports", vec![port(number, "TCP")]),
            None => to,
        }
    };
    addresses.iter().map(rule).collect()
}

/// The namespaces that networks shared with other projects stand for.
fn namespaces<'p>(units: &[Unit<'p>], at: usize) -> Vec<&'p str> {
    let Some(unit) = units.get(at) else { return Vec::new() };
    let named = networks(units, at).unwrap_or_default();
    let of = |name: &&str| own(network(unit, name)?, "namespace").and_then(Item::as_str);
    named.iter().filter_map(of).filter(|name| super::is_label(name)).collect()
}
