use crate::Safety;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangerous-capability",
    summary: "a capability that is as good as root on the host",
    since: "0.1.0",
    docs: include_str!("dangerous_capability.md"),
    aliases: &[
        "CKV_K8S_39",
        "KSV-0005",
        "KSV-0120",
        "dangerousCapabilities",
        "C-0046",
        "CapSysAdmin",
        "CL-0011",
        "CL-0024",
        "CL-0028",
        "CL-0027",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

/// Capabilities that lead out of the container, and what each gives away.
const DANGEROUS: [(&str, &str); 13] = [
    ("ALL", "every right of the host"),
    ("BPF", "loading programs into the kernel"),
    ("DAC_READ_SEARCH", "reading every file of the host"),
    ("MAC_ADMIN", "changing the host's access policy"),
    ("MAC_OVERRIDE", "passing by the host's access policy"),
    ("NET_ADMIN", "changing the network's configuration"),
    ("PERFMON", "watching the kernel"),
    ("SYS_ADMIN", "mounting, tracing and most of what root does"),
    ("SYS_BOOT", "restarting the host"),
    ("SYS_MODULE", "loading kernel modules"),
    ("SYS_PTRACE", "reading and changing other processes"),
    ("SYS_RAWIO", "raw access to memory and devices"),
    ("SYS_TIME", "setting the host's clock"),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for capability in &container.added_capabilities {
        let Some((name, gives)) = DANGEROUS.iter().find(|(name, _)| *name == capability.value) else {
            continue;
        };
        let message = format!("`{}` gets `{name}`: {gives}", container.name.value);
        let intent = Intent::RemoveCapability((*name).to_owned());
        let ids: &'static [&'static str] = if container.is_in_pod() { pod_ids(name) } else { tier(name) };
        // Within a network namespace of its own it does not reach the host.
        let severity = if *name == "NET_ADMIN" { Severity::Medium } else { Severity::High };
        ctx.report(capability.span, message).severity(severity).ids(ids).set(
            Safety::Unsafe,
            format!("Do not add `{name}`"),
            container,
            &intent,
        );
    }
}

/// What tools for manifests call it.
fn pod_ids(name: &str) -> &'static [&'static str] {
    match name {
        "SYS_ADMIN" => &["CKV_K8S_39", "KSV-0005", "dangerousCapabilities", "C-0046", "CapSysAdmin"],
        "SYS_MODULE" => &["KSV-0120", "C-0046"],
        "NET_ADMIN" | "ALL" => &["dangerousCapabilities", "C-0046"],
        _ => &["C-0046"],
    }
}

/// The class that compose-lint puts it in.
fn tier(name: &str) -> &'static [&'static str] {
    match name {
        "BPF" | "NET_ADMIN" | "SYS_BOOT" => &["CL-0011"],
        "ALL" | "SYS_ADMIN" | "SYS_MODULE" | "SYS_RAWIO" => &["CL-0024"],
        "DAC_READ_SEARCH" | "SYS_PTRACE" => &["CL-0027"],
        "PERFMON" | "SYS_TIME" => &["CL-0028"],
        _ => &[],
    }
}
