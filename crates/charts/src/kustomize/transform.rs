//! What changes all objects: namespaces, names, labels, annotations, images, replicas.

use super::{Resource, empty, key, list, text_of};
use crate::error::Failure;
use crate::text::{Origin, Text};
use crate::value::{Data, Entry, Value};

/// The mapping that lies below several keys; what is not there is made.
fn below(value: &Value, path: &[&str]) -> Value {
    let mut at = value.clone();
    for name in path {
        let inner = at.get(name).filter(|v| v.as_map().is_some());
        let inner = inner.unwrap_or_else(|| {
            let made = empty();
            put(&at, name, made.clone(), Origin::NOWHERE);
            made
        });
        at = inner;
    }
    at
}

/// Sets what lies below several keys, and makes the mappings on the way.
pub(super) fn set(value: &Value, path: &[&str], new: Value) {
    let Some((last, way)) = path.split_last() else { return };
    put(&below(value, way), last, new, Origin::NOWHERE);
}

/// Sets an entry; its key stays where it stands.
pub(super) fn put(map: &Value, name: &str, new: Value, at: Origin) {
    let Some(map) = map.as_map() else { return };
    let mut entries = map.entries.borrow_mut();
    let at = entries.get(name).map_or(at, |entry| entry.key);
    entries.insert(key(name), Entry { key: at, value: new });
}

/// Calls with every value that a path leads to; `*` stands for all items of a list.
pub(super) fn each(value: &Value, path: &[&str], act: &mut dyn FnMut(&Value)) {
    match path {
        [] => act(value),
        ["*", rest @ ..] => {
            for item in value.as_list().into_iter().flat_map(|items| items.iter()) {
                each(item, rest, act);
            }
        }
        [name, rest @ ..] => {
            if let Some(inner) = value.get(name) {
                each(&inner, rest, act);
            }
        }
    }
}

/// What Kustomize notes for itself.
pub(super) fn drop_internal(value: &Value) {
    let Some(metadata) = value.get("metadata") else { return };
    for name in ["annotations", "labels"] {
        let Some(found) = metadata.get(name) else { continue };
        let map = found.as_map().cloned().unwrap_or_default();
        map.entries.borrow_mut().retain(|key, _| !key.starts_with("internal.config.kubernetes.io/"));
        let none_left = map.entries.borrow().is_empty();
        if none_left && let Some(metadata) = metadata.as_map() {
            metadata.entries.borrow_mut().remove(name);
        }
    }
}

/// The kinds that lie in no namespace.
const CLUSTER_WIDE: [&str; 30] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "SelfSubjectReview",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

fn is_known_group(group: &str) -> bool {
    group.is_empty() || !group.contains('.') || group.ends_with(".k8s.io")
}

/// Whether objects of a kind lie in no namespace; one that is not known does.
pub(super) fn is_cluster_wide(resource: &Resource) -> bool {
    is_known_group(&resource.group()) && CLUSTER_WIDE.contains(&&*resource.kind())
}

pub(super) fn run(value: &Value, resources: &mut [Resource]) -> Result<(), Failure> {
    namespace(value, resources);
    names(value, resources);
    labels(value, resources)?;
    if let Some(annotations) = value.get("commonAnnotations").filter(|v| !v.is_empty()) {
        for resource in resources.iter() {
            merge_at(&resource.value, &["metadata", "annotations"], &annotations);
            for path in templates(&resource.kind(), &resource.group()) {
                let path: Vec<&str> = path.iter().copied().chain(["metadata", "annotations"]).collect();
                merge_at(&resource.value, &path, &annotations);
            }
        }
    }
    Ok(())
}

fn namespace(value: &Value, resources: &mut [Resource]) {
    let Some(namespace) = value.get("namespace").filter(|v| !v.is_empty()) else { return };
    for resource in resources.iter_mut() {
        resource.remember();
        let kind = resource.kind();
        if kind == "Namespace" && resource.group().is_empty() {
            set(&resource.value, &["metadata", "name"], namespace.clone());
        } else if !is_cluster_wide(resource) {
            set(&resource.value, &["metadata", "namespace"], namespace.clone());
        }
        if matches!(&*kind, "RoleBinding" | "ClusterRoleBinding") {
            each(&resource.value, &["subjects", "*"], &mut |subject| {
                let is_account = text_of(subject, "kind").as_deref() == Some("ServiceAccount");
                if is_account && text_of(subject, "name").as_deref() == Some("default") {
                    put(subject, "namespace", namespace.clone(), Origin::NOWHERE);
                }
            });
        }
        if kind == "APIService" {
            set(&resource.value, &["spec", "service", "namespace"], namespace.clone());
        }
        if kind == "CustomResourceDefinition" {
            each(
                &resource.value,
                &["spec", "conversion", "webhook", "clientConfig", "service"],
                &mut |service| {
                    put(service, "namespace", namespace.clone(), Origin::NOWHERE);
                },
            );
        }
    }
}

