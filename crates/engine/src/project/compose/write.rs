//! Changes of a service, written into the file that owns it.

use std::borrow::Cow;

use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::edit::{self, New};
use seaworthy_syntax::yaml::{Node, NodeKind};

use super::Composition;
use super::item::{Item, Value};
use crate::project::container::{Container, Intent, Namespace};
use crate::project::write::{Changes, own_entry, prunable, without_space};
use crate::project::{Origin, Project};

/// Writes a change of a service back.
pub(super) fn set(project: &Project, container: &Container, intent: &Intent) -> Option<Vec<Edit>> {
    let mut site = Site::of(project, container)?;
    site.write(intent)?;
    site.finish()
}

/// Sets the value below several keys of a service.
pub(in crate::project) fn set_below(
    project: &Project,
    container: &Container,
    path: &[&str],
    value: New,
) -> Option<Vec<Edit>> {
    let mut site = Site::of(project, container)?;
    let [key, rest @ ..] = path else { return None };
    if let Some(item) = site.service.at_path(path).filter(|item| item.at.is_some() && !Site::is_lent(item)) {
        let node = site.own_node(item)?;
        site.changes.push(node, edit::replace(node, &value))?;
    } else if !rest.is_empty() && site.current(key).is_some_and(|item| item.origin == Origin::Anchor) {
        // An own mapping would hide all that an anchor lends.
        return None;
    } else {
        let map = rest.iter().rev().fold(value, |value, key| New::Map(vec![((*key).to_owned(), value)]));
        site.missing.push(((*key).to_owned(), map));
    }
    site.finish()
}

/// Removes the entry below several keys of a service.
pub(in crate::project) fn remove_below(
    project: &Project,
    container: &Container,
    path: &[&str],
) -> Option<Vec<Edit>> {
    let mut site = Site::of(project, container)?;
    let item = site.service.at_path(path).filter(|item| item.at.is_some())?;
    let entry = site.own_node(item)?.as_entry()?;
    let entry = prunable(entry, site.node);
    site.changes.push(entry.value, edit::remove(entry))?;
    site.finish()
}

/// Removes the items of a list of a service that are these texts.
pub(in crate::project) fn remove_items(
    project: &Project,
    container: &Container,
    key: &str,
    is: impl Fn(&str) -> bool,
) -> Option<Vec<Edit>> {
    let mut site = Site::of(project, container)?;
    site.remove_items(key, is)?;
    site.finish()
}

impl Composition {
    /// The edit that writes the project's name, which Compose takes from its directory, above all else in its first file.
    pub fn name_it(&self, project: &Project) -> Option<Vec<Edit>> {
        if self.name.is_empty() {
            return None;
        }
        let yaml = project.parse(*self.files.first()?)?.yaml()?;
        let root = yaml.documents().flatten().next().filter(|root| root.kind() == NodeKind::Mapping)?;
        let name = New::Str(self.name.clone());
        let edit = match own_entry(root, "version") {
            Some(_) => edit::set_after(root, "name", &name, &["version"]),
            None => edit::set_first(root, "name", &name),
        };
        edit.ok().map(|edit| vec![edit])
    }
}

/// Limits as they were written before `deploy`.
const LEGACY_LIMITS: [&str; 6] =
    ["mem_limit", "mem_reservation", "memswap_limit", "cpus", "pids_limit", "cpu_quota"];

/// Directories that everybody may write to, in every image.
const OPEN: [&str; 2] = ["/tmp", "/var/tmp"];

struct Site<'p> {
    project: &'p Project,
    container: &'p Container,
    /// The service's own mapping.
    node: Node<'p>,
    /// What the service comes to.
    service: &'p Item,
    /// The project writes limits as they were written before `deploy`.
    legacy: bool,
    changes: Changes,
    /// Keys that the service's own mapping gets.
    missing: Vec<(String, New)>,
}

impl<'p> Site<'p> {
    fn of(project: &'p Project, container: &'p Container) -> Option<Self> {
        let composition = project.compositions.get(container.composition?)?;
        let services = composition.model.get("services").and_then(Item::as_map);
        let is_legacy = |service: &Item| LEGACY_LIMITS.iter().any(|key| service.get(key).is_some());
        Some(Self {
            project,
            container,
            node: project.node(container.place)?,
            service: composition.service(&container.name.value)?,
            legacy: services.into_iter().flatten().any(|(_, service)| is_legacy(service)),
            changes: Changes::default(),
            missing: Vec::new(),
        })
    }

