//! What the objects around workloads say.

use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::{Span, Spanned};

use super::read::{
    PortRef, boolean, integer, labels, port, setting, spanned_number, spanned_string, string, strings,
};
use super::{Selector, group, quantity, text_at};
use crate::project::{Origin, Setting};

/// What an object says, for the kinds that are known.
#[derive(Debug)]
pub enum Detail {
    /// A Service.
    Service(Box<Service>),
    /// An Ingress.
    Ingress(Ingress),
    /// A route of the Gateway API or of OpenShift.
    Route(Route),
    /// A NetworkPolicy.
    NetworkPolicy(NetworkPolicy),
    /// A `HorizontalPodAutoscaler`, or a `ScaledObject` of KEDA.
    Autoscaler(Autoscaler),
    /// A `PodDisruptionBudget`.
    Budget(Budget),
    /// A ConfigMap.
    ConfigMap(Data),
    /// A Secret, or what makes one: an `ExternalSecret`, a `SealedSecret`.
    Secret(Data),
    /// A `ServiceAccount`.
    ServiceAccount(ServiceAccount),
    /// A Role or a `ClusterRole`.
    Role(Role),
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding(Binding),
    /// A `PersistentVolumeClaim`.
    Claim(Claim),
    /// A Namespace.
    Namespace,
    /// A `StorageClass`.
    StorageClass(StorageClass),
    /// Any other kind.
    Other,
}

