//! Ingresses: what is reached by HTTP from outside.

use super::exposure::Route;
use super::{metadata, pod_of, pod_ports};
use crate::convert::names::{Names, cut};
use crate::convert::plan::Out;
use crate::convert::unit::Unit;
use crate::convert::{Map, Object, Options, Platform, Tree};

/// The Ingress of a pod: all names under which it is reached.
pub(super) fn ingress(
    units: &[Unit<'_>],
    at: usize,
    names: &Names,
    options: &Options,
    out: &Out<'_>,
) -> Option<Object> {
    let unit = units.get(at)?;
    let routes: Vec<&Route> = out.network.routes.iter().filter(|r| pod_of(units, r.owner) == at).collect();
    if routes.is_empty() {
        return None;
    }
    let mut spec = Map::new();
    match options.platform {
        Platform::K3s => spec.set("ingressClassName", Tree::settable("ingressClass", "traefik")),
        // The class that the cluster has for its own serves what names none.
        Platform::Kubernetes => {}
    }
    let mut hosts: Vec<Tree> = Vec::new();
    let mut rules: Vec<(Tree, Vec<Map>)> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let to = pod_of(units, route.service);
        let Some(port) = pod_ports(units, to).find(|p| p.number == route.port) else { continue };
        let Some(called) = units.get(to) else { continue };
        let host = Tree::Text(route.host.clone());
        // A chart's users set one host; more of them are theirs to write.
        let host = if index == 0 { Tree::settable("host", host) } else { host };
        let backend = Map::new().with(
            "service",
            Map::new()
                .with("name", called.name.as_str())
                .with("port", Map::new().with("name", port.name.as_str())),
        );
        let path =
            Map::new().with("path", route.path.as_str()).with("pathType", "Prefix").with("backend", backend);
        if let Some((_, paths)) = rules.iter_mut().find(|(known, _)| plain(known) == plain(&host)) {
            paths.push(path);
        } else {
            hosts.push(host.clone());
            rules.push((host, vec![path]));
        }
    }
    if rules.is_empty() {
        return None;
    }
    let secret = format!("{}-tls", cut(&unit.name, 59));
    let tls = Map::new().with("hosts", Tree::List(hosts)).because(
        "secretName",
        Tree::settable("tlsSecret", secret),
        "the certificate, from cert-manager or by hand; without it the controller serves its own",
    );
    spec.set("tls", vec![tls]);
    let rules: Vec<Map> = rules
        .into_iter()
        .map(|(host, paths)| Map::new().with("host", host).with("http", Map::new().with("paths", paths)))
        .collect();
    spec.set("rules", rules);
    Some(Object::new("networking.k8s.io/v1", "Ingress", &unit.name, metadata(unit, names)).with("spec", spec))
}

/// A value as it is at first.
fn plain(tree: &Tree) -> &Tree {
    match tree {
        Tree::Value(_, value) => value,
        other => other,
    }
}
