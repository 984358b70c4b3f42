//! What the manifests that Archon's Compose file becomes have to be: section 5 of what the project is held to.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use seaworthy_engine::syntax::SourceId;
use seaworthy_engine::syntax::yaml::{Dialect, Node, NodeKind, Value as Scalar, Yaml};
use serde_json::{Value, json};

use super::{Archon, Later};

/// A node as JSON.
fn json(node: Node<'_>) -> Value {
    match node.kind() {
        NodeKind::Mapping => {
            let entries =
                node.entries().map(|e| (e.key.scalar().unwrap_or_default().into_owned(), json(e.value)));
            Value::Object(entries.collect())
        }
        NodeKind::Sequence => node.items().map(json).collect(),
        _ => match node.value(Dialect::Kubernetes) {
            Some(Scalar::Bool(value)) => value.into(),
            Some(Scalar::Int(value)) => value.into(),
            Some(Scalar::Str(text)) => text.into_owned().into(),
            _ => Value::Null,
        },
    }
}

/// The services, and the ports that peers call them on.
const SERVICES: [(&str, i64); 4] =
    [("archon-server", 8181), ("archon-mcp", 8051), ("archon-agents", 8052), ("archon-frontend", 3737)];

/// Who may call whom; the Ingress is what comes from outside.
const EDGES: [(&str, &str); 9] = [
    ("ingress", "archon-server"),
    ("ingress", "archon-mcp"),
    ("ingress", "archon-frontend"),
    ("archon-mcp", "archon-server"),
    ("archon-server", "archon-mcp"),
    ("archon-mcp", "archon-agents"),
    ("archon-server", "archon-agents"),
    ("archon-agents", "archon-server"),
    ("archon-agents", "archon-mcp"),
];

impl Archon {
    pub(super) fn manifests(&mut self) {
        let compose = self.read("docker-compose.yml");
        let (status, text) = self.run(&["convert", "--quiet", "--profile", "*", "docker-compose.yml"]);
        let parsed = Yaml::parse(SourceId(0), &Arc::from(text.as_str()));
        let objects: Vec<Value> = parsed.documents().flatten().map(json).collect();
        let of = |kind: &str| objects.iter().filter(|o| o["kind"] == kind).collect::<Vec<_>>();
        let named = |kind: &str, name: &str| of(kind).into_iter().find(|o| o["metadata"]["name"] == name);

        let found = SERVICES.iter().filter(|(name, port)| {
            let ports = |s: &Value| {
                s["spec"]["ports"].as_array().is_some_and(|p| p.iter().any(|p| p["port"] == *port))
            };
            named("Deployment", name).is_some() && named("Service", name).is_some_and(ports)
        });
        let found = found.count();
        let all = found == 4 && of("Deployment").len() == 4 && of("Service").len() == 4;
        self.hold(
            "manifests 1",
            status != 2 && all,
            format!("{found} Deployments with a Service each, by their names and ports"),
        );

        let lost = self.lost_variables(&compose, &objects);
        self.hold("manifests 2", lost.is_empty(), format!("variables that are nowhere: {lost:?}"));

        let host = text.contains("docker.sock") || text.contains("hostPath");
        self.hold("manifests 3", !host, "nothing of the node is mounted");
        let development = text.contains("--reload") || text.contains("npm run dev");
        self.hold("manifests 4", !development, "no development server");

        let pods: Vec<(&Value, &Value)> = of("Deployment")
            .into_iter()
            .map(|d| (&d["metadata"]["name"], &d["spec"]["template"]["spec"]))
            .collect();
        let wrong: Vec<String> = pods.iter().flat_map(|(name, pod)| violations(name, pod)).collect();
        let enforced = of("Namespace")
            .iter()
            .all(|n| n["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted");
        self.hold(
            "manifests 5",
            wrong.is_empty() && enforced,
            format!("violations of *restricted*: {wrong:?}"),
        );
        let open = pods.iter().filter(|(_, pod)| {
            pod["enableServiceLinks"] != json!(false) || pod["automountServiceAccountToken"] != json!(false)
        });
        self.hold("manifests 6", open.count() == 0, "no token and no variables of other Services in any pod");

        let dangling = self.dangling(&objects);
        self.hold(
            "manifests 7",
            dangling.is_empty(),
            format!("keys without an object, objects without a use: {dangling:?}"),
        );

        let edges = edges(&of("NetworkPolicy"));
        let wanted: BTreeSet<(String, String)> =
            EDGES.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let more: Vec<_> = edges.difference(&wanted).collect();
        let less: Vec<_> = wanted.difference(&edges).collect();
        let dns = text.contains("kubernetes.io/metadata.name: kube-system");
        self.hold(
            "manifests 8",
            more.is_empty() && less.is_empty() && dns,
            format!("too many: {more:?}; too few: {less:?}"),
        );

        match conforms(&text) {
            Some((valid, said)) => self.hold("manifests 9", valid, said),
            None => {
                self.say(
                    "manifests 9",
                    Later("kubeconform is not built; tests/engines/build.sh kubeconform"),
                );
            }
        }
        self.say("manifests 10", Later("a cluster, in which all become ready"));
    }

    /// The variables of the Compose file that no container gets, but for those whose loss the report tells.
    fn lost_variables(&self, compose: &str, objects: &[Value]) -> Vec<String> {
        let (_, report) = self.run(&[
            "convert",
            "--quiet",
            "--profile",
            "*",
            "--out",
            "made",
            "--format",
            "json",
            "docker-compose.yml",
        ]);
        let report: Value = serde_json::from_str(&report).unwrap_or_default();
        let refused = |service: &str, name: &str| {
            let key = format!("services.{service}.environment.{name}");
            report["keys"]
                .as_array()
                .is_some_and(|keys| keys.iter().any(|k| k["key"] == key && k["fate"] == "refused"))
        };
        let parsed = Yaml::parse(SourceId(0), &Arc::from(compose));
        let root = parsed.documents().flatten().next().map(json).unwrap_or_default();
        let mut lost = Vec::new();
        for (service, _) in SERVICES {
            let kept = variables(service, objects);
            for entry in root["services"][service]["environment"].as_array().into_iter().flatten() {
                let name = entry.as_str().unwrap_or_default().split('=').next().unwrap_or_default();
                if !kept.contains(name) && !refused(service, name) {
                    lost.push(format!("{service}: {name}"));
                }
            }
        }
        lost
    }

    /// References to keys that nobody makes or is told to, and `ConfigMaps` that nobody uses.
    fn dangling(&self, objects: &[Value]) -> Vec<String> {
        let (_, report) = self.run(&[
            "convert",
            "--quiet",
            "--profile",
            "*",
            "--out",
            "made",
            "--format",
            "json",
            "docker-compose.yml",
        ]);
        let text = serde_json::to_string(objects).unwrap_or_default();
        let mut wrong = Vec::new();
        for object in objects.iter().filter(|o| o["kind"] == "ConfigMap") {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if text.matches(&format!("\"{name}\"")).count() < 2 {
                wrong.push(format!("{name} is not used"));
            }
        }
        for container in objects.iter().flat_map(containers) {
            for variable in container["env"].as_array().into_iter().flatten() {
                for kind in ["secretKeyRef", "configMapKeyRef"] {
                    let reference = &variable["valueFrom"][kind];
                    let Some(key) = reference["key"].as_str() else { continue };
                    if reference["optional"] != json!(true) && !report.contains(key) {
                        wrong.push(format!("{key} is not to be filled by anybody"));
                    }
                }
            }
        }
        wrong
    }
}

fn containers(object: &Value) -> Vec<&Value> {
    let pod = &object["spec"]["template"]["spec"];
    ["initContainers", "containers"]
        .iter()
        .flat_map(|key| pod[*key].as_array().into_iter().flatten())
        .collect()
}

/// The names of the variables of a service's container.
fn variables(service: &str, objects: &[Value]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let deployment = objects.iter().find(|o| o["kind"] == "Deployment" && o["metadata"]["name"] == service);
    for container in deployment.into_iter().flat_map(containers) {
        names.extend(
            container["env"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|e| Some(e["name"].as_str()?.to_owned())),
        );
        for from in container["envFrom"].as_array().into_iter().flatten() {
            let config = objects
                .iter()
                .find(|o| o["kind"] == "ConfigMap" && o["metadata"]["name"] == from["configMapRef"]["name"]);
            names.extend(
                config
                    .and_then(|c| c["data"].as_object())
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone()),
            );
        }
    }
    names
}

