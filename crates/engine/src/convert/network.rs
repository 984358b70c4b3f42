//! Who reaches whom: ports, Services, Ingresses and network policies.

mod attributes;
mod calls;
mod exposure;
mod handed_on;
mod ingress;
mod mentions;
mod policies;
mod ports;
mod services;

use super::names::{Names, dns_label};
use super::plan::Out;
use super::unit::{Listening, Unit};
use super::{Map, Object, Options};
use crate::images::Facts;
use crate::project::compose::Item;
use crate::project::{Container, Project, Stage};

pub(super) use attributes::pod;
pub(super) use exposure::reads_label;
pub(super) use handed_on::FILES as HANDED_ON;
pub(super) use policies::calls;
pub(super) use ports::listening;
pub(super) use services::governing_service;

/// What is known of a service before its ports are told.
pub(super) struct Told<'p> {
    pub(super) project: &'p Project,
    pub(super) container: &'p Container,
    pub(super) item: &'p Item,
    pub(super) stage: Option<&'p Stage>,
    pub(super) facts: Option<&'static Facts>,
}

/// Who calls whom, and what is reached from outside; told once, when all services are known.
#[derive(Default)]
pub(super) struct Network {
    edges: Vec<calls::Edge>,
    routes: Vec<exposure::Route>,
    /// By service, why what it publishes by HTTP has no route.
    unrouted: Vec<Option<exposure::Unrouted>>,
    /// By service, the addresses of private networks that it calls.
    addresses: Vec<Vec<calls::Address>>,
}

/// Tells who calls whom once all services are known: the names that peers call them by too.
pub(super) fn connect(units: &mut [Unit<'_>], names: &Names, options: &Options, out: &mut Out<'_>) {
    share_ports(units);
    let named = calls::named(units);
    let aliases = services::aliases(units, &named, out);
    for (unit, aliases) in units.iter_mut().zip(aliases) {
        unit.aliases = aliases;
    }
    let (edges, addresses) = calls::find(units, &named, out);
    let (routes, unrouted) = exposure::find(units, &edges, names, options, out);
    out.network = Network { edges, routes, unrouted, addresses };
}

/// Names of ports are unique in a pod: what runs in the pod of another lists only ports that are its own.
fn share_ports(units: &mut [Unit<'_>]) {
    for at in 0..units.len() {
        let Some(host) = units[at].inside.clone() else { continue };
        let Some(host) = units.iter().position(|unit| unit.service.name == host) else { continue };
        let others: Vec<Listening> =
            members(units, host).filter(|(n, _)| *n != at).flat_map(|(_, u)| u.ports.clone()).collect();
        let own = &mut units[at].ports;
        own.retain(|port| !others.iter().any(|o| o.number == port.number && o.protocol == port.protocol));
        for port in own.iter_mut().filter(|port| others.iter().any(|o| o.name == port.name)) {
            let kind = if port.http { "http".to_owned() } else { port.protocol.to_ascii_lowercase() };
            port.name = format!("{kind}-{}", port.number);
        }
    }
}

/// The host under which a service is reached from outside.
pub(super) fn host_of(name: &str, units: &[Unit<'_>], out: &Out<'_>) -> Option<String> {
    let leads = |route: &&exposure::Route| units.get(route.service).is_some_and(|unit| unit.name == name);
    out.network.routes.iter().find(leads).map(|route| route.host.to_string())
}

/// The service whose pod a service runs in: itself but for `network_mode: service:…`.
fn pod_of(units: &[Unit<'_>], at: usize) -> usize {
    let host = units.get(at).and_then(|unit| unit.inside.as_deref());
    host.and_then(|host| units.iter().position(|unit| unit.service.name == host)).unwrap_or(at)
}

/// The services that run in the pod of a service, with their places: itself first.
fn members<'u, 'p>(units: &'u [Unit<'p>], at: usize) -> impl Iterator<Item = (usize, &'u Unit<'p>)> {
    let name = units.get(at).map(|unit| unit.service.name.as_str());
    let guests = units
        .iter()
        .enumerate()
        .filter(move |(_, unit)| unit.inside.is_some() && unit.inside.as_deref() == name);
    units.get(at).map(|unit| (at, unit)).into_iter().chain(guests)
}

/// The ports of the pod of a service.
fn pod_ports<'u, 'p: 'u>(units: &'u [Unit<'p>], at: usize) -> impl Iterator<Item = &'u Listening> {
    members(units, at).flat_map(|(_, unit)| &unit.ports)
}

/// The networks that a service is in; `None` for one in the network of its host.
fn networks<'p>(units: &[Unit<'p>], at: usize) -> Option<Vec<&'p str>> {
    let unit = units.get(pod_of(units, at))?;
    match unit.service.network_mode.as_ref().map(|mode| mode.value.as_str()) {
        Some("host") => return None,
        Some("none") => return Some(Vec::new()),
        _ => {}
    }
    let attached: Vec<&str> = unit.service.networks.iter().map(|n| n.network.as_str()).collect();
    Some(if attached.is_empty() { vec!["default"] } else { attached })
}

/// What Compose says of a network of the project.
fn network<'p>(unit: &Unit<'p>, name: &str) -> Option<&'p Item> {
    unit.composition.model.get("networks")?.get(name)
}

/// What `x-seaworthy` says at a place of the model.
fn own<'i>(item: &'i Item, key: &str) -> Option<&'i Item> {
    item.get("x-seaworthy")?.get(key)
}

/// The metadata of an object of a service.
fn metadata(unit: &Unit<'_>, names: &Names) -> Map {
    Map::new().with("labels", unit.selector(names))
}

/// Whether a text is a DNS label as it stands, so that a Service may have it for its name.
fn is_label(text: &str) -> bool {
    !text.is_empty() && dns_label(text) == text
}

/// The objects by which a service is reached, and which say who may reach it and whom it may reach.
pub(super) fn objects(
    units: &[Unit<'_>],
    at: usize,
    names: &Names,
    options: &Options,
    out: &mut Out<'_>,
) -> Vec<Object> {
    for (_, unit) in members(units, at) {
        attributes::service(units, unit, out);
    }
    let mut objects = services::services(units, at, names, out);
    objects.extend(ingress::ingress(units, at, names, options, out));
    objects.extend(policies::policy(units, at, names, options, out));
    objects
}

/// The Namespace, and what is said of all its pods.
pub(super) fn shared(
    units: &[Unit<'_>],
    names: &Names,
    _options: &Options,
    out: &mut Out<'_>,
) -> Vec<Object> {
    attributes::project(units, out);
    let mut objects = vec![policies::namespace(units, names)];
    objects.extend(policies::for_all(names));
    objects
}
