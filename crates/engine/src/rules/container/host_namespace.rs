use crate::project::container::Namespace;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Target};

pub(crate) static RULE: Rule = Rule {
    name: "host-namespace",
    summary: "a container that shares a namespace of the host",
    since: "0.1.0",
    docs: include_str!("host_namespace.md"),
    aliases: &[
        "CKV_K8S_17",
        "CKV_K8S_18",
        "CKV_K8S_19",
        "CKV_K8S_1",
        "CKV_K8S_3",
        "CKV_K8S_4",
        "KSV-0008",
        "KSV-0009",
        "KSV-0010",
        "host-network",
        "host-pid",
        "host-ipc",
        "hostNetworkSet",
        "hostPIDSet",
        "hostIPCSet",
        "C-0041",
        "C-0275",
        "C-0276",
        "C-0038",
        "disallow-host-namespaces",
        "CL-0008",
        "CL-0010",
        "psp-deny-hostnetwork",
        "C-0216",
        "psp-deny-hostpid",
        "C-0214",
        "psp-deny-hostipc",
        "C-0215",
        "HostNetwork",
        "HostPID",
        "HostIPC",
        "baseline:Host-Namespaces",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

/// What tools for manifests call each.
const NETWORK: [&str; 11] = [
    "CKV_K8S_19",
    "CKV_K8S_4",
    "KSV-0009",
    "host-network",
    "hostNetworkSet",
    "C-0041",
    "psp-deny-hostnetwork",
    "C-0216",
    "HostNetwork",
    "disallow-host-namespaces",
    "baseline:Host-Namespaces",
];
const PID: [&str; 12] = [
    "CKV_K8S_17",
    "CKV_K8S_1",
    "KSV-0010",
    "host-pid",
    "hostPIDSet",
    "C-0275",
    "C-0038",
    "psp-deny-hostpid",
    "C-0214",
    "HostPID",
    "disallow-host-namespaces",
    "baseline:Host-Namespaces",
];
const IPC: [&str; 12] = [
    "CKV_K8S_18",
    "CKV_K8S_3",
    "KSV-0008",
    "host-ipc",
    "hostIPCSet",
    "C-0276",
    "C-0038",
    "psp-deny-hostipc",
    "C-0215",
    "HostIPC",
    "disallow-host-namespaces",
    "baseline:Host-Namespaces",
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for namespace in &container.host_namespaces {
        let (what, gives) = match namespace.value {
            Namespace::Network => {
                ("network", "it reaches what the host keeps on loopback, and no policy holds")
            }
            Namespace::Pid => ("processes", "it sees and may stop every process"),
            Namespace::Ipc => ("shared memory", "it reads what other programs share"),
            Namespace::User => ("user ids", "its root is the host's root"),
            Namespace::Uts => ("host name", "it may change it"),
            Namespace::Cgroup => ("control groups", "it sees how others are limited"),
        };
        let severity = match namespace.value {
            Namespace::Pid | Namespace::Ipc => Severity::High,
            Namespace::Network if container.platform == Target::Kubernetes => Severity::High,
            Namespace::Network | Namespace::User => Severity::Medium,
            Namespace::Uts | Namespace::Cgroup => Severity::Low,
        };
        let ids: &'static [&'static str] = match (container.is_in_pod(), namespace.value) {
            (false, Namespace::Network) => &["CL-0008"],
            (false, Namespace::Pid | Namespace::Ipc) => &["CL-0010"],
            (true, Namespace::Network) => &NETWORK,
            (true, Namespace::Pid) => &PID,
            (true, Namespace::Ipc) => &IPC,
            _ => &[],
        };
        // A namespace belongs to the pod, so each container of it says the same, and it is said once.
        ctx.report(namespace.span, format!("this shares the host's {what}: {gives}"))
            .severity(severity)
            .ids(ids)
            .set(Safety::Unsafe, "Do not share it", container, &Intent::OwnNamespace(namespace.value));
    }
}
