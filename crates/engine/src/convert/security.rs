//! Whom a container runs as and what it may do.

use super::plan::Out;
use super::unit::Unit;
use super::{Map, Tree, overrides};
use crate::images::Facts;
use crate::project::compose::Item;
use crate::project::container::BASELINE_CAPABILITIES;
use crate::project::{Mount, Origin, Setting, User, Volume};
use crate::variant::Needs;

/// Whom a service runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RunAs {
    /// A user by number, and its group where that is known.
    User { uid: u32, gid: Option<u32> },
    /// Root, and why it has to be, in a clause.
    Root(String),
    /// Nothing tells: the kubelet refuses it where it turns out to be root.
    Unknown,
}

impl RunAs {
    /// Its number, where it is known and not root.
    pub(super) fn uid(&self) -> Option<u32> {
        match self {
            Self::User { uid, .. } => Some(*uid),
            _ => None,
        }
    }

    /// The group that owns what it writes.
    pub(super) fn group(&self) -> Option<u32> {
        match self {
            Self::User { uid, gid } => Some(gid.filter(|gid| *gid != 0).unwrap_or(*uid)),
            _ => None,
        }
    }
}

/// How far the Pod Security Standards are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Level {
    Restricted,
    Baseline,
}

impl Level {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
        }
    }
}

/// The capabilities that a program started as root uses where nothing is known of it: to give up its rights, to own what it
/// writes, to listen below 1024. The level *baseline* allows them all.
const OF_ROOT: [&str; 6] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE", "SETGID", "SETUID"];

/// Whom a service runs as.
pub(super) fn user(unit: &Unit<'_>, out: &mut Out<'_>) -> RunAs {
    if let Some((uid, gid)) = unit.says(&["user"]).and_then(|item| overrides::user(&item.to_text()?)) {
        return match uid {
            0 => RunAs::Root("`x-seaworthy` says so".to_owned()),
            uid => RunAs::User { uid, gid },
        };
    }
    let Some(item) = unit.get(&["user"]) else { return by_image(unit) };
    let (key, span) = (unit.key("user"), item.span());
    let written = out.text(item).to_string();
    let user = User::parse(&written);
    let account = |name: &str| {
        let of_stage = unit.stage.and_then(|s| s.end().accounts().find(|a| a.name == name).cloned());
        of_stage.or_else(|| unit.facts?.users.iter().find(|a| a.name == name).cloned())
    };
    let known = user.name.as_deref().and_then(account);
    let of_image = unit.facts.map(|facts| facts.resolve(user.clone()));
    let of_image = of_image.filter(|_| unit.stage.is_none());
    let uid = user.uid.or(known.as_ref().map(|a| a.uid)).or(of_image.as_ref().and_then(|u| u.uid));
    let Some(uid) = uid else {
        if written.is_empty() {
            return by_image(unit);
        }
        out.carried.approximated(
            key,
            span,
            format!("nothing tells the number of `{written}`, and a pod takes numbers; give `user` as one"),
        );
        return by_image(unit);
    };
    if uid == 0 {
        out.carried.approximated(key, span, "it stays root, so that the namespace cannot be *restricted*");
        return RunAs::Root("Compose says so".to_owned());
    }
    let of_uid = |a: &&crate::images::Account| a.uid == uid;
    let gid = user
        .gid
        .or(known.and_then(|a| a.gid))
        .or(of_image.and_then(|u| u.gid))
        .or_else(|| unit.stage?.end().accounts().find(of_uid)?.gid)
        .or_else(|| unit.facts?.users.iter().find(of_uid)?.gid)
        .or_else(|| unit.facts.filter(|f| f.uid == Some(uid))?.gid);
    out.carried.mapped(key, span, "`runAsUser` and `runAsGroup`");
    RunAs::User { uid, gid }
}

