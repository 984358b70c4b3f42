//! `seaworthy verify cluster` on a Kubernetes cluster: what it measures, what it says when things go wrong, and what it leaves.
//!
//! Runs where `SEAWORTHY_CLUSTER=required` asks for it, on the one that `tests/engines/cluster.sh up` has started; elsewhere it says that
//! it is skipped: a cluster that happens to be up may be somebody else's, or go away.
#![cfg(unix)]

#[path = "cluster/pictures.rs"]
mod pictures;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

const PROBE: &str = "docker.io/seaworthy-test/busybox:1";
const LABEL: &str = "dev.seaworthy.run";

/// The cluster keeps to policies for one test and not for another, so one test runs at a time.
static CLUSTER: Mutex<()> = Mutex::new(());

fn engines() -> PathBuf {
    let named = std::env::var_os("ENGINES").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cache/seaworthy-engines"))).unwrap_or_default()
}

fn kubeconfig() -> PathBuf {
    engines().join("cluster/admin.kubeconfig")
}

/// The cluster for this test alone; `None` where there is none.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn cluster() -> Option<MutexGuard<'static, ()>> {
    if std::env::var_os("SEAWORTHY_CLUSTER").is_none() {
        println!("skipped: no Kubernetes cluster is asked for");
        return None;
    }
    assert!(kubeconfig().exists(), "no cluster: tests/engines/cluster.sh up");
    Some(CLUSTER.lock().unwrap_or_else(PoisonError::into_inner))
}

fn script(words: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/engines/cluster.sh");
    let done = Command::new(path).args(words).status();
    assert!(done.is_ok_and(|s| s.success()), "cluster.sh {words:?}");
}

fn kubectl(words: &[&str]) -> String {
    let output = Command::new(engines().join("bin/kubectl"))
        .arg("--kubeconfig")
        .arg(kubeconfig())
        .args(words)
        .output()
        .expect("kubectl is there");
    assert!(output.status.success(), "kubectl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs it for what may be done already.
fn kubectl_quietly(words: &[&str]) {
    let _ = Command::new(engines().join("bin/kubectl"))
        .arg("--kubeconfig")
        .arg(kubeconfig())
        .args(words)
        .output();
}

/// Manifests in a namespace of their own, applied.
struct Project {
    folder: PathBuf,
    namespace: String,
}

impl Project {
    fn new(name: &str, manifests: &str) -> Self {
        let namespace = format!("verify-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(format!("seaworthy-{namespace}"));
        fs::create_dir_all(&folder).expect("the folder can be made");
        fs::write(folder.join("all.yaml"), manifests).expect("the file can be written");
        kubectl(&["create", "namespace", &namespace]);
        let project = Self { folder, namespace };
        project.apply();
        project
    }

    fn apply(&self) {
        let file = self.folder.join("all.yaml");
        kubectl(&["-n", &self.namespace, "apply", "-f", file.to_str().unwrap_or_default()]);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
        command.args(["verify", "cluster", "--probe-image", PROBE, "-n", &self.namespace]);
        command.args(words).current_dir(&self.folder).env("KUBECONFIG", kubeconfig());
        command
    }

    /// What was found, and the exit status.
    fn run(&self, words: &[&str]) -> (Value, Output) {
        let output = self.command(&["--format", "json"]).args(words).output().expect("the program runs");
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (report, output)
    }

    fn spawn(&self) -> Child {
        let mut command = self.command(&["--watch", "60"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs")
    }

    /// Everything with our label.
    fn left(&self) -> String {
        kubectl(&["-n", &self.namespace, "get", "pods,networkpolicies", "-l", LABEL, "-o", "name"])
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        kubectl_quietly(&["delete", "namespace", &self.namespace, "--wait=false"]);
    }
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().into_iter().flatten().filter_map(|f| f["rule"].as_str()).collect()
}

fn measured<'r>(report: &'r Value, object: &str) -> &'r Value {
    let all = report["measured"].as_array().into_iter().flatten();
    all.into_iter().find(|m| m["object"] == object).map_or(&Value::Null, |m| &m["cluster"])
}

/// A Deployment with its Service.
fn server(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec:\n  selector: {{app: {name}}}\n  ports: [{{name: http, port: 80, targetPort: http}}]\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: {name}}}}}\n  \
         template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      automountServiceAccountToken: false\n      \
         terminationGracePeriodSeconds: 15\n      \
         securityContext: {{runAsNonRoot: true, runAsUser: 1001, seccompProfile: {{type: RuntimeDefault}}}}\n      containers:\n        \
         - name: {name}\n          image: {image}\n          ports: [{{name: http, containerPort: 8080}}]\n          \
         securityContext: {{readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}\n          \
         readinessProbe: {{httpGet: {{path: /health, port: http}}, periodSeconds: 1}}\n{more}---\n"
    )
}

const IMAGE: &str = "docker.io/seaworthy-test/server:1";
const WAITS: &str = "          lifecycle: {preStop: {sleep: {seconds: 5}}}\n";
const POLICIES: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n---\n\
    apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: api}\nspec:\n  podSelector: {matchLabels: {app: api}}\n  \
    policyTypes: [Ingress]\n  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: http}]}]\n";