fn names(value: &Value, resources: &mut [Resource]) {
    let affix = |key: &str| value.get(key).and_then(|v| v.as_text().cloned()).filter(|t| !t.is_empty());
    let (prefix, suffix) = (affix("namePrefix"), affix("nameSuffix"));
    if prefix.is_none() && suffix.is_none() {
        return;
    }
    for resource in resources {
        if matches!(&*resource.kind(), "CustomResourceDefinition" | "APIService" | "Namespace") {
            continue;
        }
        resource.remember();
        let Some(name) = resource.value.get("metadata").and_then(|m| m.get("name")) else { continue };
        let mut text = Text::default();
        for part in [prefix.as_deref(), name.as_text().map(|t| &**t), suffix.as_deref()].into_iter().flatten()
        {
            text.push(part);
        }
        set(&resource.value, &["metadata", "name"], Value::text(text));
    }
}

/// The paths of pod templates in a kind, up to the template.
pub(super) fn templates(kind: &str, group: &str) -> &'static [&'static [&'static str]] {
    if !matches!(group, "" | "apps" | "batch" | "extensions") {
        return &[];
    }
    match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "ReplicationController" | "Job" => {
            &[&["spec", "template"]]
        }
        "CronJob" => &[&["spec", "jobTemplate"], &["spec", "jobTemplate", "spec", "template"]],
        _ => &[],
    }
}

fn labels(value: &Value, resources: &[Resource]) -> Result<(), Failure> {
    if let Some(common) = value.get("commonLabels").filter(|v| !v.is_empty()) {
        for resource in resources {
            label(resource, &common, true, true);
        }
    }
    for item in list(value, "labels") {
        if !list(&item, "fields").is_empty() {
            return Err(Failure::new("labels with fields are not supported"));
        }
        let Some(pairs) = item.get("pairs") else { continue };
        let flag = |key: &str| item.get(key).is_some_and(|v| v.is_true());
        for resource in resources {
            label(resource, &pairs, flag("includeSelectors"), flag("includeTemplates"));
        }
    }
    Ok(())
}

fn label(resource: &Resource, pairs: &Value, selectors: bool, in_templates: bool) {
    let value = &resource.value;
    merge_at(value, &["metadata", "labels"], pairs);
    let (kind, group) = (resource.kind(), resource.group());
    if selectors || in_templates {
        for path in templates(&kind, &group) {
            let path: Vec<&str> = path.iter().copied().chain(["metadata", "labels"]).collect();
            merge_at(value, &path, pairs);
        }
        if kind == "StatefulSet" {
            each(value, &["spec", "volumeClaimTemplates", "*"], &mut |claim| {
                merge_at(claim, &["metadata", "labels"], pairs);
            });
        }
    }
    if !selectors {
        return;
    }
    match (&*group, &*kind) {
        ("", "Service" | "ReplicationController") => merge_at(value, &["spec", "selector"], pairs),
        (_, "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet") => {
            merge_at(value, &["spec", "selector", "matchLabels"], pairs);
        }
        _ => {}
    }
    // These only where they are written already.
    let pod: &[&[&str]] = &[
        &[
            "affinity",
            "podAffinity",
            "preferredDuringSchedulingIgnoredDuringExecution",
            "*",
            "podAffinityTerm",
            "labelSelector",
            "matchLabels",
        ],
        &[
            "affinity",
            "podAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "*",
            "labelSelector",
            "matchLabels",
        ],
        &[
            "affinity",
            "podAntiAffinity",
            "preferredDuringSchedulingIgnoredDuringExecution",
            "*",
            "podAffinityTerm",
            "labelSelector",
            "matchLabels",
        ],
        &[
            "affinity",
            "podAntiAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "*",
            "labelSelector",
            "matchLabels",
        ],
        &["topologySpreadConstraints", "*", "labelSelector", "matchLabels"],
    ];
    if matches!(&*kind, "Deployment" | "StatefulSet") {
        for path in pod {
            let path: Vec<&str> =
                ["spec", "template", "spec"].into_iter().chain(path.iter().copied()).collect();
            each(value, &path, &mut |found| merge(found, pairs));
        }
    }
    let others: &[&[&str]] = match (&*group, &*kind) {
        ("batch", "Job") => &[&["spec", "selector", "matchLabels"]],
        ("batch", "CronJob") => &[&["spec", "jobTemplate", "spec", "selector", "matchLabels"]],
        ("policy", "PodDisruptionBudget") => &[&["spec", "selector", "matchLabels"]],
        ("networking.k8s.io", "NetworkPolicy") => &[
            &["spec", "podSelector", "matchLabels"],
            &["spec", "ingress", "*", "from", "*", "podSelector", "matchLabels"],
            &["spec", "egress", "*", "to", "*", "podSelector", "matchLabels"],
        ],
        _ => &[],
    };
    for path in others {
        each(value, path, &mut |found| merge(found, pairs));
    }
}

