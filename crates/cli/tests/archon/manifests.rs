//! What the manifests that Archon's Compose file becomes have to be: section 5 of what the project is held to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::objects::{conforms, containers, documents, edges, variables, violations};
use super::{Archon, Later};

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
        let objects = documents(&text);
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

    /// What `convert` reports of it.
    fn conversion(&self) -> String {
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
        report
    }

    /// The variables of the Compose file that no container gets, but for those whose loss the report tells.
    fn lost_variables(&self, compose: &str, objects: &[Value]) -> Vec<String> {
        let report: Value = serde_json::from_str(&self.conversion()).unwrap_or_default();
        let refused = |service: &str, name: &str| {
            let key = format!("services.{service}.environment.{name}");
            report["keys"]
                .as_array()
                .is_some_and(|keys| keys.iter().any(|k| k["key"] == key && k["fate"] == "refused"))
        };
        let root = documents(compose).into_iter().next().unwrap_or_default();
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
        let report = self.conversion();
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
