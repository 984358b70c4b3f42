use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Style, Value};
use seaworthy_syntax::{Edit, Span};

use crate::project::Project;
use crate::project::kubernetes::Object;
use crate::schema::{self, Minor, Unserved};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "deprecated-api-version",
    summary: "an API version that Kubernetes no longer serves",
    since: "0.1.0",
    docs: include_str!("deprecated_api_version.md"),
    aliases: &[
        "no-extensions-v1beta",
        "stable-version",
        "KSV-0107",
        "check-deprecated-apis",
        "disallow-deprecated-apis",
    ],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in &project.objects {
        let version = object.api_version.as_str();
        let release = ctx.kubernetes_of(object.source);
        let Some(removed) = REMOVED.iter().find(|r| r.0 == version && r.1.contains(&object.kind.as_str()))
        else {
            unserved(object, release, ctx);
            continue;
        };
        // What is older than all releases that are known is gone in each of them.
        if removed.2.parse::<Minor>().is_ok_and(|since| since > release) {
            continue;
        }
        let (_, _, since, next, same) = removed;
        let message = if next.is_empty() {
            format!(
                "Kubernetes {since} removed {} of {version} and has nothing in its place",
                object.kind.value
            )
        } else {
            format!("Kubernetes {since} no longer serves {} of {version}: it is {next}", object.kind.value)
        };
        // In a list the version may stand elsewhere.
        let own =
            object.at(project, &["apiVersion"]).is_some_and(|node| node.span() == object.api_version.span);
        let written = project.text(object.api_version.span) == version;
        let moves = || {
            let version = Edit { span: object.api_version.span, text: (*next).to_owned() };
            if object.kind.value == "Ingress" {
                let mut edits = backends(project, object)?;
                edits.push(version);
                return Some(edits);
            }
            may_move(project, object, *same).then(|| vec![version])
        };
        let fix = if own && written && !next.is_empty() { moves() } else { None };
        ctx.report(object.api_version.span, message).fix(Safety::Safe, format!("Use {next}"), fix);
    }
}

/// What the release that the manifest is meant for does not serve, yet or any more.
fn unserved(object: &Object, release: Minor, ctx: &mut Ctx<'_>) {
    let (version, kind) = (&object.api_version.value, &object.kind.value);
    let message = match schema::unserved(object, release) {
        None => return,
        Some(Unserved::From(since)) => {
            format!("Kubernetes {release} does not serve {kind} of {version}: it came with {since}")
        }
        Some(Unserved::Until(since, None)) => {
            format!("Kubernetes {since} removed {kind} of {version} and has nothing in its place")
        }
        Some(Unserved::Until(since, Some(next))) => {
            format!("Kubernetes {since} no longer serves {kind} of {version}: it is {next}")
        }
    };
    ctx.report(object.api_version.span, message);
}

/// Whether the next version has the same fields, with the same defaults, as far as this object uses them.
fn may_move(project: &Project, object: &Object, same: bool) -> bool {
    let has = |path: &[&str]| object.at(project, path).is_some_and(|node| !node.is_null());
    match object.kind.as_str() {
        // The old versions filled in a selector.
        "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet" => {
            has(&["spec", "selector"])
                && !has(&["spec", "rollbackTo"])
                && !has(&["spec", "templateGeneration"])
        }
        // An empty selector meant nothing and means everything now.
        "PodDisruptionBudget" => has(&["spec", "selector", "matchLabels"]),
        _ => same,
    }
}

/// What the backends of an Ingress are in the version that is served, and the type of path that the old one took; `None` where
/// one of them is written in a way that cannot be kept.
fn backends(project: &Project, object: &Object) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    let spec = object.at(project, &["spec"])?;
    if let Some(entry) = spec.entry("backend") {
        edits.push(Edit { span: entry.key.span(), text: "defaultBackend".to_owned() });
        edits.push(backend(project, entry.value)?);
    }
    let rules = spec.get("rules").into_iter().flat_map(Node::items);
    for path in rules.filter_map(|rule| rule.at(&["http", "paths"])).flat_map(Node::items) {
        if path.kind() != NodeKind::Mapping || path.anchor().is_some() {
            return None;
        }
        let entry = path.entry("backend").filter(|entry| !entry.is_merge())?;
        edits.push(backend(project, entry.value)?);
        if path.get("pathType").is_none() {
            let at = entry.key.span();
            let text = project.source_text(at.source);
            let column = at.start as usize - text[..at.start as usize].rfind('\n').map_or(0, |n| n + 1);
            let flow = path.style() == Style::Flow;
            let end = if flow { ", ".to_owned() } else { format!("\n{}", " ".repeat(column)) };
            let span = Span { end: at.start, ..at };
            edits.push(Edit { span, text: format!("pathType: ImplementationSpecific{end}") });
        }
    }
    Some(edits)
}