/// What of a pod the level *restricted* refuses.
fn violations(name: &Value, pod: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{name}: {what}"));
        }
    };
    let context = &pod["securityContext"];
    hold(context["runAsNonRoot"] == json!(true), "runAsNonRoot");
    hold(context["runAsUser"] != json!(0), "runAsUser");
    hold(context["seccompProfile"]["type"] == "RuntimeDefault", "seccompProfile");
    hold(
        ["hostNetwork", "hostPID", "hostIPC"].iter().all(|key| pod[*key].is_null()),
        "the host's namespaces",
    );
    let kinds = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    hold(volumes.into_iter().all(|volume| kinds.iter().any(|kind| !volume[*kind].is_null())), "volumes");
    for key in ["initContainers", "containers"] {
        for container in pod[key].as_array().into_iter().flatten() {
            let context = &container["securityContext"];
            hold(context["allowPrivilegeEscalation"] == json!(false), "allowPrivilegeEscalation");
            hold(context["capabilities"]["drop"] == json!(["ALL"]), "capabilities");
            hold(context["readOnlyRootFilesystem"] == json!(true), "readOnlyRootFilesystem");
        }
    }
    wrong
}

/// Who is let in to whom by `NetworkPolicies`.
fn edges(policies: &[&Value]) -> BTreeSet<(String, String)> {
    const NAME: &str = "app.kubernetes.io/name";
    let mut edges = BTreeSet::new();
    for policy in policies {
        let Some(to) = policy["spec"]["podSelector"]["matchLabels"][NAME].as_str() else { continue };
        for rule in policy["spec"]["ingress"].as_array().into_iter().flatten() {
            for peer in rule["from"].as_array().into_iter().flatten() {
                let from = match peer["podSelector"]["matchLabels"][NAME].as_str() {
                    Some(name) => name,
                    None if !peer["namespaceSelector"].is_null() => "ingress",
                    None => "anyone",
                };
                edges.insert((from.to_owned(), to.to_owned()));
            }
        }
    }
    edges
}

/// What kubeconform says of manifests, by the schemas it gets from where `KUBECONFORM_SCHEMAS` says; `None` without either.
fn conforms(text: &str) -> Option<(bool, String)> {
    let home = std::env::var("HOME").ok()?;
    let engines = std::env::var("ENGINES").unwrap_or_else(|_| format!("{home}/.cache/seaworthy-engines"));
    let schemas = std::env::var("KUBECONFORM_SCHEMAS").ok()?;
    let folder = tempfile::TempDir::new().ok()?;
    let file = folder.path().join("all.yaml");
    std::fs::write(&file, text).ok()?;
    let mut kubeconform = Command::new(format!("{engines}/bin/kubeconform"));
    kubeconform.args(["-strict", "-summary", "-schema-location", &schemas]).arg(&file);
    let output = kubeconform.output().ok()?;
    Some((output.status.success(), String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}
