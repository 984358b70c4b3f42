//! What the `NetworkPolicies` of a namespace want: which connections they let through.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;

/// The labels of a pod or a namespace.
pub(super) type Labels = BTreeMap<String, String>;

/// One end of a connection.
#[derive(Clone, Copy)]
pub(super) struct End<'e> {
    pub(super) labels: &'e Labels,
    /// Its address, where it is known.
    pub(super) address: Option<IpAddr>,
    /// The pod whose ports have names.
    pub(super) pod: Option<&'e Pod>,
}

/// The policies of a namespace.
pub(super) struct Policies {
    pub(super) all: Vec<NetworkPolicy>,
    /// The labels of the namespace.
    pub(super) namespace: Labels,
}

/// What policies say of a connection.
pub(super) struct Verdict {
    pub(super) allowed: bool,
    /// The first policy that is about it; `None` where none is.
    pub(super) policy: Option<String>,
}

impl Policies {
    /// Whether any policy is about what comes into pods with these labels.
    pub(super) fn isolate(&self, labels: &Labels) -> bool {
        self.all.iter().any(|p| is_about(p, labels, "Ingress"))
    }

    /// Whether a connection by TCP gets through.
    pub(super) fn verdict(&self, from: End<'_>, to: End<'_>, port: u16) -> Verdict {
        let sides = [("Ingress", to.labels, from), ("Egress", from.labels, to)];
        let mut first = None;
        for (direction, own, peer) in sides {
            let mut about = self.all.iter().filter(|p| is_about(p, own, direction)).peekable();
            let Some(policy) = about.peek().map(|p| p.name_any()) else { continue };
            if !about.any(|p| self.lets(p, direction, peer, to, port)) {
                return Verdict { allowed: false, policy: Some(policy) };
            }
            first = first.or(Some(policy));
        }
        Verdict { allowed: true, policy: first }
    }

    fn lets(&self, policy: &NetworkPolicy, direction: &str, peer: End<'_>, to: End<'_>, port: u16) -> bool {
        let Some(spec) = &policy.spec else { return false };
        let open = |peers: &Option<Vec<NetworkPolicyPeer>>, ports: &Option<Vec<NetworkPolicyPort>>| {
            let any =
                |list: &Vec<NetworkPolicyPort>| list.is_empty() || list.iter().any(|p| has_port(p, to, port));
            ports.as_ref().is_none_or(any)
                && peers
                    .as_ref()
                    .is_none_or(|list| list.is_empty() || list.iter().any(|one| self.covers(one, peer)))
        };
        if direction == "Ingress" {
            spec.ingress.iter().flatten().any(|rule| open(&rule.from, &rule.ports))
        } else {
            spec.egress.iter().flatten().any(|rule| open(&rule.to, &rule.ports))
        }
    }

    fn covers(&self, peer: &NetworkPolicyPeer, end: End<'_>) -> bool {
        if let Some(block) = &peer.ip_block {
            let Some(address) = end.address else { return false };
            let excepted = block.except.iter().flatten().any(|cidr| contains(cidr, address));
            return contains(&block.cidr, address) && !excepted;
        }
        peer.namespace_selector.as_ref().is_none_or(|s| matches(s, &self.namespace))
            && peer.pod_selector.as_ref().is_none_or(|s| matches(s, end.labels))
    }
}

/// Whether a policy isolates pods with these labels in a direction.
fn is_about(policy: &NetworkPolicy, labels: &Labels, direction: &str) -> bool {
    let Some(spec) = &policy.spec else { return false };
    let types = match &spec.policy_types {
        Some(types) => types.iter().any(|t| t == direction),
        None => direction == "Ingress" || spec.egress.is_some(),
    };
    types && spec.pod_selector.as_ref().is_none_or(|s| matches(s, labels))
}

/// Whether a policy isolates what comes into pods.
pub(super) fn isolates_ingress(policy: &NetworkPolicy) -> bool {
    policy
        .spec
        .as_ref()
        .is_some_and(|s| s.policy_types.as_ref().is_none_or(|t| t.iter().any(|t| t == "Ingress")))
}

