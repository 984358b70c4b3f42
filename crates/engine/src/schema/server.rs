//! What the API server checks beyond its schemas.

mod pod;
mod syntax;

use std::collections::HashSet;

use seaworthy_syntax::spelling::nearest;
use seaworthy_syntax::yaml::{Dialect, Node, Value};
use seaworthy_syntax::{Span, Spanned};

use super::validate::head;
use super::{Problem, ProblemKind};
use crate::diagnostic::Safety;
use crate::project::kubernetes::{is_placeholder, quantity};
use crate::project::{Object, Project};
pub(super) use syntax::{is_base64, is_quantity};

/// What is wrong with an object of Kubernetes itself.
pub(super) fn check(project: &Project, object: &Object, root: Node<'_>) -> Vec<Problem> {
    let mut server = Server::default();
    server.metadata(&object.kind, root);
    let spec = root.get("spec");
    for workload in &object.workloads {
        let pod = &project.workload(*workload).pod;
        if let Some(pod) = project.node(pod.place) {
            server.pod(pod);
        }
        let template = spec.and_then(|spec| spec.get("template"));
        server.labels(template.and_then(|template| template.get("metadata")));
    }
    match object.kind.as_str() {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => {
            server.within(spec, "replicas", 0, i64::from(i32::MAX));
            server.strategy(spec);
        }
        "CronJob" => server.cron_job(spec),
        "Service" => server.service(spec),
        "Ingress" => server.ingress(spec),
        "PersistentVolumeClaim" => server.claim(spec),
        "HorizontalPodAutoscaler" => server.autoscaler(spec),
        "PodDisruptionBudget" => server.budget(spec),
        "ConfigMap" | "Secret" => server.data(root),
        "Role" | "ClusterRole" => server.rules(root),
        "RoleBinding" | "ClusterRoleBinding" => server.subjects(&object.kind, root),
        _ => {}
    }
    server.found
}

/// A text that is there, and that nobody fills in later.
fn text(node: Option<Node<'_>>) -> Option<Spanned<String>> {
    let node = node?.resolve();
    let text = node.scalar().filter(|text| !node.is_null() && !is_placeholder(text))?;
    Some(Spanned::new(text.into_owned(), node.span()))
}

fn integer(node: Option<Node<'_>>) -> Option<Spanned<i64>> {
    let node = node?.resolve();
    match node.value(Dialect::Kubernetes)? {
        Value::Int(value) => Some(Spanned::new(value, node.span())),
        _ => None,
    }
}

fn items<'t>(map: Option<Node<'t>>, key: &str) -> Vec<Node<'t>> {
    map.and_then(|map| map.get(key)).into_iter().flat_map(Node::items).map(Node::resolve).collect()
}

fn is_set(map: Node<'_>, key: &str) -> bool {
    map.get(key).is_some_and(|node| !node.resolve().is_null())
}