/// Whom an image runs as: a variant as the user that it names, a public image that gives up root as whom it becomes.
fn by_image(unit: &Unit<'_>) -> RunAs {
    let Some(stage) = unit.stage else { return unit.facts.map_or(RunAs::Unknown, by_facts) };
    let user: &Setting<User> = stage.end().user();
    let of_base = || unit.facts.map_or(RunAs::Unknown, by_facts);
    match user.value() {
        Some(user) if user.uid == Some(0) || user.is_root() == Some(true) => {
            RunAs::Root("its Dockerfile gives no other user, and its variant cannot".to_owned())
        }
        Some(User { uid: Some(uid), gid, .. }) => {
            let account = stage.end().accounts().find(|a| a.uid == *uid);
            RunAs::User { uid: *uid, gid: gid.or(account.and_then(|a| a.gid)) }
        }
        _ if user.origin == Origin::Image => of_base(),
        _ => RunAs::Unknown,
    }
}

fn by_facts(facts: &Facts) -> RunAs {
    match facts.working_user() {
        Some(user) if user.is_root() == Some(true) => RunAs::Root("its image has no other user".to_owned()),
        Some(User { uid: Some(uid), gid, .. }) => RunAs::User { uid, gid },
        _ => RunAs::Unknown,
    }
}

/// How far a service keeps the Pod Security Standards.
pub(super) fn level(unit: &Unit<'_>) -> Level {
    match unit.user {
        RunAs::Root(_) => Level::Baseline,
        _ => Level::Restricted,
    }
}

/// `securityContext` of the pod; `writable` where what it writes outlives it, or is shared.
pub(super) fn pod(unit: &Unit<'_>, writable: bool, out: &mut Out<'_>) -> Map {
    let mut context = Map::new();
    match &unit.user {
        RunAs::User { uid, gid } => {
            context.set("runAsNonRoot", true);
            context.explain("runAsUser", *uid, "by number: the kubelet cannot tell that a name is not root");
            if let Some(gid) = gid {
                context.set("runAsGroup", *gid);
            }
        }
        RunAs::Root(why) => {
            let why = format!("{} runs as root: {why}", unit.service.name);
            context.explain("runAsUser", 0_u32, why.clone());
            out.carried.approximated(unit.key("user"), unit.get(&["user"]).and_then(Item::span), why);
        }
        RunAs::Unknown => {
            context.explain("runAsNonRoot", true, "the kubelet refuses the image if it starts as root");
            out.carried.approximated(
                unit.key("user"),
                None,
                "nothing is known of whom the image runs as: where that is root the kubelet refuses it; give `user` as a number",
            );
        }
    }
    let group = match unit.user {
        // Any will do, since whoever the program runs as gets it besides its own.
        RunAs::Unknown => Some(1000),
        _ => unit.user.group(),
    };
    if let Some(group) = group.filter(|_| writable) {
        context.explain("fsGroup", group, "volumes are writable to its group");
        context.set("fsGroupChangePolicy", "OnRootMismatch");
    }
    let groups = unit.get(&["group_add"]).map(Item::items).unwrap_or_default();
    let mut numbers: Vec<Tree> = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let key = unit.key(&format!("group_add[{at}]"));
        match out.text(group).to_string().parse::<u32>() {
            Ok(0) => out.carried.refused(
                key,
                group.span(),
                "the group of root owns files of the system; name another one",
            ),
            Ok(gid) => {
                numbers.push(gid.into());
                out.carried.mapped(key, group.span(), "`supplementalGroups` of the pod");
            }
            Err(_) => out.carried.refused(
                key,
                group.span(),
                "a pod takes groups by number, and nothing tells this one's",
            ),
        }
    }
    context = context.filled("supplementalGroups", numbers);
    let low =
        unit.ports.iter().filter(|p| p.target < 1024 && unit.user.uid().is_some()).map(|p| p.target).min();
    let mut sysctls = sysctls(unit, out);
    if let Some(low) =
        low.filter(|_| !sysctls.iter().any(|(name, _)| name == "net.ipv4.ip_unprivileged_port_start"))
    {
        sysctls.push(("net.ipv4.ip_unprivileged_port_start".to_owned(), low.to_string()));
    }
    let sysctls: Vec<Map> =
        sysctls.into_iter().map(|(name, value)| Map::new().with("name", name).with("value", value)).collect();
    context = context.filled("sysctls", sysctls);
    let seccomp = seccomp(unit, out);
    context.explain("seccompProfile", seccomp, "the runtime's own filter of system calls");
    context
}

