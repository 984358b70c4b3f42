use crate::project::{Volume, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "host-path-volume",
    summary: "a directory of the node as the volume of pods that may run anywhere",
    since: "0.1.0",
    docs: include_str!("host_path_volume.md"),
    aliases: &[
        "hostPathSet",
        "KSV-0023",
        "alert-any-hostpath",
        "C-0048",
        "disallow-host-path",
        "limit-hostpath-vols",
        "limit-hostpath-type-pv",
        "baseline:HostPath-Volumes",
    ],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let pod = &workload.pod;
    // One pod on each node is about its node, and so is one that is sent to a node.
    let meant = workload.kind == WorkloadKind::DaemonSet
        || workload.kind.runs_to_end()
        || !pod.node_selector.is_empty()
        || pod.node_affinity.is_some();
    for volume in &pod.volumes {
        let Volume::Bind(path) = &volume.volume else { continue };
        let message =
            format!("`{path}` of the node: a pod that starts on another node does not find its data");
        ctx.report(volume.at, message).aside(meant || is_of_every_node(path));
    }
}

/// What every node has of its own and no program keeps data in.
fn is_of_every_node(path: &str) -> bool {
    let system = [
        "/dev",
        "/proc",
        "/sys",
        "/run",
        "/var/run",
        "/etc",
        "/lib",
        "/usr",
        "/var/log",
        "/var/lib/kubelet",
        "/var/lib/kubernetes",
        "/boot",
        "/bin",
        "/sbin",
        "/opt/cni",
        "/root",
    ];
    path == "/"
        || path.ends_with(".sock")
        || system
            .iter()
            .any(|top| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