/// What a Service says.
#[derive(Debug)]
pub struct Service {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`; unset means the first.
    pub kind: Setting<String>,
    /// It has no address of its own (`clusterIP: None`).
    pub headless: bool,
    /// The pods it sends to; `None` where its endpoints come from elsewhere.
    pub selector: Option<Selector>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// The name it stands for.
    pub external_name: Option<Spanned<String>>,
    /// Addresses outside of the cluster that it takes.
    pub external_ips: Vec<Spanned<String>>,
    /// Who may reach its load balancer.
    pub source_ranges: Vec<Spanned<String>>,
}

/// A port of a Service.
#[derive(Debug)]
pub struct ServicePort {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// The Service's port.
    pub port: Spanned<u16>,
    /// The pods' port; the same number where it does not say.
    pub target: Option<Spanned<PortRef>>,
    /// The port of every node.
    pub node_port: Option<Spanned<u16>>,
    /// `TCP`, `UDP` or `SCTP`; unset means the first.
    pub protocol: Option<Spanned<String>>,
}

/// What an Ingress says.
#[derive(Debug)]
pub struct Ingress {
    /// Its class, by key or by the annotation of old.
    pub class: Option<Spanned<String>>,
    /// Hosts and the certificates for them.
    pub tls: Vec<Tls>,
    /// The paths of its rules, in order.
    pub paths: Vec<IngressPath>,
    /// Where all else goes.
    pub default: Option<Backend>,
}

/// Hosts and the Secret that holds their certificate.
#[derive(Debug)]
pub struct Tls {
    /// The hosts.
    pub hosts: Vec<Spanned<String>>,
    /// The Secret.
    pub secret: Option<Spanned<String>>,
}

/// A path of a rule of an Ingress.
#[derive(Debug)]
pub struct IngressPath {
    /// The host of the rule; `None` for every host.
    pub host: Option<Spanned<String>>,
    /// The path.
    pub path: Option<Spanned<String>>,
    /// `Exact`, `Prefix` or `ImplementationSpecific`.
    pub kind: Option<Spanned<String>>,
    /// Where it goes; `None` where it goes to something that is no Service.
    pub backend: Option<Backend>,
}

/// A Service and one of its ports.
#[derive(Debug)]
pub struct Backend {
    /// The Service.
    pub service: Spanned<String>,
    /// The namespace, where it is another.
    pub namespace: Option<Spanned<String>>,
    /// The port.
    pub port: Option<Spanned<PortRef>>,
}

/// What a route says.
#[derive(Debug)]
pub struct Route {
    /// Its hosts.
    pub hosts: Vec<Spanned<String>>,
    /// The Services it goes to.
    pub backends: Vec<Backend>,
}

/// What a NetworkPolicy says.
#[derive(Debug)]
pub struct NetworkPolicy {
    /// The pods it is about.
    pub selector: Selector,
    /// It isolates what comes in.
    pub isolates_ingress: bool,
    /// It isolates what goes out.
    pub isolates_egress: bool,
    /// What may come in.
    pub ingress: Vec<NetworkRule>,
    /// What may go out.
    pub egress: Vec<NetworkRule>,
}

/// Peers and the ports they are allowed.
#[derive(Debug)]
pub struct NetworkRule {
    /// The peers; `None` for all.
    pub peers: Option<Vec<Peer>>,
    /// The ports; `None` for all.
    pub ports: Option<Vec<PeerPort>>,
    /// Where it stands.
    pub span: Span,
}

/// A peer of a NetworkPolicy.
#[derive(Debug)]
pub struct Peer {
    /// Pods, in the policy's own namespace where no namespaces are named.
    pub pods: Option<Selector>,
    /// Namespaces by their labels.
    pub namespaces: Option<Selector>,
    /// Addresses.
    pub block: Option<Spanned<String>>,
    /// Addresses of the block that are left out.
    pub except: Vec<Spanned<String>>,
}

/// A port of a rule of a NetworkPolicy.
#[derive(Debug)]
pub struct PeerPort {
    /// The port; `None` for all.
    pub port: Option<Spanned<PortRef>>,
    /// The last port of a range.
    pub end: Option<Spanned<u16>>,
    /// `TCP`, `UDP` or `SCTP`; unset means the first.
    pub protocol: Option<Spanned<String>>,
}

/// A reference to an object of the same namespace.
#[derive(Debug)]
pub struct ObjectRef {
    /// The API group, without the version; `None` where it does not say.
    pub group: Option<String>,
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Spanned<String>,
}

/// What an autoscaler says.
#[derive(Debug)]
pub struct Autoscaler {
    /// What it scales.
    pub target: Option<ObjectRef>,
    /// How many pods at least; unset means one, for KEDA none.
    pub min: Option<Spanned<u64>>,
    /// How many pods at most.
    pub max: Option<Spanned<u64>>,
    /// The resources whose use it goes by, `cpu` and `memory`.
    pub resources: Vec<Spanned<String>>,
    /// How many metrics it goes by.
    pub metrics: usize,
}

/// What a disruption budget says.
#[derive(Debug)]
pub struct Budget {
    /// The pods it is about; `None` for none in `policy/v1beta1` and where it is missing.
    pub selector: Option<Selector>,
    /// How many must stay: a number or a percentage.
    pub min_available: Option<Spanned<String>>,
    /// How many may go: a number or a percentage.
    pub max_unavailable: Option<Spanned<String>>,
    /// What becomes of pods that are not healthy.
    pub unhealthy: Option<Spanned<String>>,
}

/// What a ConfigMap or a Secret holds. Values are never kept.
#[derive(Debug)]
pub struct Data {
    /// The keys of `data`, `stringData` and `binaryData`.
    pub keys: Vec<Spanned<String>>,
    /// It cannot be changed.
    pub immutable: bool,
    /// The type of a Secret.
    pub kind: Option<Spanned<String>>,
    /// Whether the keys are all there is: not where something else fills them in.
    pub complete: bool,
    /// The object's name, where it is not that of its maker.
    pub name: Option<Spanned<String>>,
}

/// What a service account says.
#[derive(Debug)]
pub struct ServiceAccount {
    /// Its pods get a token.
    pub automount_token: Setting<bool>,
    /// The Secrets that hold credentials of registries.
    pub pull_secrets: Vec<Spanned<String>>,
}

/// What a role allows.
#[derive(Debug)]
pub struct Role {
    /// It holds for the whole cluster.
    pub cluster: bool,
    /// What it allows.
    pub grants: Vec<Grant>,
    /// It takes the grants of other roles too.
    pub aggregates: bool,
}

/// A rule of a role.
#[derive(Debug)]
pub struct Grant {
    /// API groups; `""` for the core group, `*` for all.
    pub groups: Vec<Spanned<String>>,
    /// Resources, with subresources as `pods/exec`; `*` for all.
    pub resources: Vec<Spanned<String>>,
    /// Verbs; `*` for all.
    pub verbs: Vec<Spanned<String>>,
    /// The objects it is limited to; all of them where this is empty.
    pub names: Vec<Spanned<String>>,
    /// Paths that are no resources.
    pub urls: Vec<Spanned<String>>,
}

/// What a binding gives to whom.
#[derive(Debug)]
pub struct Binding {
    /// It holds for the whole cluster.
    pub cluster: bool,
    /// The role.
    pub role: Option<ObjectRef>,
    /// Who gets it, with their namespaces.
    pub subjects: Vec<(ObjectRef, Option<Spanned<String>>)>,
}

/// What a volume claim asks for.
#[derive(Debug)]
pub struct Claim {
    /// Its name; in a claim template the name of the volume.
    pub name: Option<Spanned<String>>,
    /// The storage class; unset means the cluster's own, empty means none.
    pub class: Option<Spanned<String>>,
    /// How it may be mounted.
    pub access: Vec<Spanned<String>>,
    /// Its size in bytes.
    pub size: Option<Spanned<u64>>,
    /// The volume it is bound to.
    pub volume: Option<Spanned<String>>,
}

/// What a storage class says.
#[derive(Debug)]
pub struct StorageClass {
    /// Who makes the volumes.
    pub provisioner: Option<Spanned<String>>,
    /// What becomes of a volume whose claim is gone; unset means `Delete`.
    pub reclaim: Option<Spanned<String>>,
    /// Whether a claim that names no class gets this one.
    pub default: bool,
}

/// Reads what an object says.
pub(super) fn read(root: Node<'_>, api_version: &str, kind: &str) -> Detail {
    let spec = root.get("spec");
    match (group(api_version), kind) {
        ("", "Service") => Detail::Service(Box::new(service(root))),
        ("networking.k8s.io" | "extensions", "Ingress") => Detail::Ingress(ingress(root)),
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => Detail::NetworkPolicy(network_policy(root)),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute") => {
            Detail::Route(gateway_route(root))
        }
        ("route.openshift.io", "Route") => Detail::Route(openshift_route(root)),
        ("autoscaling", "HorizontalPodAutoscaler") => Detail::Autoscaler(autoscaler(root)),
        ("keda.sh", "ScaledObject") => Detail::Autoscaler(scaled_object(root)),
        ("policy", "PodDisruptionBudget") => Detail::Budget(Budget {
            selector: spec.and_then(|s| s.get("selector")).map(Selector::read),
            min_available: root.at(&["spec", "minAvailable"]).and_then(spanned_string),
            max_unavailable: root.at(&["spec", "maxUnavailable"]).and_then(spanned_string),
            unhealthy: root.at(&["spec", "unhealthyPodEvictionPolicy"]).and_then(spanned_string),
        }),
        ("", "ConfigMap") => Detail::ConfigMap(data(root, true)),
        ("", "Secret") => {
            let kind = text_at(root, &["type"]);
            // A token's keys are filled in by the cluster.
            Detail::Secret(data(root, kind.as_deref() != Some("kubernetes.io/service-account-token")))
        }
        ("bitnami.com", "SealedSecret") => Detail::Secret(Data {
            keys: keys(root.at(&["spec", "encryptedData"])),
            name: root.at(&["spec", "template", "metadata", "name"]).and_then(spanned_string),
            ..data(root, true)
        }),
        ("external-secrets.io", "ExternalSecret") => Detail::Secret(Data {
            keys: root
                .at(&["spec", "data"])
                .into_iter()
                .flat_map(Node::items)
                .filter_map(|item| spanned_string(item.get("secretKey")?))
                .collect(),
            name: root.at(&["spec", "target", "name"]).and_then(spanned_string),
            ..data(root, false)
        }),
        ("", "ServiceAccount") => Detail::ServiceAccount(ServiceAccount {
            automount_token: setting(Some(root), "automountServiceAccountToken", Origin::Own, boolean),
            pull_secrets: items(root.get("imagePullSecrets"))
                .filter_map(|item| spanned_string(item.get("name")?))
                .collect(),
        }),
        ("rbac.authorization.k8s.io" | "authorization.openshift.io", "Role" | "ClusterRole") => {
            Detail::Role(Role {
                cluster: kind == "ClusterRole",
                grants: items(root.get("rules"))
                    .map(|rule| Grant {
                        groups: strings(rule.get("apiGroups")),
                        resources: strings(rule.get("resources")),
                        verbs: strings(rule.get("verbs")),
                        names: strings(rule.get("resourceNames")),
                        urls: strings(rule.get("nonResourceURLs")),
                    })
                    .collect(),
                aggregates: root.get("aggregationRule").is_some_and(|n| !n.is_null()),
            })
        }
        (
            "rbac.authorization.k8s.io" | "authorization.openshift.io",
            "RoleBinding" | "ClusterRoleBinding",
        ) => Detail::Binding(Binding {
            cluster: kind == "ClusterRoleBinding",
            role: root.get("roleRef").and_then(object_ref),
            subjects: items(root.get("subjects"))
                .filter_map(|item| Some((object_ref(item)?, item.get("namespace").and_then(spanned_string))))
                .collect(),
        }),
        ("", "PersistentVolumeClaim") => Detail::Claim(Claim::read(root)),
        ("", "Namespace") => Detail::Namespace,
        ("storage.k8s.io", "StorageClass") => {
            let annotations = labels(root.at(&["metadata", "annotations"]));
            Detail::StorageClass(StorageClass {
                provisioner: root.get("provisioner").and_then(spanned_string),
                reclaim: root.get("reclaimPolicy").and_then(spanned_string),
                default: annotations.iter().any(|(key, value)| {
                    key.value.ends_with("storageclass.kubernetes.io/is-default-class")
                        && value.value == "true"
                }),
            })
        }
        _ => Detail::Other,
    }
}

fn items(node: Option<Node<'_>>) -> impl Iterator<Item = Node<'_>> {
    node.into_iter().flat_map(Node::items)
}

fn keys(node: Option<Node<'_>>) -> Vec<Spanned<String>> {
    node.into_iter().flat_map(Node::merged).filter_map(|entry| spanned_string(entry.key)).collect()
}

fn data(root: Node<'_>, complete: bool) -> Data {
    Data {
        keys: ["data", "stringData", "binaryData"].iter().flat_map(|key| keys(root.get(key))).collect(),
        immutable: root.get("immutable").and_then(boolean).unwrap_or(false),
        kind: root.get("type").and_then(spanned_string),
        complete,
        name: None,
    }
}

fn object_ref(node: Node<'_>) -> Option<ObjectRef> {
    Some(ObjectRef {
        group: text_at(node, &["apiGroup"])
            .or_else(|| text_at(node, &["apiVersion"]).map(|version| group(&version).to_owned())),
        kind: text_at(node, &["kind"]).unwrap_or_default(),
        name: spanned_string(node.get("name")?)?,
    })
}

fn service(root: Node<'_>) -> Service {
    let spec = root.get("spec");
    let field = |key: &str| spec.and_then(|s: Node<'_>| s.get(key));
    let selector = field("selector").map(Selector::read_plain).filter(|s| !s.is_empty());
    Service {
        kind: setting(spec, "type", Origin::Own, string),
        headless: field("clusterIP").and_then(string).as_deref() == Some("None"),
        selector,
        ports: items(field("ports"))
            .filter_map(|item| {
                Some(ServicePort {
                    name: item.get("name").and_then(spanned_string),
                    port: spanned_number(item.get("port")?)?,
                    target: item.get("targetPort").and_then(port),
                    node_port: item.get("nodePort").and_then(spanned_number),
                    protocol: item.get("protocol").and_then(spanned_string),
                })
            })
            .collect(),
        external_name: field("externalName").and_then(spanned_string),
        external_ips: strings(field("externalIPs")),
        source_ranges: strings(field("loadBalancerSourceRanges")),
    }
}

fn ingress(root: Node<'_>) -> Ingress {
    let spec = root.get("spec");
    let field = |key: &str| spec.and_then(|s: Node<'_>| s.get(key));
    let annotation =
        || root.at(&["metadata", "annotations"])?.get("kubernetes.io/ingress.class").and_then(spanned_string);
    Ingress {
        class: field("ingressClassName").and_then(spanned_string).or_else(annotation),
        tls: items(field("tls"))
            .map(|item| Tls {
                hosts: strings(item.get("hosts")),
                secret: item.get("secretName").and_then(spanned_string),
            })
            .collect(),
        paths: items(field("rules"))
            .flat_map(|rule| {
                let host = rule.get("host").and_then(spanned_string);
                items(rule.at(&["http", "paths"])).map(move |path| IngressPath {
                    host: host.clone(),
                    path: path.get("path").and_then(spanned_string),
                    kind: path.get("pathType").and_then(spanned_string),
                    backend: path.get("backend").and_then(backend),
                })
            })
            .collect(),
        default: field("defaultBackend").or_else(|| field("backend")).and_then(backend),
    }
}

/// A backend of `networking.k8s.io/v1`, or of the versions before.
fn backend(node: Node<'_>) -> Option<Backend> {
    let (service, number) = match node.get("service") {
        Some(service) => {
            let number = service.at(&["port", "number"]).or_else(|| service.at(&["port", "name"]));
            (service.get("name")?, number)
        }
        None => (node.get("serviceName")?, node.get("servicePort")),
    };
    Some(Backend { service: spanned_string(service)?, namespace: None, port: number.and_then(port) })
}

fn gateway_route(root: Node<'_>) -> Route {
    let backends = items(root.at(&["spec", "rules"]))
        .flat_map(|rule| items(rule.get("backendRefs")))
        .filter(|item| {
            item.get("kind").and_then(string).is_none_or(|kind| kind == "Service")
                && item.get("group").and_then(string).is_none_or(|group| group.is_empty() || group == "core")
        })
        .filter_map(|item| {
            Some(Backend {
                service: spanned_string(item.get("name")?)?,
                namespace: item.get("namespace").and_then(spanned_string),
                port: item.get("port").and_then(port),
            })
        })
        .collect();
    Route { hosts: strings(root.at(&["spec", "hostnames"])), backends }
}

fn openshift_route(root: Node<'_>) -> Route {
    let to = root.at(&["spec", "to"]).into_iter();
    let backends = to
        .chain(items(root.at(&["spec", "alternateBackends"])))
        .filter_map(|item| {
            Some(Backend {
                service: spanned_string(item.get("name")?)?,
                namespace: None,
                port: root.at(&["spec", "port", "targetPort"]).and_then(port),
            })
        })
        .collect();
    Route { hosts: root.at(&["spec", "host"]).and_then(spanned_string).into_iter().collect(), backends }
}

fn network_policy(root: Node<'_>) -> NetworkPolicy {
    let spec = root.get("spec");
    let field = |key: &str| spec.and_then(|s: Node<'_>| s.get(key));
    let types = strings(field("policyTypes"));
    let has = |name: &str| types.iter().any(|t| t.value == name);
    let at = field("podSelector");
    NetworkPolicy {
        selector: at.or(spec).map_or_else(
            || Selector { labels: Vec::new(), expressions: Vec::new(), span: root.span() },
            Selector::read,
        ),
        isolates_ingress: types.is_empty() || has("Ingress"),
        isolates_egress: if types.is_empty() {
            field("egress").is_some_and(|n| n.items().next().is_some())
        } else {
            has("Egress")
        },
        ingress: network_rules(field("ingress"), "from"),
        egress: network_rules(field("egress"), "to"),
    }
}

fn network_rules(node: Option<Node<'_>>, peers: &str) -> Vec<NetworkRule> {
    items(node)
        .map(|rule| NetworkRule {
            // An empty list allows all, as a missing one.
            peers: rule.get(peers).filter(|n| n.items().next().is_some()).map(|list| {
                list.items()
                    .map(|item| Peer {
                        pods: item.get("podSelector").map(Selector::read),
                        namespaces: item.get("namespaceSelector").map(Selector::read),
                        block: item.at(&["ipBlock", "cidr"]).and_then(spanned_string),
                        except: strings(item.at(&["ipBlock", "except"])),
                    })
                    .collect()
            }),
            ports: rule.get("ports").filter(|n| n.items().next().is_some()).map(|list| {
                list.items()
                    .map(|item| PeerPort {
                        port: item.get("port").and_then(port),
                        end: item.get("endPort").and_then(spanned_number),
                        protocol: item.get("protocol").and_then(spanned_string),
                    })
                    .collect()
            }),
            span: rule.span(),
        })
        .collect()
}

fn autoscaler(root: Node<'_>) -> Autoscaler {
    let spec = root.get("spec");
    let field = |key: &str| spec.and_then(|s: Node<'_>| s.get(key));
    let old = field("targetCPUUtilizationPercentage");
    let mut resources: Vec<_> = items(field("metrics"))
        .filter_map(|metric| {
            let by = metric.get("resource").or_else(|| metric.get("containerResource"))?;
            spanned_string(by.get("name")?)
        })
        .collect();
    resources.extend(old.map(|node| Spanned::new("cpu".to_owned(), node.span())));
    Autoscaler {
        target: field("scaleTargetRef").and_then(object_ref),
        min: field("minReplicas").and_then(spanned_number),
        max: field("maxReplicas").and_then(spanned_number),
        resources,
        metrics: items(field("metrics")).count() + usize::from(old.is_some()),
    }
}

fn scaled_object(root: Node<'_>) -> Autoscaler {
    let spec = root.get("spec");
    let field = |key: &str| spec.and_then(|s: Node<'_>| s.get(key));
    let target = field("scaleTargetRef").and_then(object_ref).map(|target| ObjectRef {
        kind: if target.kind.is_empty() { "Deployment".to_owned() } else { target.kind },
        ..target
    });
    Autoscaler {
        target,
        min: field("minReplicaCount").and_then(spanned_number),
        max: field("maxReplicaCount").and_then(spanned_number),
        resources: items(field("triggers"))
            .filter_map(|trigger| spanned_string(trigger.get("type")?))
            .filter(|kind| matches!(kind.as_str(), "cpu" | "memory"))
            .collect(),
        metrics: items(field("triggers")).count(),
    }
}

impl Claim {
    /// Reads a claim or a claim template.
    pub(super) fn read(root: Node<'_>) -> Self {
        let spec = root.get("spec");
        let field = |key: &str| spec.and_then(|s: Node<'_>| s.get(key));
        let annotation = || {
            root.at(&["metadata", "annotations"])?
                .get("volume.beta.kubernetes.io/storage-class")
                .and_then(spanned_string)
        };
        Self {
            name: root.at(&["metadata", "name"]).and_then(spanned_string),
            class: field("storageClassName").and_then(spanned_string).or_else(annotation),
            access: strings(field("accessModes")),
            size: root.at(&["spec", "resources", "requests", "storage"]).and_then(|node| {
                let size = match integer(node) {
                    Some(bytes) => u64::try_from(bytes).ok()?,
                    None => quantity::parse(node.scalar()?.trim(), 0)?,
                };
                Some(Spanned::new(size, node.span()))
            }),
            volume: field("volumeName").and_then(spanned_string),
        }
    }
}

impl Data {
    /// Whether it has a key.
    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|k| k.value == key)
    }
}

impl Grant {
    /// Where it allows one of some verbs on one of some resources of a group, on every object of them: the resource that is
    /// named, and whether it is named and not just meant by `*`.
    pub fn allows(&self, group: &str, resources: &[&str], verbs: &[&str]) -> Option<(Span, bool)> {
        let named =
            |list: &[Spanned<String>], wanted: &str| list.iter().any(|i| i.value == wanted || i.value == "*");
        if !named(&self.groups, group) || !verbs.iter().any(|verb| named(&self.verbs, verb)) {
            return None;
        }
        let exact = self.resources.iter().find(|r| resources.contains(&r.value.as_str()));
        let wide = || self.resources.iter().find(|r| r.value == "*");
        exact.map(|r| (r.span, true)).or_else(|| Some((wide()?.span, false)))
    }
}