/// Settings of the kernel that a pod may have: those that the kubelet calls safe.
const SAFE_SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
];

fn sysctls(unit: &Unit<'_>, out: &mut Out<'_>) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    for (name, item) in unit.get(&["sysctls"]).map(Item::entries).unwrap_or_default() {
        let key = unit.key(&format!("sysctls.{name}"));
        if SAFE_SYSCTLS.contains(&name) {
            kept.push((name.to_owned(), out.text(item).to_string()));
            out.carried.mapped(key, item.span(), "`sysctls` of the pod");
        } else if name.starts_with("vm.") || name.starts_with("fs.") {
            out.carried.refused(key, item.span(), "it belongs to the node, not to a pod; set it there");
        } else {
            out.carried.refused(
                key,
                item.span(),
                "the kubelet allows it only where its node is told to (`allowedUnsafeSysctls`)",
            );
        }
    }
    kept
}

fn seccomp(unit: &Unit<'_>, out: &mut Out<'_>) -> Map {
    let default = || Map::new().with("type", "RuntimeDefault");
    let mut profile = default();
    for (at, item) in unit.get(&["security_opt"]).map(Item::items).unwrap_or_default().iter().enumerate() {
        let (key, text) = (unit.key(&format!("security_opt[{at}]")), out.text(item).to_string());
        let (name, value) = text.split_once(['=', ':']).unwrap_or((text.as_str(), ""));
        match (name, value) {
            ("no-new-privileges", "false") => {
                out.carried.refused(
                    key,
                    item.span(),
                    "no process gains rights here (`allowPrivilegeEscalation: false`)",
                );
            }
            ("no-new-privileges", _) => {
                out.carried.mapped(key, item.span(), "`allowPrivilegeEscalation: false`");
            }
            ("seccomp", "unconfined") => {
                out.carried.refused(
                    key,
                    item.span(),
                    "a pod without a filter of system calls is *privileged*; it runs with the runtime's own",
                );
            }
            ("seccomp", file) => {
                let file = file.rsplit('/').next().unwrap_or(file);
                profile =
                    Map::new().with("type", "Localhost").with("localhostProfile", format!("profiles/{file}"));
                out.carried.approximated(key, item.span(), format!("`localhostProfile: profiles/{file}`, which has to lie on each node, below `/var/lib/kubelet/seccomp`"));
            }
            ("apparmor", "unconfined") => {
                out.carried.refused(
                    key,
                    item.span(),
                    "a pod without AppArmor's profile is *privileged*; it runs with the runtime's own",
                );
            }
            ("apparmor", _) => {
                out.carried.refused(
                    key,
                    item.span(),
                    "the profile has to be loaded on each node; set `appArmorProfile` by a patch once it is",
                );
            }
            ("label", _) => {
                out.carried.refused(key, item.span(), "labels of SELinux are the node's to give");
            }
            _ => out.carried.refused(key, item.span(), "a pod has no such option"),
        }
    }
    profile
}

