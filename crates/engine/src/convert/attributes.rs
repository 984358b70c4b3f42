//! What becomes of each key that Compose knows, where nothing more is said of it.
//!
//! Code that makes objects adds rows of its own where what becomes of a key depends on its value. The others get theirs from
//! here, so that every key of a project is told of.

use seaworthy_syntax::yaml::Node;

use super::plan::Out;
use super::report::Fate::{self, Approximated, Mapped, Refused};
use crate::project::Composition;
use crate::project::compose::{Item, Value};

/// What becomes of a key; `*` stands for a name or an index. The longest that fits counts.
const ATTRIBUTES: &[(&str, Fate, &str)] = &[
    ("name", Mapped, "the name of the namespace, and the label `app.kubernetes.io/part-of`"),
    ("services.*.annotations", Mapped, "annotations of the workload"),
    ("services.*.attach", Mapped, "it says what a terminal shows, and nothing of what runs"),
    ("services.*.blkio_config", Refused, "a pod cannot bound its disk traffic; the node's storage does"),
    ("services.*.build", Mapped, "the image that CI builds and pushes; see `seaworthy workflow`"),
    ("services.*.build.entitlements", Refused, "a build with rights of the host is CI's to allow"),
    ("services.*.build.privileged", Refused, "a build with rights of the host is CI's to allow"),
    ("services.*.cap_add", Mapped, "`capabilities.add`"),
    ("services.*.cap_drop", Mapped, "all are dropped"),
    ("services.*.cgroup", Refused, "the runtime sets the control group of a container"),
    ("services.*.cgroup_parent", Refused, "the kubelet sets the control group of a pod"),
    ("services.*.command", Mapped, "`args` of the container"),
    ("services.*.configs", Mapped, "a ConfigMap, mounted where Compose mounts it"),
    ("services.*.container_name", Approximated, "pods are named by their workload; peers call the Service"),
    ("services.*.cpu_count", Refused, "it is for Windows; `deploy.resources.limits.cpus` says it here"),
    ("services.*.cpu_percent", Refused, "it is for Windows; `deploy.resources.limits.cpus` says it here"),
    ("services.*.cpu_period", Approximated, "`limits.cpu`, with `cpu_quota`"),
    ("services.*.cpu_quota", Approximated, "`limits.cpu`, with `cpu_period`"),
    ("services.*.cpu_rt_period", Refused, "a pod has no real-time scheduling"),
    ("services.*.cpu_rt_runtime", Refused, "a pod has no real-time scheduling"),
    ("services.*.cpu_shares", Approximated, "`requests.cpu`: 1,024 shares are one CPU"),
    ("services.*.cpus", Mapped, "`limits.cpu`"),
    (
        "services.*.cpuset",
        Refused,
        "the kubelet's CPU manager gives whole CPUs to pods whose requests and limits are equal",
    ),
    ("services.*.credential_spec", Refused, "accounts of Windows are set by `windowsOptions`, by a patch"),
    ("services.*.depends_on", Mapped, "pods start in any order"),
    ("services.*.deploy.endpoint_mode", Mapped, "a Service"),
    ("services.*.deploy.labels", Mapped, "annotations of the workload"),
    ("services.*.deploy.mode", Mapped, "the kind of the workload"),
    (
        "services.*.deploy.placement.constraints",
        Refused,
        "nodes have other labels in Kubernetes; say which by a patch of `nodeSelector`",
    ),
    (
        "services.*.deploy.placement.max_replicas_per_node",
        Approximated,
        "pods spread over nodes as far as there are any",
    ),
    (
        "services.*.deploy.placement.preferences",
        Approximated,
        "pods spread over nodes as far as there are any",
    ),
    ("services.*.deploy.replicas", Mapped, "`replicas`"),
    ("services.*.deploy.resources.limits.cpus", Mapped, "`limits.cpu`"),
    ("services.*.deploy.resources.limits.memory", Mapped, "`limits.memory`"),
    (
        "services.*.deploy.resources.limits.pids",
        Refused,
        "the kubelet bounds the processes of all pods alike (`podPidsLimit`)",
    ),
    ("services.*.deploy.resources.reservations.cpus", Mapped, "`requests.cpu`"),
    ("services.*.deploy.resources.reservations.memory", Mapped, "`requests.memory`"),
    (
        "services.*.deploy.resources.reservations.generic_resources",
        Refused,
        "a device plugin gives such resources under names of its own",
    ),
    (
        "services.*.deploy.restart_policy.condition",
        Mapped,
        "what a Deployment keeps is always started again; a Job as it says",
    ),
    (
        "services.*.deploy.restart_policy.delay",
        Approximated,
        "the kubelet waits longer each time, from 10 seconds to 5 minutes",
    ),
    (
        "services.*.deploy.restart_policy.max_attempts",
        Refused,
        "a pod is started again without end; a Job gives up after `backoffLimit`",
    ),
    (
        "services.*.deploy.restart_policy.window",
        Approximated,
        "the kubelet forgets failures after ten minutes without one",
    ),
    (
        "services.*.deploy.rollback_config",
        Refused,
        "a rollout that fails stops, and `kubectl rollout undo` takes it back",
    ),
    (
        "services.*.deploy.update_config",
        Approximated,
        "a new pod serves before an old one ends, one at a time",
    ),
    ("services.*.develop", Mapped, "it is for developing, and stays with Compose"),
    ("services.*.device_cgroup_rules", Refused, "a pod gets devices from a device plugin"),
    (
        "services.*.devices",
        Refused,
        "a pod gets devices from a device plugin; a path of the node would need a privileged one",
    ),
    ("services.*.dns", Approximated, "`dnsConfig.nameservers`, after the cluster's own"),
    ("services.*.dns_opt", Mapped, "`dnsConfig.options`"),
    ("services.*.dns_search", Mapped, "`dnsConfig.searches`"),
    ("services.*.domainname", Refused, "the domain of a pod is that of the cluster"),
    ("services.*.entrypoint", Mapped, "`command` of the container"),
    ("services.*.env_file", Mapped, "read, and carried as its variables are"),
    ("services.*.environment", Mapped, "keys of the service's ConfigMap and of a Secret"),
    ("services.*.expose", Mapped, "ports of the Service"),
    ("services.*.extends", Mapped, "carried as what it brings in"),
    (
        "services.*.external_links",
        Refused,
        "it names a container outside of the project; call a Service by name",
    ),
    ("services.*.extra_hosts", Mapped, "`hostAliases`"),
    ("services.*.gpus", Mapped, "a device plugin's resource in the limits"),
    ("services.*.group_add", Mapped, "`supplementalGroups` of the pod"),
    ("services.*.healthcheck", Mapped, "the readiness and the startup probe"),
    ("services.*.hostname", Approximated, "a pod's host name is its own; peers call the Service"),
    ("services.*.image", Mapped, "`image` of the container"),
    (
        "services.*.init",
        Approximated,
        "the pod's pause container does not reap here; the program has to, or its image brings an init",
    ),
    ("services.*.ipc", Refused, "a pod shares memory between its own containers alone"),
    ("services.*.isolation", Refused, "the runtime class of a pod says how it is isolated"),
    ("services.*.label_file", Mapped, "read, and carried as its labels are"),
    ("services.*.labels", Mapped, "annotations of the workload"),
    ("services.*.links", Approximated, "peers call the Service by its own name"),
    (
        "services.*.logging",
        Refused,
        "an agent on the node collects what containers write; it knows nothing of this driver",
    ),
    ("services.*.mac_address", Refused, "the cluster gives addresses"),
    ("services.*.mem_limit", Mapped, "`limits.memory`"),
    ("services.*.mem_reservation", Mapped, "`requests.memory`"),
    ("services.*.mem_swappiness", Refused, "a pod does not say how it is swapped; the node does"),
    ("services.*.memswap_limit", Refused, "a pod does not say how it is swapped; the node does"),
    (
        "services.*.models",
        Refused,
        "nothing in a cluster serves Docker's models; run a server for them and give its address",
    ),
    ("services.*.network_mode", Mapped, "the pod's own network"),
    ("services.*.networks", Mapped, "a NetworkPolicy"),
    ("services.*.oom_kill_disable", Refused, "a container that needs more memory than its limit is ended"),
    ("services.*.oom_score_adj", Refused, "the kubelet sets it by requests and limits"),
    ("services.*.pid", Refused, "a pod of its own has processes of its own"),
    ("services.*.pids_limit", Refused, "the kubelet bounds the processes of all pods alike (`podPidsLimit`)"),
    ("services.*.platform", Mapped, "`nodeSelector`"),
    ("services.*.ports", Mapped, "ports of the Service"),
    (
        "services.*.post_start",
        Approximated,
        "Compose runs it once it has started; put it into the image's entry point",
    ),
    ("services.*.pre_start", Refused, "run it in an init container, or in the image's entry point"),
    ("services.*.pre_stop", Refused, "the pod waits before it ends; put what it runs into the program"),
    ("services.*.privileged", Mapped, "the container has no rights over its node"),
    ("services.*.profiles", Mapped, "which services run"),
    (
        "services.*.provider",
        Refused,
        "a program on the machine of whoever runs Compose makes it; nothing does in a cluster",
    ),
    ("services.*.pull_policy", Mapped, "`imagePullPolicy`"),
    ("services.*.pull_refresh_after", Refused, "a node looks for a newer image at each start or never"),
    ("services.*.read_only", Mapped, "`readOnlyRootFilesystem`"),
    ("services.*.restart", Mapped, "what a Deployment keeps is always started again"),
    (
        "services.*.runtime",
        Refused,
        "a pod names a RuntimeClass of its cluster; set `runtimeClassName` by a patch",
    ),
    ("services.*.scale", Mapped, "`replicas`"),
    ("services.*.secrets", Mapped, "a Secret, mounted where Compose mounts it"),
    ("services.*.security_opt", Mapped, "`securityContext`"),
    ("services.*.shm_size", Mapped, "a volume in memory at `/dev/shm`"),
    ("services.*.stdin_open", Refused, "a pod is no terminal"),
    ("services.*.stop_grace_period", Mapped, "`terminationGracePeriodSeconds`"),
    (
        "services.*.stop_signal",
        Approximated,
        "the signal that the image names; the kubelet sends `SIGTERM` where it names none",
    ),
    ("services.*.storage_opt", Mapped, "`limits.ephemeral-storage`"),
    ("services.*.sysctls", Mapped, "`sysctls` of the pod"),
    ("services.*.tmpfs", Mapped, "a volume in memory"),
    ("services.*.tty", Refused, "a pod is no terminal"),
    ("services.*.ulimits", Refused, "a pod has the limits of its node's runtime; raise them there"),
    (
        "services.*.use_api_socket",
        Refused,
        "there is no Docker API in a cluster; give the pod a ServiceAccount and rights of its own",
    ),
    ("services.*.user", Mapped, "`runAsUser`"),
    ("services.*.userns_mode", Approximated, "a pod has no rights of its node's users either way"),
    ("services.*.uts", Refused, "a pod has a host name of its own"),
    ("services.*.volumes", Mapped, "volumes of the pod"),
    ("services.*.volumes_from", Refused, "mount the volumes themselves"),
    ("services.*.working_dir", Mapped, "`workingDir`"),
    ("networks.*", Mapped, "NetworkPolicies"),
    ("networks.*.attachable", Mapped, "it says who may join by hand, which nobody may here"),
    ("networks.*.driver", Refused, "the cluster has one network, with a plugin of its own"),
    ("networks.*.driver_opts", Refused, "the cluster has one network, with a plugin of its own"),
    ("networks.*.enable_ipv4", Refused, "the cluster says which addresses pods have"),
    ("networks.*.enable_ipv6", Refused, "the cluster says which addresses pods have"),
    (
        "networks.*.external",
        Approximated,
        "the namespace is closed; peers in others are let in by a NetworkPolicy of yours",
    ),
    ("networks.*.internal", Mapped, "no NetworkPolicy lets its pods out of the cluster"),
    ("networks.*.ipam", Refused, "the cluster gives addresses"),
    ("networks.*.labels", Refused, "a network is no object here"),
    ("networks.*.name", Mapped, "a network is no object here, and its name nobody's"),
    ("volumes.*", Mapped, "a PersistentVolumeClaim"),
    ("configs.*", Mapped, "a ConfigMap"),
    ("secrets.*", Mapped, "a key of a Secret, which somebody fills"),
    (
        "models.*",
        Refused,
        "nothing in a cluster serves Docker's models; run a server for them and give its address",
    ),
];

