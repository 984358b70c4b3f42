use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::kubernetes::Detail;
use crate::project::{Project, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "mounted-service-account-token",
    summary: "a pod with a token for the Kubernetes API that nothing shows it to need",
    since: "0.1.0",
    docs: include_str!("mounted_service_account_token.md"),
    aliases: &[
        "automountServiceAccountToken",
        "KSV-0036",
        "CKV_K8S_38",
        "automount-service-account",
        "C-0034",
        "C-0190",
        "restrict-automount-sa-token",
        "restrict-sa-automount-sa-token",
        "disable-automountserviceaccounttoken",
        "C-0261",
        "serviceaccount-token-mount",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let pod = &workload.pod;
    if !pod.automount_token.is_unset() && !pod.automount_token.is(&true)
        || pod.service_account.is_unknown()
        || matches!(workload.kind, WorkloadKind::Running | WorkloadKind::PodTemplate)
    {
        return;
    }
    let account = pod.service_account.value().map_or("default", String::as_str);
    let needed = account != "default" || is_bound(workload, ctx.project) || has_sidecar(workload);
    // Of a public image that is known it is known too that it asks the API nothing.
    let known = workload.containers.iter().all(|id| ctx.project.container(*id).facts().is_some());
    let safety = if known { Safety::Safe } else { Safety::Unsafe };
    let at = pod.automount_token.at.unwrap_or(workload.headline);
    let edit = ctx
        .project
        .node(pod.place)
        .and_then(|pod| edit::set(pod, "automountServiceAccountToken", &New::Bool(false)).ok());
    ctx.report(
        at,
        "its pods carry a token for the Kubernetes API, which a program that is broken into gives away",
    )
    .aside(needed)
    .fix(if needed { Safety::Unsafe } else { safety }, "Mount no token", edit);
}

/// Whether a sidecar comes into its pods that asks the API with their token.
fn has_sidecar(workload: &Workload) -> bool {
    const SIDECARS: [&str; 3] =
        ["consul.hashicorp.com/connect-inject", "dapr.io/enabled", "vault.hashicorp.com/agent-inject"];
    let asks = |key: &str, value: &str| SIDECARS.contains(&key) && value == "true";
    workload.pod_annotations.iter().any(|(key, value)| asks(&key.value, &value.value))
}

/// Whether the default account is given rights, or says itself what it mounts.
fn is_bound(workload: &Workload, project: &Project) -> bool {
    let own = &workload.object(project).namespace;
    let near = |other: Option<&str>| match (own, other) {
        (Some(own), Some(other)) => own.value == other,
        _ => true,
    };
    let bound = project.bindings_of("default").any(|object| {
        let Detail::Binding(binding) = &object.detail else { return false };
        binding.subjects.iter().any(|(subject, namespace)| {
            subject.kind == "ServiceAccount"
                && subject.name.value == "default"
                && near(namespace.as_ref().map(|n| n.value.as_str()))
        })
    });
    bound
        || project.objects_named("default").any(|object| {
            matches!(&object.detail, Detail::ServiceAccount(account) if !account.automount_token.is_unset())
                && near(object.namespace.as_ref().map(|n| n.value.as_str()))
        })
}
