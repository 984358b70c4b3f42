//! Who reaches whom: ports, Services, Ingresses and NetworkPolicies.

use super::names::Names;
use super::plan::Out;
use super::unit::{Listening, Unit};
use super::{Object, Options};
use crate::images::Facts;
use crate::project::compose::Item;
use crate::project::{Composition, Container, Project, Stage};

/// What is known of a service before its ports are told.
pub(super) struct Told<'p> {
    pub(super) project: &'p Project,
    pub(super) composition: &'p Composition,
    pub(super) container: &'p Container,
    pub(super) item: &'p Item,
    pub(super) stage: Option<&'p Stage>,
    pub(super) facts: Option<&'static Facts>,
}

/// The ports that a service listens on: those it publishes or exposes, those its image declares, those that others call.
pub(super) fn listening(told: &Told<'_>) -> Vec<Listening> {
    let mut ports: Vec<Listening> = Vec::new();
    for port in &told.container.ports {
        let protocol = match port.protocol.as_str() {
            "udp" => "UDP",
            "sctp" => "SCTP",
            _ => "TCP",
        };
        for number in port.container..=port.container_end {
            if ports.iter().any(|p| p.number == number && p.protocol == protocol) {
                continue;
            }
            let name = format!("{}-{number}", protocol.to_ascii_lowercase());
            ports.push(Listening {
                name,
                number,
                target: number,
                protocol,
                http: false,
                published: port.published,
                span: Some(port.span),
            });
        }
    }
    ports
}

/// The objects by which a service is reached, and which say who may reach it and whom it may reach.
pub(super) fn objects(
    _units: &[Unit<'_>],
    _at: usize,
    _names: &Names,
    _options: &Options,
    _out: &mut Out<'_>,
) -> Vec<Object> {
    Vec::new()
}

/// The Namespace, and what is said of all its pods.
pub(super) fn shared(
    _units: &[Unit<'_>],
    _names: &Names,
    _options: &Options,
    _out: &mut Out<'_>,
) -> Vec<Object> {
    Vec::new()
}

/// What a pod's `spec` says of its network: `dnsConfig`, `hostAliases`, `hostname`.
pub(super) fn pod(_unit: &Unit<'_>, _units: &[Unit<'_>], _out: &mut Out<'_>) -> super::Map {
    super::Map::new()
}

/// The Service that gives the pods of a StatefulSet their names.
pub(super) fn governing_service(unit: &Unit<'_>) -> String {
    format!("{}-pods", unit.name)
}

/// Whether a label of Compose says how a service is reached, which an Ingress does here.
pub(super) fn reads_label(name: &str) -> bool {
    name.starts_with("traefik.")
}