/// `securityContext` of the container.
pub(super) fn container(unit: &Unit<'_>, read_only: bool, out: &mut Out<'_>) -> Map {
    let mut context = Map::new();
    context.explain("allowPrivilegeEscalation", false, "no process gets rights that its parent has not");
    if let Some(item) = unit.get(&["privileged"]).filter(|item| item.as_bool() == Some(true)) {
        out.carried.refused(
            unit.key("privileged"),
            item.span(),
            "it would own the node; name the capabilities or devices that it needs",
        );
    }
    if read_only {
        context.explain("readOnlyRootFilesystem", true, "it writes to its volumes alone");
    }
    let root = matches!(unit.user, RunAs::Root(_));
    let mut add: Vec<String> = Vec::new();
    for capability in &unit.container.added_capabilities {
        let (name, span) = (capability.value.as_str(), Some(capability.span));
        let key = unit.key("cap_add");
        if name == "NET_BIND_SERVICE" || root && BASELINE_CAPABILITIES.contains(&name) {
            add.push(name.to_owned());
            out.carried.mapped(key, span, format!("`{name}` in `capabilities.add`"));
        } else if BASELINE_CAPABILITIES.contains(&name) {
            out.carried.refused(key, span, format!("`{name}` is no use to a program that is not root"));
        } else {
            out.carried.refused(
                key,
                span,
                format!("`{name}` is a right over the node or its network, which neither *restricted* nor *baseline* allow"),
            );
        }
    }
    if root && add.is_empty() {
        let known = unit.facts.filter(|_| unit.stage.is_none()).and_then(|facts| facts.capabilities.clone());
        add = known.unwrap_or_else(|| OF_ROOT.map(str::to_owned).to_vec());
        add.retain(|name| BASELINE_CAPABILITIES.contains(&name.as_str()));
    }
    for capability in &unit.container.dropped_capabilities {
        out.carried.mapped(unit.key("cap_drop"), Some(capability.span), "all are dropped");
        add.retain(|name| *name != capability.value);
    }
    add.sort();
    add.dedup();
    let capabilities = Map::new().with("drop", vec!["ALL"]).filled("add", add);
    context.with("capabilities", capabilities)
}

/// Whether the root file system of a service can be read-only, since all that it writes is known.
pub(super) fn is_read_only(unit: &Unit<'_>) -> bool {
    if let Some(read_only) = unit.says(&["read_only"]).and_then(Item::as_bool) {
        return read_only;
    }
    unit.container.read_only_root.is(&true)
        || needs(unit).is_some_and(|needs| needs.filled.iter().all(|path| is_on_volume(unit, path)))
        || unit.stage.is_none()
            && unit.facts.is_some_and(|facts| {
                !facts.writable.is_empty() && facts.writable.iter().all(|path| is_scratch(unit, path))
            })
}

/// What an image that is built here writes to, where that is known.
fn needs<'p>(unit: &Unit<'p>) -> Option<&'p Needs> {
    unit.variant?.needs.as_ref()
}

/// Whether a path lies in a volume that Compose mounts, which the image's files are copied into.
fn is_on_volume(unit: &Unit<'_>, path: &str) -> bool {
    let is_volume = |mount: &Mount| matches!(mount.volume, Volume::Named(_)) && !mount.read_only;
    unit.mounts().iter().any(|mount| is_volume(mount) && is_below(path, &mount.target))
}

fn is_below(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path that an image writes can be an empty volume: nothing of the image is there, or something is mounted.
fn is_scratch(unit: &Unit<'_>, path: &str) -> bool {
    const EMPTY: [&str; 7] = ["/tmp", "/var/tmp", "/run", "/var/run", "/var/cache", "/var/log", "/dev/shm"];
    EMPTY.iter().any(|outer| is_below(path, outer))
        || unit.mounts().iter().any(|mount| is_below(path, &mount.target))
}

/// The paths that a service writes and that nothing is mounted on yet.
pub(super) fn scratch(unit: &Unit<'_>) -> Vec<String> {
    let mut paths =
        needs(unit).filter(|_| is_read_only(unit)).map(|n| n.writable.clone()).unwrap_or_default();
    if unit.stage.is_none() {
        let written = unit.facts.map(|facts| facts.writable.as_slice()).unwrap_or_default();
        paths.extend(written.iter().filter(|path| is_scratch(unit, path)).cloned());
    }
    if is_read_only(unit) {
        paths.push("/tmp".to_owned());
    }
    let said = unit.says(&["writable"]).map(Item::items).unwrap_or_default();
    paths.extend(said.iter().filter_map(Item::to_text).filter(|path| path.starts_with('/')));
    paths.sort();
    paths.dedup();
    paths
}
