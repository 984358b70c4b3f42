use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "default-namespace",
    summary: "an object of the namespace `default`",
    since: "0.1.0",
    docs: include_str!("default_namespace.md"),
    aliases: &["C-0212", "disallow-default-namespace", "CKV_K8S_21", "KSV-0110", "use-namespace", "C-0061"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

/// Kinds of Kubernetes itself that live in a namespace, and of which Checkov speaks as well; and those that only others look at.
const KINDS: [&str; 15] = [
    "Pod",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "Service",
    "Secret",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Ingress",
];
const OTHERS: [&str; 10] = [
    "PersistentVolumeClaim",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "EndpointSlice",
    "Endpoints",
    "Lease",
    "PodTemplate",
    "LimitRange",
    "ResourceQuota",
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|object| !object.patch) {
        let kind = object.kind.value.as_str();
        let group = object.group();
        let own = group.is_empty() || !group.contains('.') || group.ends_with(".k8s.io");
        if !own || !KINDS.contains(&kind) && !OTHERS.contains(&kind) {
            continue;
        }
        let ids: &'static [&'static str] = if !KINDS.contains(&kind) {
            &RULE.aliases[..2]
        } else if kind == "Pod" {
            RULE.aliases
        } else {
            &RULE.aliases[..5]
        };
        match &object.namespace {
            Some(namespace) if namespace.value == "default" => {
                ctx.report(
                    namespace.span,
                    "runs in the namespace `default`, with whatever nobody gave another one",
                )
                .ids(ids);
            }
            // Whoever applies it may name one.
            None => {
                ctx.report(
                    object.headline(),
                    "says no namespace: it is `default` unless somebody names another",
                )
                .aside(true)
                .ids(ids);
            }
            Some(_) => {}
        }
    }
}