fn backend(project: &Project, node: Node<'_>) -> Option<Edit> {
    let entries: Vec<_> = node.entries().collect();
    let plain = |node: Node<'_>| {
        let own = node.kind() == NodeKind::Scalar && node.anchor().is_none() && node.tag().is_none();
        own.then(|| project.text(node.span()).to_owned())
            .filter(|text| !text.is_empty() && !text.contains('\n'))
    };
    let of = |key: &str| entries.iter().find(|entry| entry.key.scalar().as_deref() == Some(key));
    let ([first, second], Some(name), Some(port)) = (&entries[..], of("serviceName"), of("servicePort"))
    else {
        return None;
    };
    if node.kind() != NodeKind::Mapping || node.anchor().is_some() {
        return None;
    }
    let span = first.key.span().to(second.value.span());
    // What else stands between them, a comment, would be lost.
    if project.text(span).contains('#') {
        return None;
    }
    let number = match port.value.value(Dialect::Kubernetes)? {
        Value::Int(_) => "number",
        Value::Str(_) => "name",
        _ => return None,
    };
    let (name, port) = (plain(name.value)?, plain(port.value)?);
    if node.style() == Style::Flow {
        return Some(Edit { span, text: format!("service: {{name: {name}, port: {{{number}: {port}}}}}") });
    }
    let text = project.source_text(span.source);
    let column = span.start as usize - text[..span.start as usize].rfind('\n').map_or(0, |n| n + 1);
    let deep = " ".repeat(column);
    let text = format!("service:\n{deep}  name: {name}\n{deep}  port:\n{deep}    {number}: {port}");
    Some(Edit { span, text })
}

type Removed = (&'static str, &'static [&'static str], &'static str, &'static str, bool);

/// What was removed: the version, the kinds, since when, what to use, and whether that has the same fields. From the
/// deprecation guide of the Kubernetes documentation.
const REMOVED: [Removed; 27] = [
    ("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], "1.16", "apps/v1", true),
    ("apps/v1beta1", &["Deployment", "StatefulSet", "ReplicaSet"], "1.16", "apps/v1", true),
    ("apps/v1beta2", &["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"], "1.16", "apps/v1", true),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1", true),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16", "", false),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", "", false),
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1", false),
    ("networking.k8s.io/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1", false),
    ("networking.k8s.io/v1beta1", &["IngressClass"], "1.22", "networking.k8s.io/v1", true),
    (
        "rbac.authorization.k8s.io/v1beta1",
        &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        "1.22",
        "rbac.authorization.k8s.io/v1",
        true,
    ),
    (
        "rbac.authorization.k8s.io/v1alpha1",
        &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        "1.22",
        "rbac.authorization.k8s.io/v1",
        true,
    ),
    ("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], "1.22", "apiextensions.k8s.io/v1", false),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "1.22",
        "admissionregistration.k8s.io/v1",
        false,
    ),
    ("apiregistration.k8s.io/v1beta1", &["APIService"], "1.22", "apiregistration.k8s.io/v1", true),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22", "certificates.k8s.io/v1", false),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22", "coordination.k8s.io/v1", true),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], "1.22", "scheduling.k8s.io/v1", true),
    ("scheduling.k8s.io/v1alpha1", &["PriorityClass"], "1.17", "scheduling.k8s.io/v1", true),
    (
        "storage.k8s.io/v1beta1",
        &["StorageClass", "CSIDriver", "CSINode", "VolumeAttachment"],
        "1.22",
        "storage.k8s.io/v1",
        true,
    ),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27", "storage.k8s.io/v1", true),
    ("batch/v1beta1", &["CronJob"], "1.25", "batch/v1", true),
    ("batch/v2alpha1", &["CronJob"], "1.21", "batch/v1", true),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1", true),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25", "discovery.k8s.io/v1", false),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], "1.25", "autoscaling/v2", false),
    ("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], "1.26", "autoscaling/v2", true),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], "1.25", "node.k8s.io/v1", true),
];
