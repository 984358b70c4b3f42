//! Whole projects, converted and run: their images are stand-ins that answer on the ports of the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Project, cluster, kubectl, kubectl_quietly, script};

/// A project of `tests/repositories`, as manifests in its namespace.
struct Picture {
    project: Project,
    /// The claims' volumes, which belong to no namespace.
    volumes: PathBuf,
}

impl Picture {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/repositories");
        let folder = std::env::temp_dir().join(format!("seaworthy-{name}-{}", std::process::id()));
        let converted = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args([
                "convert",
                "--tag",
                "k8s-1",
                "--registry",
                "docker.io/seaworthy-test",
                "--format",
                "json",
                "--out",
            ])
            .arg(folder.join("manifests"))
            .current_dir(root.join(name))
            .output()
            .expect("the program runs");
        let report: Value = serde_json::from_slice(&converted.stdout).expect("convert reports");
        let namespace = report["project"].as_str().expect("the project has a name").to_owned();
        let manifests = folder.join("manifests");
        for file in fs::read_dir(&manifests).expect("convert writes").flatten() {
            let text = fs::read_to_string(file.path()).unwrap_or_default();
            // Nothing is pulled on this cluster; Debian's BusyBox has no `nc -z`, and its shell starts no other by the name alone.
            let text = text.replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent");
            let text = text.replace("until nc -z", "until /bin/nc -z");
            fs::write(file.path(), without_requests(&text)).expect("the file can be written");
        }
        let path = manifests.to_str().unwrap_or_default();
        let read = kubectl(&["create", "--dry-run=client", "-o", "json", "-f", path]);
        let objects: Vec<Value> = serde_json::Deserializer::from_str(&read).into_iter().flatten().collect();
        images(&objects);
        let volumes = folder.join("volumes.yaml");
        fs::write(&volumes, claims(&objects, &namespace, &folder)).expect("the file can be written");
        let namespaces = manifests.join("00-namespace.yaml");
        kubectl(&["apply", "-f", namespaces.to_str().unwrap_or_default()]);
        let needs_volumes = fs::metadata(&volumes).is_ok_and(|file| file.len() > 0);
        if needs_volumes {
            kubectl(&["apply", "-f", volumes.to_str().unwrap_or_default()]);
        }
        fill(&report, &namespace);
        kubectl(&["apply", "-f", path]);
        Self { project: Project { folder: manifests, namespace }, volumes }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        kubectl_quietly(&[
            "delete",
            "namespace",
            &self.project.namespace,
            "--ignore-not-found",
            "--timeout=90s",
        ]);
        kubectl_quietly(&[
            "delete",
            "-f",
            self.volumes.to_str().unwrap_or_default(),
            "--ignore-not-found",
            "--wait=false",
        ]);
        let _ = self.volumes.parent().map(fs::remove_dir_all);
    }
}

/// Manifests that ask for next to nothing: one node of a test has no room for what 28 services ask for.
fn without_requests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if inside.is_some_and(|at| indent <= at) {
            inside = None;
        }
        match line.trim_start().split_once(": ") {
            Some(("cpu", _)) if inside.is_some() => _ = writeln!(out, "{:indent$}cpu: 1m", ""),
            Some((name @ ("memory" | "ephemeral-storage"), _)) if inside.is_some() => {
                _ = writeln!(out, "{:indent$}{name}: 1Mi", "");
            }
            _ => _ = writeln!(out, "{line}"),
        }
        if line.trim() == "requests:" {
            inside = Some(indent);
        }
    }
    out
}

fn pods(objects: &[Value]) -> impl Iterator<Item = &Value> {
    objects.iter().map(|object| &object["spec"]["template"]["spec"]).filter(|pod| pod.is_object())
}