/// Adds a row for each key of a project that has none.
pub(super) fn complete(composition: &Composition, out: &mut Out<'_>) {
    for problem in &composition.problems {
        if problem.kind.is_refused() && problem.kind != crate::project::compose::ProblemKind::RequiredVariable
        {
            let key = format!("line of `{}`", out.project.path(problem.span.source));
            out.carried.refused(key, Some(problem.span), format!("Compose refuses it: {}", problem.message));
        }
    }
    walk(&mut Vec::new(), "", &composition.model, out);
    read(composition, out);
}

/// Keys that are gone once a project is read.
fn read(composition: &Composition, out: &mut Out<'_>) {
    let project = out.project;
    let sources = composition.files.iter().chain(&composition.used);
    let trees = sources.filter_map(|id| project.parse(*id)?.yaml());
    for root in trees.flat_map(|yaml| yaml.documents().flatten()) {
        for (key, note) in [
            ("include", "the files that it names are read with this one"),
            ("name", "the name of the namespace, and the label `app.kubernetes.io/part-of`"),
            ("version", "Compose takes no notice of it"),
        ] {
            if let Some(node) = root.get(key).filter(|_| !out.carried.has(key)) {
                out.carried.mapped(key, Some(node.span()), note);
            }
        }
        let services = root.get("services").into_iter().flat_map(Node::merged);
        for service in services {
            if let (Some(extends), Some(name)) = (service.value.get("extends"), service.key.scalar()) {
                let key = format!("services.{name}.extends");
                out.carried.mapped(
                    key,
                    Some(extends.span()),
                    "the service is read with the one that it extends",
                );
            }
        }
    }
}