fn merge_at(value: &Value, path: &[&str], pairs: &Value) {
    merge(&below(value, path), pairs);
}

fn merge(target: &Value, pairs: &Value) {
    let Some(pairs) = pairs.as_map() else { return };
    for (name, entry) in pairs.entries.borrow().iter() {
        // Labels and annotations are strings.
        let new = if entry.value.as_text().is_some() {
            entry.value.clone()
        } else {
            Value::text(entry.value.display())
        };
        put(target, name, new, entry.key);
    }
}

pub(super) fn replicas(value: &Value, resources: &[Resource]) -> Result<(), Failure> {
    for item in list(value, "replicas") {
        let Some(name) = text_of(&item, "name") else { continue };
        let Some(count) = item.get("count") else { continue };
        let mut found = false;
        for resource in resources {
            let scales = matches!(
                &*resource.kind(),
                "Deployment" | "ReplicationController" | "ReplicaSet" | "StatefulSet"
            );
            if scales && resource.was(&name, None) {
                set(&resource.value, &["spec", "replicas"], count.clone());
                found = true;
            }
        }
        if !found {
            return Err(Failure::new(format!("replicas name {name}, which is not there")));
        }
    }
    Ok(())
}

pub(super) fn images(value: &Value, resources: &[Resource]) {
    for change in list(value, "images") {
        let Some(name) = text_of(&change, "name") else { continue };
        for resource in resources {
            if resource.kind() == "CustomResourceDefinition" {
                continue;
            }
            visit(&resource.value, 0, &mut |container| {
                let Some(image) = container.get("image").and_then(|v| v.as_text().cloned()) else { return };
                if let Some(new) = changed(&image, &name, &change) {
                    put(container, "image", Value::text(new), Origin::NOWHERE);
                }
            });
        }
    }
}

/// Calls with every container.
fn visit(value: &Value, depth: u32, act: &mut dyn FnMut(&Value)) {
    if depth > 40 {
        return;
    }
    match &value.data {
        Data::Map(map) => {
            let inner: Vec<_> =
                map.entries.borrow().iter().map(|(k, e)| (k.clone(), e.value.clone())).collect();
            for (name, inner) in inner {
                if matches!(&*name, "containers" | "initContainers") {
                    for item in inner.as_list().into_iter().flat_map(|items| items.iter()) {
                        act(item);
                    }
                }
                visit(&inner, depth + 1, act);
            }
        }
        Data::List(items) => items.iter().for_each(|item| visit(item, depth + 1, act)),
        _ => {}
    }
}

fn changed(image: &Text, name: &str, change: &Value) -> Option<Text> {
    let whole = image.as_str();
    let rest = whole.strip_prefix(name)?;
    if !(rest.is_empty() || rest.starts_with([':', '@'])) {
        return None;
    }
    let (tag, digest) = match rest.split_once('@') {
        Some((tag, digest)) => (tag.trim_start_matches(':'), digest),
        None => (rest.trim_start_matches(':'), ""),
    };
    if tag.contains('/') {
        return None;
    }
    let given = |key: &str| change.get(key).filter(|v| !v.is_nil()).map(|v| v.display());
    let mut out = match given("newName") {
        Some(new) if !new.is_empty() => new,
        _ => image.slice(0..name.len()),
    };
    let (new_tag, new_digest) = (given("newTag"), given("digest"));
    match (new_tag.filter(|t| !t.is_empty()), new_digest.filter(|d| !d.is_empty())) {
        (Some(tag), None) => {
            out.push_made(":");
            out.push(&tag);
        }
        (tag, Some(digest)) => {
            if let Some(tag) = tag {
                out.push_made(":");
                out.push(&tag);
            }
            out.push_made("@");
            out.push(&digest);
        }
        (None, None) => {
            if !tag.is_empty() {
                out.push_made(":");
                out.push(&image.part(tag));
            }
            if !digest.is_empty() {
                out.push_made("@");
                out.push(&image.part(digest));
            }
        }
    }
    if let Some(suffix) = given("tagSuffix") {
        out.push(&suffix);
    }
    Some(out)
}