    fn write(&mut self, intent: &Intent) -> Option<()> {
        match intent {
            Intent::ReadOnlyRoot { scratch } => {
                if self.container.read_only_root.is(&true) || self.container.windows {
                    return None;
                }
                self.set("read_only", New::Bool(true))?;
                self.add_scratch(scratch)
            }
            Intent::User { uid, gid } => {
                let user = format!("{uid}:{gid}");
                if self.current("user").and_then(Item::as_str) == Some(&user) || self.container.windows {
                    return None;
                }
                self.set("user", New::Str(user))
            }
            Intent::DropCapabilities { keep } => self.drop_capabilities(keep),
            Intent::RemoveCapability(name) => self.remove_items("cap_add", |text| {
                let text = text.to_ascii_uppercase();
                text.strip_prefix("CAP_").unwrap_or(&text) == name
            }),
            Intent::NoPrivilegeEscalation => {
                if self.container.privilege_escalation.is(&false) || self.container.windows {
                    return None;
                }
                let wanted = New::Str("no-new-privileges:true".to_owned());
                let refuted = self
                    .list("security_opt")
                    .iter()
                    .find(|item| item.as_str().is_some_and(|text| text.starts_with("no-new-privileges")));
                match refuted {
                    Some(item) => {
                        let node = self.own_node(item)?;
                        self.changes.push(node, edit::replace(node, &wanted))
                    }
                    None => self.append("security_opt", vec![wanted]),
                }
            }
            Intent::NotPrivileged => {
                self.clear("privileged", |item| item.as_bool() == Some(true), &New::Bool(false))
            }
            Intent::DefaultSeccomp => self.remove_items("security_opt", |text| {
                matches!(text, "seccomp=unconfined" | "seccomp:unconfined")
            }),
            Intent::MemoryLimit(bytes) => {
                let resources = &self.container.resources;
                let reserved = resources.memory_request.value().is_some_and(|reserved| reserved > bytes);
                let swap =
                    self.current("memswap_limit").and_then(Item::as_str).and_then(|s| s.parse::<i64>().ok());
                let swap = swap.is_some_and(|swap| swap > 0 && swap.unsigned_abs() < *bytes);
                if resources.memory_limit.is(bytes) || reserved || swap {
                    return None;
                }
                self.set_limit("mem_limit", "memory", New::Str(size(*bytes)))
            }
            Intent::CpuLimit(thousandths) => {
                let resources = &self.container.resources;
                let reserved = resources.cpu_request.value().is_some_and(|reserved| reserved > thousandths);
                if resources.cpu_limit.is(thousandths) || reserved || self.current("cpu_quota").is_some() {
                    return None;
                }
                let (whole, rest) = (thousandths / 1000, thousandths % 1000);
                let text = format!("{whole}.{rest:03}");
                let text = text.trim_end_matches('0');
                let text = if text.ends_with('.') { format!("{text}0") } else { text.to_owned() };
                self.set_limit("cpus", "cpus", New::Str(text))
            }
            Intent::PidsLimit(limit) => {
                if self.container.pids_limit.is(limit) {
                    return None;
                }
                let deployed = self.service.at_path(&["deploy", "resources", "limits"]).is_some();
                if deployed && self.current("pids_limit").is_none() {
                    self.set_deployed(&["resources", "limits", "pids"], New::Int(*limit))
                } else {
                    self.set("pids_limit", New::Int(*limit))
                }
            }
            Intent::Image(image) => self.set("image", New::Str(image.clone())),
            Intent::PullPolicy(policy) => {
                let word = match *policy {
                    "Always" => "always",
                    "IfNotPresent" => "missing",
                    "Never" => "never",
                    other => other,
                };
                if self.container.pull_policy.value().is_some_and(|p| p == word) {
                    return None;
                }
                self.set("pull_policy", New::Str(word.to_owned()))
            }
            Intent::OwnNamespace(namespace) => {
                let key = match namespace {
                    Namespace::Network => "network_mode",
                    Namespace::Pid => "pid",
                    Namespace::Ipc => "ipc",
                    Namespace::User => "userns_mode",
                    Namespace::Uts => "uts",
                    Namespace::Cgroup => "cgroup",
                };
                let item = self.current(key).filter(|item| item.as_str() == Some("host"))?;
                let node = self.own_node(item)?;
                let entry = node.as_entry()?;
                self.changes.push(entry.value, edit::remove(entry))
            }
            Intent::Restart(policy) => {
                if self.container.restart.value().is_some_and(|p| p == policy)
                    || self.service.at_path(&["deploy", "restart_policy"]).is_some()
                {
                    return None;
                }
                self.set("restart", New::Str((*policy).to_owned()))
            }
            Intent::Init => {
                if self.container.init.is(&true) {
                    return None;
                }
                self.set("init", New::Bool(true))
            }
            Intent::StopGrace(seconds) => {
                if self.container.stop_grace.is(seconds) {
                    return None;
                }
                self.set("stop_grace_period", New::Str(format!("{seconds}s")))
            }
            Intent::ReadOnlyMount(target) => {
                let at = self.container.mounts.iter().find(|mount| mount.target == *target)?.span;
                let item = self.list("volumes").iter().find(|item| item.span() == Some(at))?;
                let node = self.own_node(item)?;
                if node.kind() == NodeKind::Mapping {
                    return self.changes.push(node, edit::set(node, "read_only", &New::Bool(true)));
                }
                let text = node.scalar()?;
                let (head, modes) = text.rsplit_once(':').filter(|(head, _)| !head.is_empty())?;
                let text = match modes {
                    "rw" => format!("{head}:ro"),
                    // What stands behind the last colon is the path in the container.
                    path if path.contains(['/', '\\', '$', '}']) => format!("{text}:ro"),
                    modes => format!("{head}:ro,{modes}"),
                };
                self.changes.push(node, edit::replace(node, &New::Str(text)))
            }
            Intent::PublishLocally(at) => {
                let item = self.list("ports").iter().find(|item| item.span() == Some(*at))?;
                let node = self.own_node(item)?;
                if node.kind() == NodeKind::Mapping {
                    let local = New::Str("127.0.0.1".to_owned());
                    return self.changes.push(node, edit::set(node, "host_ip", &local));
                }
                let text = node.scalar()?;
                let text = text.strip_prefix("0.0.0.0:").unwrap_or(&text);
                // A port that is published alone is on a port of the host that Docker chooses.
                let local = if text.contains(':') {
                    format!("127.0.0.1:{text}")
                } else {
                    format!("127.0.0.1::{text}")
                };
                self.changes.push(node, edit::replace(node, &New::Str(local)))
            }
            // Compose has no word for it.
            Intent::RunAsNonRoot | Intent::Probe(..) => None,
        }
    }