/// Whether a selector selects something with these labels.
pub(super) fn matches(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(|e| {
            let value = labels.get(&e.key);
            let among = value.is_some_and(|v| e.values.iter().flatten().any(|one| one == v));
            match e.operator.as_str() {
                "In" => among,
                "NotIn" => !among,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

fn has_port(written: &NetworkPolicyPort, to: End<'_>, port: u16) -> bool {
    if written.protocol.as_deref().is_some_and(|p| p != "TCP") {
        return false;
    }
    match &written.port {
        None => true,
        Some(IntOrString::Int(number)) => {
            (*number..=written.end_port.unwrap_or(*number)).contains(&i32::from(port))
        }
        Some(IntOrString::String(name)) => {
            let containers = to.pod.and_then(|p| p.spec.as_ref()).into_iter().flat_map(|s| &s.containers);
            containers
                .flat_map(|c| c.ports.iter().flatten())
                .any(|p| p.name.as_ref() == Some(name) && p.container_port == i32::from(port))
        }
    }
}

/// Whether a block of addresses has an address in it.
fn contains(cidr: &str, address: IpAddr) -> bool {
    let (network, bits) = cidr.split_once('/').unwrap_or((cidr, ""));
    let (Ok(network), bits) = (network.parse::<IpAddr>(), bits.parse::<u32>().ok()) else { return false };
    let same = |a: u128, b: u128, width: u32| {
        let bits = bits.unwrap_or(width).min(width);
        bits == 0 || (a ^ b) >> (width - bits) == 0
    };
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(text: serde_json::Value) -> Policies {
        let all = serde_json::from_value(text).unwrap_or_default();
        let namespace = [("kubernetes.io/metadata.name".to_owned(), "shop".to_owned())].into();
        Policies { all, namespace }
    }

    fn labels(app: &str) -> Labels {
        [("app".to_owned(), app.to_owned())].into()
    }

    #[test]
    fn verdicts() {
        let deny = serde_json::json!({ "metadata": { "name": "deny" }, "spec": { "podSelector": {}, "policyTypes": ["Ingress", "Egress"] } });
        let web = serde_json::json!({ "metadata": { "name": "web" }, "spec": {
            "podSelector": { "matchLabels": { "app": "web" } }, "policyTypes": ["Egress"],
            "egress": [{ "to": [{ "podSelector": { "matchExpressions": [{ "key": "app", "operator": "In", "values": ["db"] }] } }], "ports": [{ "port": 5432 }] },
                       { "to": [{ "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } }] }] } });
        let db = serde_json::json!({ "metadata": { "name": "db" }, "spec": {
            "podSelector": { "matchLabels": { "app": "db" } },
            "ingress": [{ "from": [{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "shop" } }, "podSelector": { "matchLabels": { "app": "web" } } }] }] } });
        let policies = policies(serde_json::json!([deny, web, db]));
        let allowed = |from: &str, to: &str, port, address: Option<&str>| {
            let (from, to) = (labels(from), labels(to));
            let address = address.and_then(|a| a.parse().ok());
            policies
                .verdict(
                    End { labels: &from, address: None, pod: None },
                    End { labels: &to, address, pod: None },
                    port,
                )
                .allowed
        };
        assert!(allowed("web", "db", 5432, None));
        assert!(!allowed("web", "db", 5433, None));
        assert!(!allowed("api", "db", 5432, None));
        assert!(!allowed("web", "api", 80, Some("10.2.0.1")), "what it may send is not what the other takes");
        assert!(policies.isolate(&labels("any")));
    }

    #[test]
    fn blocks() {
        for (cidr, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "10.0.0.1", false),
            ("nonsense", "10.0.0.1", false),
        ] {
            assert_eq!(address.parse().is_ok_and(|a| contains(cidr, a)), inside, "{cidr} {address}");
        }
    }
}