/// Whether a name is one that somebody fills in: `PV_NAME`.
fn is_blank(name: &str) -> bool {
    name.contains('_') && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[derive(Default)]
struct Server {
    found: Vec<Problem>,
}

impl Server {
    fn report(&mut self, kind: ProblemKind, span: Span, message: impl Into<String>) {
        let message = message.into();
        self.found.push(Problem { kind, span, message, fix: None, safety: Safety::Unsafe, beyond: true });
    }

    fn invalid(&mut self, span: Span, message: impl Into<String>) {
        self.report(ProblemKind::InvalidValue, span, message);
    }

    fn missing(&mut self, span: Span, message: impl Into<String>) {
        self.report(ProblemKind::MissingKey, span, message);
    }

    /// A value that is one of some words.
    fn word(&mut self, map: Option<Node<'_>>, key: &str, words: &[&str]) {
        let Some(value) = text(map.and_then(|map| map.get(key))) else { return };
        if value.value.is_empty() || words.contains(&value.as_str()) {
            return;
        }
        let meant = nearest(&value, words.iter().copied());
        let message = match meant {
            Some(meant) => format!("{key} may not be {}; did you mean {meant}?", value.value),
            None => format!("{key} may only be {}", words.join(", ")),
        };
        let fix = meant.map(|meant| {
            let edit = seaworthy_syntax::Edit { span: value.span, text: meant.to_owned() };
            (format!("Write {meant}"), edit)
        });
        self.found.push(Problem {
            kind: ProblemKind::InvalidValue,
            span: value.span,
            message,
            fix,
            safety: Safety::Unsafe,
            beyond: true,
        });
    }

    fn within(&mut self, map: Option<Node<'_>>, key: &str, least: i64, most: i64) {
        let Some(value) = integer(map.and_then(|map| map.get(key))) else { return };
        if value.value < least {
            self.invalid(value.span, format!("{key} has to be at least {least}"));
        } else if value.value > most {
            self.invalid(value.span, format!("{key} may be at most {most}"));
        }
    }

    /// A name, where one has to keep to some syntax.
    fn name(&mut self, node: Option<Node<'_>>, wrong: fn(&str) -> Option<&'static str>) {
        if let Some(name) = text(node)
            && !is_blank(&name)
            && let Some(why) = wrong(&name)
        {
            self.invalid(name.span, format!("the name {} is not allowed: {why}", name.value));
        }
    }

    /// Names that have to differ.
    fn unique<'t>(&mut self, nodes: impl Iterator<Item = Option<Node<'t>>>, what: &str) {
        let mut seen = HashSet::new();
        for name in nodes.filter_map(text) {
            let span = name.span;
            if !seen.insert(name.value) {
                self.invalid(span, format!("{what} stands here a second time"));
            }
        }
    }

    fn metadata(&mut self, kind: &str, root: Node<'_>) {
        let metadata = root.get("metadata");
        let named = |key| metadata.is_some_and(|m: Node<'_>| is_set(m, key));
        if !named("name") && !named("generateName") {
            if !kind.ends_with("Review") && !kind.ends_with("List") && kind != "TokenRequest" {
                let span = metadata.map_or_else(|| head(root), |m| head(m.resolve()));
                self.missing(span, "metadata.name is missing here");
            }
        } else {
            let name = metadata.and_then(|m| m.get("name"));
            match kind {
                "Namespace" => self.name(name, syntax::label),
                "Service" => self.name(name, syntax::service),
                // Their names are more than names, or anything that fits a path.
                "Role"
                | "ClusterRole"
                | "RoleBinding"
                | "ClusterRoleBinding"
                | "APIService"
                | "Event"
                | "CustomResourceDefinition"
                | "IPAddress"
                | "CertificateSigningRequest"
                | "Node" => {}
                "CronJob" => self.name(name, syntax::cron_job),
                _ => self.name(name, syntax::subdomain),
            }
        }
        self.labels(metadata);
        for owner in items(metadata, "ownerReferences") {
            if let Some(uid) = owner.get("uid").filter(|uid| uid.scalar().is_some_and(|uid| uid.is_empty())) {
                self.invalid(uid.span(), "an owner is told by its uid, which the server gives it");
            }
        }
    }

    /// Labels and the keys of annotations.
    fn labels(&mut self, metadata: Option<Node<'_>>) {
        let entries = |key| metadata.and_then(|m: Node<'_>| m.get(key)).into_iter().flat_map(Node::entries);
        for entry in entries("labels").chain(entries("annotations")) {
            if let Some(key) = text(Some(entry.key)).filter(|_| !entry.is_merge())
                && let Some(why) = syntax::qualified(&key)
            {
                self.invalid(key.span, format!("the key {} is not allowed: {why}", key.value));
            }
        }
        for entry in entries("labels") {
            if let Some(value) = text(Some(entry.value))
                && let Some(why) = syntax::label_value(&value)
            {
                self.invalid(value.span, format!("this value of a label is not allowed: {why}"));
            }
        }
    }

    fn strategy(&mut self, spec: Option<Node<'_>>) {
        let Some(strategy) = spec.and_then(|spec| spec.get("strategy")) else { return };
        self.word(Some(strategy), "type", &["Recreate", "RollingUpdate"]);
        let recreates = text(strategy.get("type")).is_some_and(|t| t.value == "Recreate");
        if let Some(entry) =
            strategy.entry("rollingUpdate").filter(|_| recreates && is_set(strategy, "rollingUpdate"))
        {
            self.invalid(entry.key.span(), "a strategy of type Recreate may have no rollingUpdate");
        }
    }

    fn cron_job(&mut self, spec: Option<Node<'_>>) {
        self.word(spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"]);
        if let Some(schedule) = text(spec.and_then(|spec| spec.get("schedule")))
            && let Some(why) = syntax::schedule(&schedule)
        {
            self.invalid(schedule.span, format!("this is no schedule: {why}"));
        }
        if let Some(zone) = text(spec.and_then(|spec| spec.get("timeZone")))
            && !syntax::is_time_zone(&zone)
        {
            self.invalid(zone.span, "there is no such time zone: they are called as Europe/Berlin is");
        }
    }

    fn service(&mut self, spec: Option<Node<'_>>) {
        const TYPES: [&str; 4] = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
        self.word(spec, "type", &TYPES);
        self.word(spec, "sessionAffinity", &["None", "ClientIP"]);
        self.word(spec, "externalTrafficPolicy", &["Cluster", "Local"]);
        self.word(spec, "internalTrafficPolicy", &["Cluster", "Local"]);
        let kind = text(spec.and_then(|spec| spec.get("type")));
        let inner = kind.as_ref().is_none_or(|kind| matches!(kind.as_str(), "" | "ClusterIP"));
        let ports = items(spec, "ports");
        for port in &ports {
            self.within(Some(*port), "port", 1, 65535);
            if let Some(node) = integer(port.get("nodePort")).filter(|node| inner && node.value != 0) {
                self.invalid(node.span, "a service of type ClusterIP has no nodePort");
            }
            self.within(Some(*port), "targetPort", 1, 65535);
            self.word(Some(*port), "protocol", &["TCP", "UDP", "SCTP"]);
            self.name(port.get("name"), syntax::label);
            if let Some(name) = text(port.get("targetPort"))
                && integer(port.get("targetPort")).is_none()
                && let Some(why) = syntax::port_name(&name)
            {
                self.invalid(name.span, format!("the name of a port may not be {}: {why}", name.value));
            }
            if ports.len() > 1 && !is_set(*port, "name") {
                self.missing(head(*port), "name is missing here: a service with several ports names each");
            }
        }
        self.unique(ports.iter().map(|port| port.get("name")), "this name of a port");
        let external = kind.as_ref().is_some_and(|kind| kind.value == "ExternalName");
        if let Some(spec) = spec
            && ports.is_empty()
            && !external
            && spec.get("ports").is_none()
            && spec.get("clusterIP").is_none_or(|address| address.scalar().as_deref() != Some("None"))
        {
            self.missing(head(spec), "ports is missing here");
        }
        let address = text(spec.and_then(|spec| spec.get("clusterIP")));
        if let Some(address) = address.filter(|a| !matches!(a.as_str(), "" | "None"))
            && address.parse::<std::net::IpAddr>().is_err()
        {
            self.invalid(address.span, "clusterIP is an address, None, or nothing");
        }
        if let Some(spec) = spec
            && external
            && !is_set(spec, "externalName")
        {
            self.missing(head(spec), "externalName is missing here: a service of type ExternalName has one");
        }
    }

    fn ingress(&mut self, spec: Option<Node<'_>>) {
        for rule in items(spec, "rules") {
            let host = text(rule.get("host"));
            let wrong = |host: &str| syntax::subdomain(host.strip_prefix("*.").unwrap_or(host));
            if let Some(host) = host.filter(|host| !is_blank(host))
                && let Some(why) = wrong(&host)
            {
                self.invalid(host.span, format!("the host {} is not allowed: {why}", host.value));
            }
            for path in items(rule.get("http"), "paths") {
                self.word(Some(path), "pathType", &["Exact", "Prefix", "ImplementationSpecific"]);
                let exact = text(path.get("pathType")).is_some_and(|t| t.value != "ImplementationSpecific");
                let relative = |p: &str| !p.starts_with('/') && (exact || !p.is_empty());
                if let Some(at) = text(path.get("path")).filter(|p| relative(p)) {
                    self.invalid(at.span, "a path begins with /");
                }
            }
        }
    }

    fn claim(&mut self, spec: Option<Node<'_>>) {
        let Some(spec) = spec else { return };
        if items(Some(spec), "accessModes").is_empty() {
            self.missing(head(spec), "accessModes is missing here");
        }
        let modes = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
        for mode in items(Some(spec), "accessModes") {
            if let Some(mode) = text(Some(mode)).filter(|mode| !modes.contains(&mode.as_str())) {
                self.invalid(mode.span, format!("an access mode may only be {}", modes.join(", ")));
            }
        }
        self.word(Some(spec), "volumeMode", &["Block", "Filesystem"]);
        let storage = spec.at(&["resources", "requests", "storage"]);
        if storage.is_none() {
            self.missing(head(spec), "resources.requests.storage is missing here");
        } else if let Some(size) =
            text(storage).filter(|s| quantity::parse(s, 0).is_some_and(|size| size == 0))
        {
            self.invalid(size.span, "a claim of no size");
        }
    }

    fn autoscaler(&mut self, spec: Option<Node<'_>>) {
        self.within(spec, "maxReplicas", 1, i64::from(i32::MAX));
        self.within(spec, "minReplicas", 0, i64::from(i32::MAX));
        let count = |key| integer(spec.and_then(|spec| spec.get(key)));
        if let Some((least, most)) = count("minReplicas").zip(count("maxReplicas"))
            && least.value > most.value
        {
            self.invalid(most.span, "maxReplicas is less than minReplicas");
        }
    }

    fn budget(&mut self, spec: Option<Node<'_>>) {
        if let Some(spec) = spec
            && is_set(spec, "minAvailable")
            && let Some(entry) = spec.entry("maxUnavailable").filter(|e| !e.value.resolve().is_null())
        {
            self.invalid(entry.key.span(), "minAvailable and maxUnavailable exclude each other");
        }
    }

    fn data(&mut self, root: Node<'_>) {
        for map in ["data", "stringData", "binaryData"] {
            for entry in root.get(map).into_iter().flat_map(Node::entries) {
                if let Some(key) = text(Some(entry.key)).filter(|_| !entry.is_merge())
                    && let Some(why) = syntax::config_key(&key)
                {
                    self.invalid(key.span, format!("the key {} is not allowed: {why}", key.value));
                }
            }
        }
    }

    fn rules(&mut self, root: Node<'_>) {
        for rule in items(Some(root), "rules") {
            if items(Some(rule), "verbs").is_empty() {
                // That there are none at all is told by the schema.
                if let Some(entry) = rule.entry("verbs").filter(|_| is_set(rule, "verbs")) {
                    self.missing(entry.key.span(), "a rule has a verb at least");
                }
                continue;
            }
            let urls = !items(Some(rule), "nonResourceURLs").is_empty();
            if !urls && items(Some(rule), "apiGroups").is_empty() {
                self.missing(head(rule), "apiGroups is missing here: the core group is \"\"");
            } else if !urls && items(Some(rule), "resources").is_empty() {
                self.missing(head(rule), "resources is missing here");
            }
        }
    }

    fn subjects(&mut self, kind: &str, root: Node<'_>) {
        let roles: &[&str] = if kind == "RoleBinding" { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
        self.word(root.get("roleRef"), "kind", roles);
        for subject in items(Some(root), "subjects") {
            self.word(Some(subject), "kind", &["ServiceAccount", "User", "Group"]);
            let account = text(subject.get("kind")).is_some_and(|kind| kind.value == "ServiceAccount");
            // A role's binding has one itself.
            if kind == "ClusterRoleBinding" && account && !is_set(subject, "namespace") {
                self.missing(head(subject), "namespace is missing here: a service account has one");
            }
        }
    }
}