    fn current(&self, key: &str) -> Option<&'p Item> {
        self.service.as_map()?.get(key).filter(|item| item.at.is_some())
    }

    fn list(&self, key: &str) -> &'p [Item] {
        self.current(key).map(Item::items).unwrap_or_default()
    }

    /// The node of a value that is written where it counts for this service alone: in it, or in an override of it.
    fn own_node(&self, item: &Item) -> Option<Node<'p>> {
        if Self::is_lent(item) { None } else { self.project.node(item.place?) }
    }

    /// Whether a value comes from an anchor or from a service that this one extends.
    fn is_lent(item: &Item) -> bool {
        item.origin != Origin::Own
    }

    /// Sets a key of the service: where it is written, or in the service's own mapping, which hides what is lent.
    fn set(&mut self, key: &str, value: New) -> Option<()> {
        match self.current(key) {
            Some(item) if !Self::is_lent(item) => {
                let node = self.own_node(item)?;
                self.changes.push(node, edit::replace(node, &value))
            }
            _ => {
                self.missing.push((key.to_owned(), value));
                Some(())
            }
        }
    }

    /// Removes a key; says the opposite where the value is lent.
    fn clear(&mut self, key: &str, is: impl Fn(&Item) -> bool, opposite: &New) -> Option<()> {
        let item = self.current(key).filter(|item| is(item))?;
        if Self::is_lent(item) {
            self.missing.push((key.to_owned(), opposite.clone()));
            return Some(());
        }
        let entry = self.own_node(item)?.as_entry()?;
        self.changes.push(entry.value, edit::remove(entry))
    }

    /// Appends to a list of the service.
    fn append(&mut self, key: &str, items: Vec<New>) -> Option<()> {
        if items.iter().any(|item| self.would_repeat(key, item)) {
            return None;
        }
        let written = self.written_list(key);
        match written {
            Some(node) if node.kind() == NodeKind::Sequence && node.items().next().is_some() => {
                for item in &items {
                    self.changes.push(node, edit::push(node, item))?;
                }
                Some(())
            }
            Some(node) if node.kind() == NodeKind::Scalar && !node.is_null() => {
                let first = New::Str(node.scalar()?.into_owned());
                let all = std::iter::once(first).chain(items).collect();
                self.changes.push(node, edit::replace(node, &New::Seq(all)))
            }
            Some(node) if node.kind() != NodeKind::Mapping => {
                self.changes.push(node, edit::replace(node, &New::Seq(items)))
            }
            Some(_) => None,
            // The service it extends is offered the same, and Compose refuses an item that comes twice.
            None if self.node.get("extends").is_some() => None,
            None => {
                // What an anchor lends is hidden by an own list and must be said again; what is extended is added to.
                let mut all = Vec::new();
                for item in self.list(key).iter().filter(|item| item.origin == Origin::Anchor) {
                    all.push(New::Str(raw(item)?));
                }
                all.extend(items);
                self.missing.push((key.to_owned(), New::Seq(all)));
                Some(())
            }
        }
    }

    /// The node of a list that the service has of its own. What an override lists is added to this one, so that nothing
    /// is appended there: the override may belong to other projects, which have the item already.
    fn written_list(&self, key: &str) -> Option<Node<'p>> {
        let current = self.current(key).and_then(|item| self.own_node(item));
        let replaces = |node: &Node<'_>| node.tag() == Some("!override");
        if let Some(node) = current.filter(replaces) {
            return Some(node);
        }
        let own = own_entry(self.node, key).map(|entry| entry.value);
        let own = own.filter(|node| node.kind() != NodeKind::Alias);
        // A short form that became a list has the place of its text.
        own.or(current.filter(|node| node.tree().source() == self.node.tree().source()))
    }

    /// Whether another service that gets what this one has lists an item already: Compose refuses one that comes twice.
    fn would_repeat(&self, key: &str, item: &New) -> bool {
        let New::Str(wanted) = item else { return false };
        let name = self.container.name.value.as_str();
        let here = self.container.place.source;
        let gets = |composition: &Composition, other: &str, service: &Item| {
            let extends = || {
                let node = service.place.and_then(|place| self.project.node(place))?;
                let extended = node.get("extends")?;
                extended.get("service").unwrap_or(extended).scalar().map(|of| of == name)
            };
            let files = || composition.files.contains(&here) || composition.used.contains(&here);
            !std::ptr::eq(service, self.service) && files() && (other == name || extends() == Some(true))
        };
        self.project.compositions.iter().any(|composition| {
            let services = composition.model.get("services").map(Item::entries).unwrap_or_default();
            services.into_iter().filter(|(other, service)| gets(composition, other, service)).any(
                |(_, service)| {
                    let list = service.get(key).map(Item::items).unwrap_or_default();
                    list.iter().any(|item| item.as_str() == Some(wanted))
                },
            )
        })
    }

    /// Removes some items of a list, and the list with its last one.
    fn remove_items(&mut self, key: &str, is: impl Fn(&str) -> bool) -> Option<()> {
        let mut removed = 0;
        for item in self.list(key) {
            // A short form that became a long one has the place of its text.
            let short = || item.place.and_then(|place| self.project.node(place)).and_then(Node::scalar);
            if !item.as_str().map(Cow::Borrowed).or_else(short).is_some_and(|text| is(&text)) {
                continue;
            }
            let node = self.own_node(item)?;
            let list = node.parent()?;
            let siblings = list.items().count();
            let matching = list.items().filter(|n| n.scalar().is_some_and(|text| is(&text))).count();
            if siblings == matching {
                let entry = list.as_entry()?;
                if removed == 0 {
                    self.changes.push(entry.value, edit::remove(entry))?;
                }
            } else {
                self.changes.push(node, edit::remove_item(node))?;
            }
            removed += 1;
        }
        (removed > 0).then_some(())
    }

    fn add_scratch(&mut self, paths: &[String]) -> Option<()> {
        // Another project that takes this file in may mount something there, and Compose refuses two at one path.
        let here = self.container.place.source;
        let takes = |c: &&Composition| c.files.contains(&here) || c.used.contains(&here);
        let same = self.project.compositions.iter().filter(takes).flat_map(|c| &c.services);
        let same = same.filter(|service| service.name == self.container.name.value);
        let mounts: Vec<_> =
            same.flat_map(|service| &self.project.container(service.container).mounts).cloned().collect();
        let wanted = without_space(paths, &mounts);
        if wanted.is_empty() {
            return Some(());
        }
        // A tmpfs has the permissions of the directory it lies on and belongs to root, but for who it is said to be of.
        let learned = self.container.learned.as_ref().and_then(|l| l.uid.zip(l.gid));
        let user = self.container.user.value();
        let own = user.and_then(|u| Some((u.uid?, u.gid.unwrap_or(0))));
        let owner = learned.or(own).filter(|(uid, _)| *uid != 0);
        let entry = |path: &str| match owner {
            Some((uid, gid)) if !OPEN.contains(&path) => format!("{path}:uid={uid},gid={gid}"),
            _ => path.to_owned(),
        };
        self.append("tmpfs", wanted.into_iter().map(|path| New::Str(entry(path))).collect())
    }

    fn drop_capabilities(&mut self, keep: &[String]) -> Option<()> {
        let has =
            |list: &[seaworthy_syntax::Spanned<String>], name: &str| list.iter().any(|c| c.value == name);
        let added = &self.container.added_capabilities;
        if self.container.windows || has(added, "ALL") {
            return None;
        }
        let dropped = has(&self.container.dropped_capabilities, "ALL");
        let missing: Vec<New> =
            keep.iter().filter(|name| !has(added, name)).map(|name| New::Str(name.clone())).collect();
        if dropped && missing.is_empty() {
            return None;
        }
        if !dropped {
            self.append("cap_drop", vec![New::Str("ALL".to_owned())])?;
        }
        if !missing.is_empty() {
            self.append("cap_add", missing)?;
        }
        Some(())
    }

    /// Sets a limit in the words the service or the project uses.
    fn set_limit(&mut self, legacy: &str, key: &str, value: New) -> Option<()> {
        let limits = self.service.at_path(&["deploy", "resources", "limits"]);
        let own_legacy = LEGACY_LIMITS.iter().any(|key| self.current(key).is_some());
        if self.current(legacy).is_some() && limits.is_none() {
            return self.set(legacy, value);
        }
        // Compose refuses old words beside limits of `deploy` that do not say the same.
        match (limits.is_some(), own_legacy) {
            (true, true) => None,
            (true, false) => self.set_deployed(&["resources", "limits", key], value),
            (false, true) => self.set(legacy, value),
            (false, false) if self.legacy => self.set(legacy, value),
            (false, false) => self.set_deployed(&["resources", "limits", key], value),
        }
    }

    /// Sets a key below `deploy`.
    fn set_deployed(&mut self, path: &[&str], value: New) -> Option<()> {
        let full: Vec<&str> = std::iter::once("deploy").chain(path.iter().copied()).collect();
        if let Some(item) = self.service.at_path(&full)
            && item.at.is_some()
            && !Self::is_lent(item)
        {
            let node = self.own_node(item)?;
            return self.changes.push(node, edit::replace(node, &value));
        }
        let map = path.iter().rev().fold(value, |value, key| New::Map(vec![((*key).to_owned(), value)]));
        // An own `deploy` would hide all that an anchor lends.
        if self.current("deploy").is_some_and(|deploy| deploy.origin == Origin::Anchor) {
            return None;
        }
        self.missing.push(("deploy".to_owned(), map));
        Some(())
    }

    fn finish(mut self) -> Option<Vec<Edit>> {
        if !self.missing.is_empty() {
            self.changes.extend(self.node, edit::merge(self.node, &self.missing).ok()?);
        }
        self.changes.finish()
    }
}

/// The text of a value as it is written.
fn raw(item: &Item) -> Option<String> {
    match (&item.raw, &item.value) {
        (Some(raw), _) => Some(raw.to_string()),
        (None, Value::Str(text)) => Some(text.replace('$', "$$")),
        _ => None,
    }
}

/// A size in the largest unit that it is a whole number of.
fn size(bytes: u64) -> String {
    for (unit, power) in [("G", 30), ("M", 20), ("K", 10)] {
        if bytes > 0 && bytes.is_multiple_of(1 << power) {
            return format!("{}{unit}", bytes >> power);
        }
    }
    bytes.to_string()
}
