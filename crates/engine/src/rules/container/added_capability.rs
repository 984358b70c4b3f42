use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "added-capability",
    summary: "a container that gets a capability which no container has by default",
    since: "0.1.0",
    docs: include_str!("added_capability.md"),
    aliases: &[
        "KSV-0022",
        "CKV_K8S_25",
        "CKV_K8S_24",
        "disallow-capabilities",
        "psp-restrict-adding-capabilities",
        "service-mesh-disallow-capabilities",
        "psp-deny-allowed-capabilities",
        "C-0219",
        "CL-0029",
        "CL-0030",
        "baseline:Capabilities",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// What every container may have by default; a list that was agreed on for pods.
const USUAL: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What others say of one that every container may have.
const ANY: [&str; 1] = ["CKV_K8S_25"];
const BEYOND: [&str; 9] = [
    "KSV-0022",
    "CKV_K8S_25",
    "CKV_K8S_24",
    "disallow-capabilities",
    "psp-restrict-adding-capabilities",
    "service-mesh-disallow-capabilities",
    "psp-deny-allowed-capabilities",
    "C-0219",
    "baseline:Capabilities",
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.windows {
        return;
    }
    for capability in &container.added_capabilities {
        let name = capability.value.as_str();
        let usual = USUAL.contains(&name);
        let ids: &'static [&'static str] = match (container.is_in_pod(), usual) {
            (true, true) => &ANY,
            (true, false) => &BEYOND,
            (false, _) => tier(name),
        };
        let message = format!("`{}` gets `{name}` on top of what containers have", container.name.value);
        ctx.report(capability.span, message).aside(usual).ids(ids).set(
            Safety::Unsafe,
            format!("Do not add `{name}`"),
            container,
            &Intent::RemoveCapability(name.to_owned()),
        );
    }
}

/// The class that compose-lint puts a capability in which does not lead out of the container by itself.
fn tier(name: &str) -> &'static [&'static str] {
    match name {
        "IPC_LOCK" | "LEASE" | "SYS_NICE" => &["CL-0029"],
        "SYSLOG" => &["CL-0030"],
        _ => &[],
    }
}
