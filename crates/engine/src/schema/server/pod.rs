//! Pods and their containers.

use seaworthy_syntax::yaml::Node;

use super::{Server, head, integer, is_set, items, syntax, text};
use crate::project::kubernetes::quantity;

/// What a probe or a hook does.
const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

impl Server {
    pub(super) fn pod(&mut self, spec: Node<'_>) {
        let pod = Some(spec);
        self.word(pod, "restartPolicy", &["Always", "OnFailure", "Never"]);
        self.word(pod, "dnsPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]);
        self.within(pod, "terminationGracePeriodSeconds", 0, i64::MAX);
        for volume in items(pod, "volumes") {
            self.name(volume.get("name"), syntax::label);
            let sources: Vec<_> = volume
                .entries()
                .filter(|entry| !entry.value.resolve().is_null())
                .filter(|entry| entry.key.scalar().is_some_and(|key| key != "name" && key != "<<"))
                .collect();
            if let [_, second, ..] = sources.as_slice() {
                self.invalid(second.key.span(), "a volume has one source");
            }
        }
        self.unique(items(pod, "volumes").into_iter().map(|v| v.get("name")), "this name of a volume");
        for toleration in items(pod, "tolerations") {
            self.word(Some(toleration), "operator", &["Exists", "Equal", "Lt", "Gt"]);
            self.word(Some(toleration), "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
            let exists = text(toleration.get("operator")).is_some_and(|o| o.value == "Exists");
            if let Some(value) = text(toleration.get("value")).filter(|v| exists && !v.value.is_empty()) {
                self.invalid(value.span, "a toleration whose operator is Exists has no value");
            }
        }
        for container in items(pod, "containers") {
            self.container(container, false);
        }
        for container in items(pod, "initContainers") {
            self.container(container, true);
        }
    }

    fn container(&mut self, container: Node<'_>, init: bool) {
        let this = Some(container);
        self.name(container.get("name"), syntax::label);
        match container.get("image").filter(|image| !image.resolve().is_null()) {
            None => self.missing(head(container), "image is missing here"),
            Some(image) if image.scalar().is_some_and(|image| image.is_empty()) => {
                self.invalid(image.resolve().span(), "an image has a name");
            }
            Some(_) => {}
        }
        self.word(this, "imagePullPolicy", &["Always", "IfNotPresent", "Never"]);
        self.word(this, "terminationMessagePolicy", &["File", "FallbackToLogsOnError"]);
        for port in items(this, "ports") {
            self.within(Some(port), "containerPort", 1, 65535);
            self.within(Some(port), "hostPort", 0, 65535);
            self.word(Some(port), "protocol", &["TCP", "UDP", "SCTP"]);
            if let Some(name) = text(port.get("name"))
                && let Some(why) = syntax::port_name(&name)
            {
                self.invalid(name.span, format!("the name of a port may not be {}: {why}", name.value));
            }
        }
        self.unique(items(this, "ports").into_iter().map(|port| port.get("name")), "this name of a port");
        for variable in items(this, "env") {
            if let Some(name) = text(variable.get("name")).filter(|name| name.value.contains('=')) {
                self.invalid(name.span, "the name of a variable may not contain =");
            }
            let value = text(variable.get("value")).filter(|value| !value.value.is_empty());
            if let Some(value) = value.filter(|_| is_set(variable, "valueFrom")) {
                self.invalid(value.span, "value and valueFrom exclude each other");
            }
        }
        let mounts = items(this, "volumeMounts");
        self.unique(mounts.iter().map(|mount| mount.get("mountPath")), "this path of a mount");
        for mount in &mounts {
            let path = text(mount.get("subPath"));
            if let Some(path) = path.filter(|path| path.value.starts_with('/')) {
                self.invalid(path.span, "a subPath is relative to its volume");
            }
            for key in ["subPath", "subPathExpr"] {
                let path = text(mount.get(key));
                if let Some(path) = path.filter(|path| path.value.split('/').any(|part| part == "..")) {
                    self.invalid(path.span, "a subPath may not lead out of its volume");
                }
            }
            let path = mount.get("mountPath").map(Node::resolve);
            if let Some(path) = path.filter(|path| path.scalar().is_some_and(|path| path.is_empty())) {
                self.invalid(path.span(), "mountPath has to be a path");
            }
        }
        self.resources(container);
        for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
            if let Some(probe) = container.get(key).map(Node::resolve).filter(|probe| !probe.is_null()) {
                self.probe(key, probe, init && !is_set(container, "restartPolicy"));
            }
        }
    }

    fn probe(&mut self, key: &str, probe: Node<'_>, init: bool) {
        if init {
            self.invalid(head(probe), "an init container that ends has no probe");
            return;
        }
        let handlers: Vec<_> = HANDLERS.iter().filter_map(|key| probe.entry(key)).collect();
        match handlers.as_slice() {
            [] => self.missing(head(probe), "a probe does one of exec, httpGet, tcpSocket and grpc"),
            [_, second, ..] => self.invalid(second.key.span(), "a probe does one thing"),
            [_] => {}
        }
        let most = if key == "readinessProbe" { i64::from(i32::MAX) } else { 1 };
        self.within(Some(probe), "successThreshold", 0, most);
        for number in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"] {
            self.within(Some(probe), number, 0, i64::from(i32::MAX));
        }
        for handler in ["httpGet", "tcpSocket"] {
            let Some(handler) = probe.get(handler) else { continue };
            self.within(Some(handler), "port", 1, 65535);
            self.word(Some(handler), "scheme", &["HTTP", "HTTPS"]);
            if let Some(name) = text(handler.get("port"))
                && integer(handler.get("port")).is_none()
                && let Some(why) = syntax::port_name(&name)
            {
                self.invalid(name.span, format!("the name of a port may not be {}: {why}", name.value));
            }
        }
    }

    /// Requests are not more than limits.
    fn resources(&mut self, container: Node<'_>) {
        for key in ["limits", "requests"] {
            let named = container.at(&["resources", key]);
            for entry in named.into_iter().flat_map(Node::entries).filter(|entry| !entry.is_merge()) {
                if let Some(name) = text(Some(entry.key)).filter(|name| !is_resource(name)) {
                    self.invalid(name.span, format!("{} is no resource of a container", name.value));
                }
                let negative = |amount: &str| {
                    amount
                        .strip_prefix('-')
                        .and_then(|rest| quantity::parse(rest, 3))
                        .is_some_and(|rest| rest > 0)
                };
                if let Some(amount) = text(Some(entry.value)).filter(|amount| negative(amount)) {
                    self.invalid(amount.span, "this may not be less than nothing");
                }
            }
        }
        let Some(limits) = container.at(&["resources", "limits"]) else { return };
        let requests = container.at(&["resources", "requests"]);
        for entry in requests.into_iter().flat_map(Node::entries) {
            let Some(key) = entry.key.scalar() else { continue };
            let amount = |node| text(node).and_then(|text| Some((quantity::parse(&text, 3)?, text.span)));
            if let Some(((asked, span), (most, _))) = amount(Some(entry.value)).zip(amount(limits.get(&key)))
                && asked > most
            {
                self.invalid(span, format!("the request of {key} is more than its limit"));
            }
        }
    }
}

/// Whether containers can ask for a resource: one of Kubernetes itself, or one of a domain.
fn is_resource(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage")
        || name.starts_with("hugepages-")
        || name.contains('/')
}