/// Makes the image of each container: it answers on all ports that the manifests give to containers of it.
fn images(objects: &[Value]) {
    let mut ports: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for pod in pods(objects) {
        for list in ["containers", "initContainers"] {
            for container in pod[list].as_array().into_iter().flatten() {
                let of = ports.entry(container["image"].as_str().unwrap_or_default()).or_default();
                let listed = container["ports"].as_array().into_iter().flatten();
                of.extend(
                    listed
                        .filter(|port| port["protocol"] != "UDP")
                        .map(|port| port["containerPort"].to_string()),
                );
            }
        }
    }
    for (image, ports) in ports {
        let first = image.split('/').next().unwrap_or_default();
        let name = match image.contains('/') {
            _ if first.contains('.') => image.to_owned(),
            true => format!("docker.io/{image}"),
            false => format!("docker.io/library/{image}"),
        };
        script(&["image", &name, &ports.into_iter().collect::<Vec<_>>().join(",")]);
    }
}

/// A volume for each claim: nothing makes them on this cluster.
fn claims(objects: &[Value], namespace: &str, folder: &Path) -> String {
    let standing = objects.iter().filter(|object| object["kind"] == "PersistentVolumeClaim").count();
    let of_sets: u64 = objects
        .iter()
        .map(|object| {
            let templates = object["spec"]["volumeClaimTemplates"].as_array().map_or(0, Vec::len) as u64;
            templates * object["spec"]["replicas"].as_u64().unwrap_or(1)
        })
        .sum();
    let mut volumes = String::new();
    for index in 0..standing as u64 + of_sets {
        let path = folder.join(format!("volume-{index}"));
        let _ = write!(
            volumes,
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {namespace}-{index}}}\nspec:\n  capacity: {{storage: 2Ti}}\n  \
             accessModes: [ReadWriteOnce, ReadWriteMany]\n  hostPath: {{path: {}, type: DirectoryOrCreate}}\n---\n",
            path.display()
        );
    }
    volumes
}

/// Makes the Secret and the ConfigMap that the report asks for.
fn fill(report: &Value, namespace: &str) {
    let mut objects: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for key in report["to_fill"].as_array().into_iter().flatten() {
        let kind = if key["secret"] == true { "secret" } else { "configmap" };
        let object = (kind, key["object"].as_str().unwrap_or_default());
        let key = key["key"].as_str().unwrap_or_default();
        objects.entry(object).or_default().push(format!("--from-literal={key}=filled"));
    }
    for ((kind, name), keys) in objects {
        let mut words = vec!["-n", namespace, "create", kind];
        words.extend((kind == "secret").then_some("generic"));
        words.push(name);
        words.extend(keys.iter().map(String::as_str));
        kubectl(&words);
    }
}

#[test]
fn what_compose_projects_become_is_ready() {
    let Some(_cluster) = cluster() else { return };
    for (name, workloads) in [("archon", 3), ("sutazai", 21)] {
        let picture = Picture::new(name);
        let restart: &[&str] = if name == "archon" { &["--restart", "--requests", "500"] } else { &[] };
        let (report, output) =
            picture.project.run(&[&["--watch", "0", "--timeout", "300"], restart].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // What the network forbids is for another test: nothing keeps to policies in this one. And the server warns of the two
        // stores of SutazAI whose images are root's.
        let is_expected = |f: &Value| {
            let warned = ["`StatefulSet/chromadb`", "`StatefulSet/qdrant`"];
            let message = f["message"].as_str().unwrap_or_default();
            f["rule"] == "unenforced-policy"
                || f["rule"] == "cluster-warning" && warned.iter().any(|object| message.contains(object))
        };
        let found = report["findings"].as_array().into_iter().flatten();
        let wrong: Vec<&Value> = found.filter(|f| !is_expected(f)).collect();
        assert!(report["measured"].is_array() && wrong.is_empty(), "{name}: {wrong:#?} {said}");
        let measured = || report["measured"].as_array().into_iter().flatten().map(|m| &m["cluster"]);
        let pods: Vec<&Value> = measured().map(|of| &of["pods"]).filter(|pods| pods.is_object()).collect();
        assert_eq!(pods.len(), workloads, "{name}: {said}");
        assert!(pods.iter().all(|pods| pods["ready"] == pods["wanted"]), "{name}: {pods:?}");
        let restarted: Vec<&Value> = measured().map(|of| &of["rollout"]).filter(|r| r.is_object()).collect();
        assert!(restarted.iter().all(|r| r["complete"] == true && r["lost"] == 0), "{name}: {restarted:?}");
        assert_eq!(restarted.is_empty(), restart.is_empty(), "{name}: {said}");
    }
}
