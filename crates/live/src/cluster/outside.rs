//! Who is reached from outside of the cluster: asked from here, where this program runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use seaworthy_engine::measured::Outside;
use seaworthy_engine::project::kubernetes::Detail;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::plan::Plan;
use super::state::{Live, services_of};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// The ways to each target from outside, and whether they are open.
pub(super) async fn outside(
    plan: &Plan<'_>,
    live: &[Live],
    services: &[Service],
    ingresses: &[Ingress],
    pods: &[Pod],
) -> BTreeMap<usize, Vec<Outside>> {
    let nodes: BTreeSet<String> = pods.iter().filter_map(|p| p.status.as_ref()?.host_ip.clone()).collect();
    let mut ways = Vec::new();
    for one in live {
        let target = &plan.targets[one.target];
        let stateful =
            |c: &seaworthy_engine::project::Container| c.facts().is_some_and(|f| f.stateful == Some(true));
        let internal = target.containers(plan.project).any(stateful);
        let mut push = |way: String, host: &str, port: i32, declared: bool| {
            let address =
                if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
            ways.push((one.target, Outside { way, address, open: false, declared, internal }));
        };
        for service in services_of(services, &one.labels) {
            let Some(spec) = &service.spec else { continue };
            let name = service.name_any();
            let kind = spec.type_.as_deref().unwrap_or("ClusterIP");
            let declared = declared_service(plan, &name);
            let same = |word: &str| declared.as_deref() == Some(word);
            let tcp =
                || spec.ports.iter().flatten().filter(|p| p.protocol.as_deref().unwrap_or("TCP") == "TCP");
            for port in tcp() {
                if let Some(number) = port.node_port.filter(|_| matches!(kind, "NodePort" | "LoadBalancer")) {
                    for node in nodes.iter().take(3) {
                        push(
                            format!("a port of every node, by the Service `{name}`"),
                            node,
                            number,
                            same("NodePort") || same("LoadBalancer"),
                        );
                    }
                }
                let balancers = service
                    .status
                    .iter()
                    .flat_map(|s| &s.load_balancer)
                    .flat_map(|l| l.ingress.iter().flatten());
                for at in balancers.filter_map(|i| i.ip.as_ref().or(i.hostname.as_ref())) {
                    push(
                        format!("the load balancer of the Service `{name}`"),
                        at,
                        port.port,
                        same("LoadBalancer"),
                    );
                }
                for at in spec.external_ips.iter().flatten() {
                    let written = declared_ips(plan, &name).contains(at);
                    push(format!("an external address of the Service `{name}`"), at, port.port, written);
                }
            }
            for ingress in ingresses.iter().filter(|i| leads_to(i, &name)) {
                let written =
                    plan.manifests.iter().any(|m| m.kind == "Ingress" && m.name == ingress.name_any());
                let tls =
                    ingress.spec.as_ref().is_some_and(|s| s.tls.as_ref().is_some_and(|t| !t.is_empty()));
                let at = ingress
                    .status
                    .iter()
                    .flat_map(|s| &s.load_balancer)
                    .flat_map(|l| l.ingress.iter().flatten());
                for at in at.filter_map(|i| i.ip.as_ref().or(i.hostname.as_ref())) {
                    push(
                        format!("the Ingress `{}`", ingress.name_any()),
                        at,
                        if tls { 443 } else { 80 },
                        written,
                    );
                }
            }
        }
        for pod in &one.pods {
            let host = pod.status.as_ref().and_then(|s| s.host_ip.clone()).unwrap_or_default();
            for container in pod.spec.iter().flat_map(|s| &s.containers) {
                for port in container
                    .ports
                    .iter()
                    .flatten()
                    .filter(|p| p.protocol.as_deref().unwrap_or("TCP") == "TCP")
                {
                    let Some(number) = port.host_port else { continue };
                    let written =
                        target.containers(plan.project).any(|c| c.ports.iter().any(|p| p.host.is_some()));
                    push("a port of its node".to_owned(), &host, number, written);
                }
            }
        }
    }
    let asked = ways.into_iter().map(|(target, way)| async move {
        let open = timeout(CONNECT, TcpStream::connect(&way.address)).await.is_ok_and(|c| c.is_ok());
        (target, Outside { open, ..way })
    });
    let mut found: BTreeMap<usize, Vec<Outside>> = BTreeMap::new();
    for (target, way) in join_all(asked).await {
        let list = found.entry(target).or_default();
        if !list.contains(&way) {
            list.push(way);
        }
    }
    found
}

/// The type that the manifest of a Service says.
fn declared_service(plan: &Plan<'_>, name: &str) -> Option<String> {
    let manifest = plan.manifests.iter().find(|m| m.kind == "Service" && m.name == name)?;
    let Detail::Service(service) = &plan.project.object(manifest.object).detail else { return None };
    Some(service.kind.value().cloned().unwrap_or_else(|| "ClusterIP".to_owned()))
}

fn declared_ips(plan: &Plan<'_>, name: &str) -> Vec<String> {
    let manifest = plan.manifests.iter().find(|m| m.kind == "Service" && m.name == name);
    match manifest.map(|m| &plan.project.object(m.object).detail) {
        Some(Detail::Service(service)) => service.external_ips.iter().map(|ip| ip.value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn leads_to(ingress: &Ingress, service: &str) -> bool {
    let Some(spec) = &ingress.spec else { return false };
    let rules = spec.rules.iter().flatten().filter_map(|r| r.http.as_ref()).flat_map(|h| &h.paths);
    let backends = rules.map(|p| &p.backend).chain(&spec.default_backend);
    backends.into_iter().any(|b| b.service.as_ref().is_some_and(|s| s.name == service))
}
