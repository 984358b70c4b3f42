//! Whether pods are what the manifests say.

use k8s_openapi::api::core::v1::{Container as Running, Pod};
use seaworthy_engine::measured::{Aspect, Difference};
use seaworthy_engine::project::{Container, Origin, Project, Setting};

use super::plan::Target;

/// What a pod is, and its manifest does not say. What another tool adds to it, such as a sidecar, is no difference.
pub(super) fn differences(project: &Project, target: &Target<'_>, pod: &Pod) -> Vec<Difference> {
    let mut found = Vec::new();
    for container in target.containers(project) {
        let spec =
            pod.spec.iter().flat_map(|s| s.containers.iter().chain(s.init_containers.iter().flatten()));
        let Some(running) = spec.into_iter().find(|c| c.name == container.name.value) else { continue };
        compare(container, running, pod, &mut found);
    }
    let automount = &target.workload.pod.automount_token;
    if automount.value() == Some(&false) && has_token(pod) {
        found.push(Difference {
            container: String::new(),
            what: Aspect::Token,
            manifest: "none".to_owned(),
            pod: "mounted".to_owned(),
        });
    }
    found
}

fn compare(container: &Container, running: &Running, pod: &Pod, found: &mut Vec<Difference>) {
    let own = running.security_context.as_ref();
    let of_pod = pod.spec.as_ref().and_then(|s| s.security_context.as_ref());
    let mut differ = |what, manifest: String, actual: String| {
        if manifest != actual {
            found.push(Difference { container: container.name.value.clone(), what, manifest, pod: actual });
        }
    };
    let says = |origin: Origin| matches!(origin, Origin::Own | Origin::Pod | Origin::Anchor);

    // Who it runs as is known of the process where the runtime tells, else of what the pod asks for.
    let statuses = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
    let of_process = statuses
        .filter(|s| s.name == running.name)
        .find_map(|s| s.user.as_ref()?.linux.as_ref().map(|l| l.uid));
    let asked = own.and_then(|s| s.run_as_user).or_else(|| of_pod.and_then(|s| s.run_as_user));
    let uid = container.user.value().and_then(|u| u.uid);
    if let Some(uid) = uid.filter(|_| says(container.user.origin) || of_process.is_some()) {
        let actual = of_process.or(asked);
        if actual.is_some() || says(container.user.origin) {
            differ(
                Aspect::User,
                uid.to_string(),
                actual.map_or_else(|| "the image's own".to_owned(), |u| u.to_string()),
            );
        }
    }
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let read_only = own.and_then(|s| s.read_only_root_filesystem).unwrap_or(false);
    if let Some(wanted) = known(&container.read_only_root) {
        differ(Aspect::ReadOnlyRoot, yes(wanted), yes(read_only));
    }
    let escalation = own.and_then(|s| s.allow_privilege_escalation).unwrap_or(true);
    if let Some(wanted) = known(&container.privilege_escalation) {
        differ(Aspect::PrivilegeEscalation, yes(wanted), yes(escalation));
    }
    let profile = own
        .and_then(|s| s.seccomp_profile.as_ref())
        .or_else(|| of_pod.and_then(|s| s.seccomp_profile.as_ref()));
    if let Some(wanted) = known(&container.seccomp) {
        let actual = profile.map(|p| p.localhost_profile.clone().unwrap_or_else(|| p.type_.clone()));
        differ(Aspect::Seccomp, wanted, actual.unwrap_or_else(|| "none".to_owned()));
    }
    if !container.dropped_capabilities.is_empty() || !container.added_capabilities.is_empty() {
        let set = |list: Vec<&str>, sign: char| {
            let mut list: Vec<String> = list
                .into_iter()
                .map(|c| format!("{sign}{}", c.trim_start_matches("CAP_").to_uppercase()))
                .collect();
            list.sort();
            list.dedup();
            list
        };
        let join = |mut a: Vec<String>, b: Vec<String>| {
            a.extend(b);
            a.join(" ")
        };
        let words = |list: &'_ [seaworthy_engine::syntax::Spanned<String>], sign| {
            set(list.iter().map(|c| c.value.as_str()).collect(), sign)
        };
        let capabilities = own.and_then(|s| s.capabilities.as_ref());
        let dropped = capabilities.and_then(|c| c.drop.as_ref());
        let added = capabilities.and_then(|c| c.add.as_ref());
        let list = |of: Option<&Vec<String>>, sign| {
            set(of.into_iter().flatten().map(String::as_str).collect(), sign)
        };
        let actual = join(list(dropped, '-'), list(added, '+'));
        differ(
            Aspect::Capabilities,
            join(words(&container.dropped_capabilities, '-'), words(&container.added_capabilities, '+')),
            if actual.is_empty() { "the runtime's own".to_owned() } else { actual },
        );
    }
    if let (Some(image), Some(actual)) = (container.image.value(), &running.image) {
        // Names of one image that are written differently are no difference.
        let plain =
            |name: &str| name.trim_start_matches("docker.io/").trim_start_matches("library/").to_owned();
        let tagged = |name: String| {
            if name.contains('@') || name.rsplit('/').next().is_some_and(|n| n.contains(':')) {
                name
            } else {
                format!("{name}:latest")
            }
        };
        differ(Aspect::Image, tagged(plain(&image.to_string())), tagged(plain(actual)));
    }
}

/// What the manifest itself says.
fn known<T: Clone>(setting: &Setting<T>) -> Option<T> {
    setting.value().filter(|_| matches!(setting.origin, Origin::Own | Origin::Pod | Origin::Anchor)).cloned()
}

/// Whether the token of its service account is mounted into a pod.
fn has_token(pod: &Pod) -> bool {
    let volumes = pod.spec.iter().flat_map(|s| s.volumes.iter().flatten());
    volumes
        .filter(|v| v.name.starts_with("kube-api-access-"))
        .flat_map(|v| v.projected.iter().flat_map(|p| p.sources.iter().flatten()))
        .any(|source| source.service_account_token.is_some())
}
