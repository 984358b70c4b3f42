//! What tests ask manifests of a whole project.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use seaworthy_engine::syntax::SourceId;
use seaworthy_engine::syntax::yaml::{Dialect, Node, NodeKind, Value as Scalar, Yaml};
use serde_json::{Value, json};

/// The documents of a YAML text, aliases and merges resolved.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let parsed = Yaml::parse(SourceId(0), &Arc::from(text));
    parsed.documents().flatten().map(json).collect()
}

/// A node as JSON.
fn json(node: Node<'_>) -> Value {
    let node = node.resolve();
    match node.kind() {
        NodeKind::Mapping => {
            let entries = node.merged().into_iter();
            let entries = entries.map(|e| (e.key.scalar().unwrap_or_default().into_owned(), json(e.value)));
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

/// The spec of the pods of a workload.
pub(crate) fn pod(object: &Value) -> &Value {
    match object["kind"].as_str() {
        Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &object["spec"]["template"]["spec"],
    }
}

/// The containers of a workload, those that start first before the others.
pub(crate) fn containers(object: &Value) -> Vec<&Value> {
    let pod = pod(object);
    ["initContainers", "containers"]
        .iter()
        .flat_map(|key| pod[*key].as_array().into_iter().flatten())
        .collect()
}

/// The names of the variables of a service's container.
pub(crate) fn variables(service: &str, objects: &[Value]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let is_workload = |o: &Value| !pod(o).is_null() && o["metadata"]["name"] == service;
    for container in objects.iter().find(|o| is_workload(o)).into_iter().flat_map(containers) {
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
pub(crate) fn violations(name: &Value, pod: &Value) -> Vec<String> {
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
pub(crate) fn edges(policies: &[&Value]) -> BTreeSet<(String, String)> {
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
pub(crate) fn conforms(text: &str) -> Option<(bool, String)> {
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
