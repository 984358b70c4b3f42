//! Names that objects call each other by, which follow when a name changes.

use super::transform::{each, put};
use super::{Resource, text_of};
use crate::text::Origin;
use crate::value::{Data, Value};

/// Whether an API group is Kubernetes' own.
pub(super) fn is_built_in(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")
}

/// Where the pod's `spec` lies in kinds.
const PODS: [&[&str]; 3] =
    [&["spec"], &["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"]];

/// What pods call others by: the kind that is called, and the way to its name.
const IN_PODS: &[(&str, &[&str])] = &[
    ("ConfigMap", &["volumes", "*", "configMap", "name"]),
    ("ConfigMap", &["volumes", "*", "projected", "sources", "*", "configMap", "name"]),
    ("ConfigMap", &["containers", "*", "env", "*", "valueFrom", "configMapKeyRef", "name"]),
    ("ConfigMap", &["initContainers", "*", "env", "*", "valueFrom", "configMapKeyRef", "name"]),
    ("ConfigMap", &["containers", "*", "envFrom", "*", "configMapRef", "name"]),
    ("ConfigMap", &["initContainers", "*", "envFrom", "*", "configMapRef", "name"]),
    ("Secret", &["volumes", "*", "secret", "secretName"]),
    ("Secret", &["volumes", "*", "projected", "sources", "*", "secret", "name"]),
    ("Secret", &["containers", "*", "env", "*", "valueFrom", "secretKeyRef", "name"]),
    ("Secret", &["initContainers", "*", "env", "*", "valueFrom", "secretKeyRef", "name"]),
    ("Secret", &["containers", "*", "envFrom", "*", "secretRef", "name"]),
    ("Secret", &["initContainers", "*", "envFrom", "*", "secretRef", "name"]),
    ("Secret", &["imagePullSecrets", "*", "name"]),
    ("ServiceAccount", &["serviceAccountName"]),
    ("PersistentVolumeClaim", &["volumes", "*", "persistentVolumeClaim", "claimName"]),
    ("PriorityClass", &["priorityClassName"]),
];

/// What other kinds call others by: their own kind, the kind that is called, and the way to its name.
const IN_OTHERS: &[(&str, &str, &[&str])] = &[
    ("StatefulSet", "Service", &["spec", "serviceName"]),
    ("Ingress", "Service", &["spec", "rules", "*", "http", "paths", "*", "backend", "serviceName"]),
    ("Ingress", "Service", &["spec", "rules", "*", "http", "paths", "*", "backend", "service", "name"]),
    ("Ingress", "Service", &["spec", "backend", "serviceName"]),
    ("Ingress", "Service", &["spec", "defaultBackend", "service", "name"]),
    ("Ingress", "Secret", &["spec", "tls", "*", "secretName"]),
    ("Ingress", "IngressClass", &["spec", "ingressClassName"]),
    ("Ingress", "Secret", &["metadata", "annotations", "ingress.kubernetes.io/auth-secret"]),
    ("Ingress", "Secret", &["metadata", "annotations", "nginx.ingress.kubernetes.io/auth-secret"]),
    ("Ingress", "Secret", &["metadata", "annotations", "nginx.ingress.kubernetes.io/auth-tls-secret"]),
    ("ServiceAccount", "Secret", &["imagePullSecrets", "*", "name"]),
    ("ServiceAccount", "Secret", &["secrets", "*", "name"]),
    ("APIService", "Service", &["spec", "service", "name"]),
    ("ValidatingWebhookConfiguration", "Service", &["webhooks", "*", "clientConfig", "service", "name"]),
    ("MutatingWebhookConfiguration", "Service", &["webhooks", "*", "clientConfig", "service", "name"]),
    (
        "CustomResourceDefinition",
        "Service",
        &["spec", "conversion", "webhook", "clientConfig", "service", "name"],
    ),
    ("PersistentVolumeClaim", "PersistentVolume", &["spec", "volumeName"]),
    ("PersistentVolumeClaim", "StorageClass", &["spec", "storageClassName"]),
    ("PersistentVolume", "StorageClass", &["spec", "storageClassName"]),
    ("StatefulSet", "StorageClass", &["spec", "volumeClaimTemplates", "*", "spec", "storageClassName"]),
    ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy", &["spec", "policyName"]),
];

