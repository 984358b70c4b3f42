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
const SENSITIVE: [&str; 14] = [
    "/",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
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

/// What tools for manifests call it; and compose-lint, the second where the host can be changed by it.
const POD: [&str; 4] = ["KSV-0121", "sensitive-host-mounts", "C-0020", "ProcMount"];
const COMPOSE: [&str; 2] = ["CL-0013", "CL-0025"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for mount in &container.mounts {
        let Volume::Bind(path) = &mount.volume else { continue };
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let below = |top: &&str| path.strip_prefix(*top).is_some_and(|rest| rest.starts_with('/'));
        let harmless = HARMLESS
            .iter()
            .any(|h| path.strip_prefix(h).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        let part = ["/var/lib/docker", "/var/lib/kubelet", "/root", "/boot"].iter().any(below);
        if !SENSITIVE.contains(&path) && !path.starts_with("/etc/") && !part || harmless {
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
        let ids: &'static [&'static str] = match (container.is_in_pod(), path) {
            (true, _) => &POD,
            (false, "/lib/modules") => &[],
            (false, "/") if mount.read_only => &[],
            (false, "/home") => &COMPOSE[..1],
            (false, _) if mount.read_only => &COMPOSE[..1],
            (false, _) => &COMPOSE[1..],
        };
        // Logs of the containers beside it, somebody's data: not what the host lives by.
        ctx.report(mount.span, message).severity(severity).ids(ids).aside(part);
    }
}