/// `path` is the key in its parts.
fn walk<'i>(path: &mut Vec<&'i str>, key: &str, item: &'i Item, out: &mut Out<'_>) {
    let name = path.last().copied().unwrap_or_default();
    if name.starts_with("x-") {
        if name != "x-seaworthy" {
            out.carried.mapped(key, item.key.or(item.at), "an extension, which Compose takes no notice of");
        }
        return;
    }
    if !path.is_empty() && out.carried.has(key) {
        return;
    }
    let deeper = out.carried.has_below(key) || is_place(path);
    if !deeper && let Some((_, fate, note)) = fitting(path) {
        // Of what Compose implies nobody has to be told.
        if let Some(span) = item.key.or(item.at) {
            out.carried.add(*fate, key, Some(span), *note);
        }
        return;
    }
    match &item.value {
        Value::Map(map) => {
            for (name, item) in map {
                let key = if path.is_empty() { name.clone() } else { format!("{key}.{name}") };
                path.push(name);
                walk(path, &key, item, out);
                path.pop();
            }
        }
        Value::List(list) => {
            for (at, item) in list.iter().enumerate() {
                path.push("[]");
                walk(path, &format!("{key}[{at}]"), item, out);
                path.pop();
            }
        }
        Value::Null => {}
        _ => match fitting(path) {
            Some((_, fate, note)) => out.carried.add(*fate, key, item.key.or(item.at), *note),
            None => {
                out.carried.refused(
                    key,
                    item.key.or(item.at),
                    "nothing in Kubernetes is known to stand for it",
                );
            }
        },
    }
}

/// Whether keys below this one are told of one by one.
fn is_place(path: &[&str]) -> bool {
    ATTRIBUTES.iter().any(|(pattern, ..)| {
        let mut patterns = pattern.split('.');
        path.iter().all(|part| patterns.next().is_some_and(|p| p == "*" || p == *part))
            && patterns.next().is_some()
    })
}

/// What becomes of a key: the longest of those that stand for it or for one above it.
fn fitting(path: &[&str]) -> Option<&'static (&'static str, Fate, &'static str)> {
    let fits = |pattern: &str| {
        let mut parts = path.iter();
        pattern.split('.').all(|pattern| parts.next().is_some_and(|part| pattern == "*" || pattern == *part))
    };
    ATTRIBUTES
        .iter()
        .filter(|(pattern, ..)| fits(pattern))
        .max_by_key(|(pattern, ..)| pattern.split('.').count())
}