/// Brings the names in references up to date.
pub(super) fn follow(resources: &[Resource]) {
    if resources.iter().all(|r| r.before.iter().all(|(name, ns)| *name == r.name() && *ns == r.namespace())) {
        return;
    }
    for resource in resources {
        let (kind, value) = (resource.kind(), &resource.value);
        if super::transform::templates(&kind, &resource.group()).is_empty()
            && kind != "Pod"
            && kind != "PodTemplate"
        {
            // Only pods and what makes them.
        } else {
            for pod in PODS {
                each(value, pod, &mut |pod| {
                    for (called, path) in IN_PODS {
                        rename(resources, resource, called, pod, path);
                    }
                });
            }
        }
        for (_, called, path) in IN_OTHERS.iter().filter(|(own, ..)| *own == kind) {
            rename(resources, resource, called, value, path);
        }
        match &*kind {
            "HorizontalPodAutoscaler" => {
                if let Some(target) = value.get("spec").and_then(|s| s.get("scaleTargetRef")) {
                    let called = text_of(&target, "kind").unwrap_or_default();
                    rename(resources, resource, &called, &target, &["name"]);
                }
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                if let Some(role) = value.get("roleRef") {
                    let called = text_of(&role, "kind").unwrap_or_default();
                    rename(resources, resource, &called, &role, &["name"]);
                }
                each(value, &["subjects", "*"], &mut |subject| account(resources, subject));
            }
            "Role" | "ClusterRole" => {
                each(value, &["rules", "*"], &mut |rule| names_in_rule(resources, resource, rule));
            }
            _ => {}
        }
    }
}

/// The object that a name of a kind means, where it was renamed.
fn find<'r>(resources: &'r [Resource], from: &Resource, kind: &str, name: &str) -> Option<&'r Resource> {
    let of_kind: Vec<&Resource> = resources.iter().filter(|r| r.kind() == kind).collect();
    let near = |r: &&&Resource| {
        super::transform::is_cluster_wide(r)
            || super::transform::is_cluster_wide(from)
            || r.namespace() == from.namespace()
    };
    if of_kind.iter().filter(near).any(|r| r.name() == name) {
        return None;
    }
    let mut found = of_kind.iter().filter(near).filter(|r| r.before.iter().any(|(n, _)| n == name));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn rename(resources: &[Resource], from: &Resource, kind: &str, value: &Value, path: &[&str]) {
    let Some((last, way)) = path.split_last() else { return };
    each(value, way, &mut |holder| {
        let Some(name) = text_of(holder, last) else { return };
        if let Some(found) = find(resources, from, kind, &name)
            && let Some(new) = found.value.get("metadata").and_then(|m| m.get("name"))
        {
            put(holder, last, new, Origin::NOWHERE);
        }
    });
}

/// A subject names an account with its namespace, and both follow.
fn account(resources: &[Resource], subject: &Value) {
    if text_of(subject, "kind").as_deref() != Some("ServiceAccount") {
        return;
    }
    let Some(name) = text_of(subject, "name") else { return };
    let namespace = text_of(subject, "namespace");
    let was = |r: &&Resource| {
        r.kind() == "ServiceAccount"
            && r.before.iter().any(|(n, ns)| {
                *n == name
                    && namespace.as_deref().is_none_or(|wanted| ns.as_deref().unwrap_or("default") == wanted)
            })
    };
    let mut found = resources.iter().filter(was);
    if let (Some(only), None) = (found.next(), found.next()) {
        if let Some(new) = only.value.get("metadata").and_then(|m| m.get("name")) {
            put(subject, "name", new, Origin::NOWHERE);
        }
        if let Some(new) = only.value.get("metadata").and_then(|m| m.get("namespace")) {
            put(subject, "namespace", new, Origin::NOWHERE);
        }
    }
}

fn names_in_rule(resources: &[Resource], from: &Resource, rule: &Value) {
    let Some(names) = rule.get("resourceNames").and_then(|v| v.as_list().cloned()) else { return };
    let kinds: Vec<&str> = rule
        .get("resources")
        .and_then(|v| v.as_list().cloned())
        .into_iter()
        .flat_map(|list| list.to_vec())
        .filter_map(|item| match item.as_str() {
            Some("configmaps") => Some("ConfigMap"),
            Some("secrets") => Some("Secret"),
            Some("services") => Some("Service"),
            Some("deployments") => Some("Deployment"),
            _ => None,
        })
        .collect();
    let renamed: Vec<Value> = names
        .iter()
        .map(|name| {
            let text = name.as_str().unwrap_or_default().to_owned();
            let found = kinds.iter().find_map(|kind| find(resources, from, kind, &text));
            found.and_then(|r| r.value.get("metadata")?.get("name")).unwrap_or_else(|| name.clone())
        })
        .collect();
    put(
        rule,
        "resourceNames",
        Value { data: Data::List(renamed.into()), at: names.first().map_or(Origin::NOWHERE, |n| n.at) },
        Origin::NOWHERE,
    );
}