#[test]
fn policies_are_kept_to_or_not() {
    let Some(_cluster) = cluster() else { return };
    script(&["image", IMAGE, "8080"]);
    script(&["enforce", "off"]);
    let calls = "          env: [{name: API_URL, value: \"http://api:80\"}, {name: OTHER_URL, value: \"http://aip:80\"}]\n";
    let manifests =
        server("api", IMAGE, WAITS) + &server("web", IMAGE, &format!("{WAITS}{calls}")) + POLICIES;
    let project = Project::new("policies", &manifests);

    let (report, output) = project.run(&["--watch", "3"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("context `test`") && said.contains(&project.namespace),
        "the context is named: {said}"
    );
    let mut found = rules(&report);
    found.sort_unstable();
    assert_eq!(found, ["unenforced-policy", "unresolved-name"], "{report:#}");
    assert_eq!(measured(&report, "Service/api")["answers"][0]["open"], true);

    script(&["enforce", "on"]);
    let (report, _) = project.run(&["--watch", "0"]);
    script(&["enforce", "off"]);
    assert_eq!(rules(&report), ["unresolved-name"], "{report:#}");
    assert_eq!(measured(&report, "NetworkPolicy/api")["enforced"], true);
    let edges = measured(&report, "Deployment/api")["edges"].as_array().cloned().unwrap_or_default();
    assert_eq!(edges.len(), 2, "{edges:?}");
    for edge in edges {
        assert_eq!(edge["allowed"], edge["open"], "{edge}");
        assert_eq!(edge["allowed"], edge["from"] == "Deployment/web", "{edge}");
    }
    assert_eq!(project.left(), "");
}

#[test]
fn a_restart_loses_nothing_where_pods_wait() {
    let Some(_cluster) = cluster() else { return };
    script(&["image", IMAGE, "8080"]);
    let shell = "          command: [sh, -c, \"stub; true\"]\n";
    let manifests = server("waits", IMAGE, WAITS)
        + &server("hurries", IMAGE, "")
        + &server("shell", IMAGE, &format!("{WAITS}{shell}"));
    let project = Project::new("restart", &manifests);
    let (report, output) = project.run(&["--watch", "0", "--restart", "--requests", "1500"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let waits = &measured(&report, "Deployment/waits")["rollout"];
    assert_eq!(
        (&waits["complete"], &waits["lost"], &waits["killed"]),
        (&true.into(), &0.into(), &0.into()),
        "{waits} {said}"
    );
    assert!(waits["requests"].as_u64() >= Some(1500), "{waits}");
    let shell = &measured(&report, "Deployment/shell")["rollout"];
    assert_eq!(shell["killed"], 2, "{shell}");
    let found = rules(&report);
    assert!(found.contains(&"slow-stop"), "{found:?}");
    assert!(!found.contains(&"drifted-pod"), "{report:#}");
    assert_eq!(project.left(), "");
}

#[test]
fn nothing_is_left_however_it_ends() {
    let Some(_cluster) = cluster() else { return };
    script(&["image", IMAGE, "8080"]);
    let project = Project::new("ends", &server("api", IMAGE, WAITS));
    kubectl(&["-n", &project.namespace, "rollout", "status", "deployment/api", "--timeout=60s"]);
    for tenths in [2, 5, 8, 12, 18, 25, 35, 50, 80, 120] {
        let child = project.spawn();
        thread::sleep(Duration::from_millis(tenths * 100));
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().is_ok_and(|s| s.success()), "it runs");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(
            output.status.code(),
            Some(2),
            "after {tenths}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(project.left(), "", "after {tenths}");
    }
    let mut child = project.spawn();
    for _ in 0..100 {
        if !project.left().is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert_ne!(project.left(), "");
    let (_, output) = project.run(&["--watch", "0"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("of an earlier run"), "it says what it removed");
    assert_eq!(project.left(), "");
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    let Some(_cluster) = cluster() else { return };
    script(&["image", IMAGE, "8080"]);
    let never =
        server("never", IMAGE, WAITS).replace("port: http}, periodSeconds", "port: 1}, periodSeconds");
    let project = Project::new("wrong", &never);
    let (report, output) = project.run(&["--timeout", "5", "--watch", "0"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(rules(&report), ["never-healthy"], "{report:#}");

    let file = project.folder.join("all.yaml");
    let text = fs::read_to_string(&file).unwrap_or_default();
    fs::write(&file, text.replace("replicas: 2", "replicas: 2\n  replica: 3"))
        .expect("the file can be written");
    let (report, _) = project.run(&["--timeout", "2", "--watch", "0"]);
    assert!(rules(&report).contains(&"refused-manifest"), "{report:#}");

    for (words, says) in [
        (["--context", "other"], "no context `other`"),
        (["--kubeconfig", "/nonexistent"], "cannot read the kubeconfig"),
    ] {
        let (_, output) = project.run(&words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says) && said.lines().count() == 1, "{said}");
    }
}
