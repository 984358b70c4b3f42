use crate::project::Container;
use crate::project::container::Volume;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "sensitive-host-mount",
    summary: "a container that sees files the host lives by",
    since: "0.1.0",
    docs: include_str!("sensitive_host_mount.md"),
    aliases: &["KSV-0121", "sensitive-host-mounts", "C-0020", "CL-0013", "CL-0025", "ProcMount"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// Directories of the host whose files give rights over it, or over what runs on it.
const SENSITIVE: [&str; 13] = [
    "/",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib/modules",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/docker",
    "/var/lib/kubelet",
];
/// Files below them that programs ask for by custom, and that give nothing away.
const HARMLESS: [&str; 8] = [
    "/etc/localtime",
    "/etc/timezone",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/machine-id",
    "/etc/ssl/certs",
    "/etc/os-release",
    "/usr/share",
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for mount in &container.mounts {
        let Volume::Bind(path) = &mount.volume else { continue };
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let harmless = HARMLESS
            .iter()
            .any(|h| path.strip_prefix(h).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        if !SENSITIVE.contains(&path) && !path.starts_with("/etc/") || harmless {
            continue;
        }
        let may = if mount.read_only { "reads" } else { "reads and writes" };
        // What watches the machine reads these, and they hold no secrets.
        let severity = match (mount.read_only, path) {
            (true, "/proc" | "/sys" | "/lib/modules" | "/dev" | "/boot") => Severity::Low,
            (true, _) => Severity::Medium,
            (false, _) => Severity::High,
        };
        let message = format!("`{}` {may} the host's `{path}`", container.name.value);
        ctx.report(mount.span, message).severity(severity);
    }
}
