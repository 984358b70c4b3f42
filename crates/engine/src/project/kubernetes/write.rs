//! Writing changes of objects, pods and their containers back.

use std::collections::BTreeSet;

use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::edit::{self, New};
use seaworthy_syntax::yaml::{Node, NodeKind};

use super::{Object, Workload, WorkloadKind, group, quantity};
use crate::project::container::{Action, Container, Intent, Namespace};
use crate::project::write::{Changes, own_entry, own_map, prunable, without_space};
use crate::project::{Place, Project};

/// The most that scratch space for a read-only root may take: as the root had no limit, this only stops a runaway.
const SCRATCH_SIZE: u64 = 1 << 30;

/// Writes a change of a pod's container back.
pub(in crate::project) fn set(
    project: &Project,
    container: &Container,
    intent: &Intent,
) -> Option<Vec<Edit>> {
    let site = Site {
        container,
        node: project.node(container.place)?,
        pod: project.node(container.pod?)?,
        workload: project.workload(container.workload?),
    };
    let mut changes = Changes::default();
    match intent {
        Intent::ReadOnlyRoot { scratch } => {
            if container.windows || container.read_only_root.is(&true) {
                return None;
            }
            site.secure(&mut changes, &[("readOnlyRootFilesystem", New::Bool(true))])?;
            site.add_scratch(project, &mut changes, scratch)?;
        }
        Intent::User { uid, gid } => site.set_user(&mut changes, *uid, *gid)?,
        Intent::RunAsNonRoot => {
            if container.windows || container.run_as_non_root.is(&true) {
                return None;
            }
            site.secure_pod(&mut changes, &[("runAsNonRoot", New::Bool(true))])?;
        }
        Intent::DropCapabilities { keep } => site.drop_capabilities(&mut changes, keep)?,
        Intent::RemoveCapability(name) => site.remove_capability(&mut changes, name)?,
        Intent::NoPrivilegeEscalation => {
            // The API refuses this beside rights that amount to an escalation.
            let at_odds = container.privileged.is(&true)
                || container.added_capabilities.iter().any(|c| c.value == "SYS_ADMIN");
            if container.windows || at_odds || container.privilege_escalation.is(&false) {
                return None;
            }
            site.secure(&mut changes, &[("allowPrivilegeEscalation", New::Bool(false))])?;
        }
        Intent::NotPrivileged => {
            if !container.privileged.is(&true) {
                return None;
            }
            site.secure(&mut changes, &[("privileged", New::Bool(false))])?;
        }
        Intent::DefaultSeccomp => {
            if container.windows || container.seccomp.value().is_some_and(|p| p == "RuntimeDefault") {
                return None;
            }
            let profile = New::Map(vec![("type".to_owned(), text("RuntimeDefault"))]);
            site.secure_pod(&mut changes, &[("seccompProfile", profile)])?;
        }
        Intent::MemoryLimit(bytes) => {
            let written = container.resources.memory_request.value();
            if container.resources.memory_limit.is(bytes) || written.is_some_and(|request| request > bytes) {
                return None;
            }
            site.limit(&mut changes, "memory", quantity::bytes(*bytes))?;
        }
        Intent::CpuLimit(thousandths) => {
            let written = container.resources.cpu_request.value();
            if container.resources.cpu_limit.is(thousandths)
                || written.is_some_and(|request| request > thousandths)
            {
                return None;
            }
            site.limit(&mut changes, "cpu", quantity::thousandths(*thousandths))?;
        }
        Intent::Image(image) => {
            changes.push(site.node, edit::set(site.node, "image", &text(image)))?;
        }
        Intent::PullPolicy(policy) => {
            if site.node.get("imagePullPolicy").and_then(Node::scalar).is_some_and(|p| p == *policy) {
                return None;
            }
            let edited = edit::set_after(site.node, "imagePullPolicy", &text(policy), &["image"]);
            changes.push(site.node, edited)?;
        }
        Intent::OwnNamespace(namespace) => {
            let key = match namespace {
                Namespace::Network => "hostNetwork",
                Namespace::Pid => "hostPID",
                Namespace::Ipc => "hostIPC",
                Namespace::User => {
                    let pod = site.real_pod()?;
                    changes.push(pod, edit::set(pod, "hostUsers", &New::Bool(false)))?;
                    return changes.finish();
                }
                Namespace::Uts | Namespace::Cgroup => return None,
            };
            let entry = own_entry(site.pod, key)?;
            changes.push(site.pod, edit::remove(entry))?;
        }
        Intent::StopGrace(seconds) => {
            if container.stop_grace.is(seconds) {
                return None;
            }
            let seconds = New::Int(i64::try_from(*seconds).ok()?);
            let pod = site.real_pod()?;
            changes.push(pod, edit::set(pod, "terminationGracePeriodSeconds", &seconds))?;
        }
        Intent::ReadOnlyMount(target) => {
            let mounts = own_entry(site.node, "volumeMounts")?.value;
            let is_there = |mount: &Node<'_>| {
                mount.get("mountPath").and_then(Node::scalar).is_some_and(|path| path == *target)
            };
            let mount = mounts.items().find(is_there)?;
            changes.push(mount, edit::set(mount, "readOnly", &New::Bool(true)))?;
        }
        Intent::Probe(key, action) => {
            let after = ["livenessProbe", "readinessProbe", "startupProbe", "ports"];
            let probe = probe(container, action)?;
            changes.push(site.node, edit::set_after(site.node, key, &probe, &after))?;
        }
        Intent::PidsLimit(_) | Intent::Restart(_) | Intent::Init | Intent::PublishLocally(_) => return None,
    }
    changes.finish()
}

/// A probe that asks this; a port by its name where it has one.
fn probe(container: &Container, action: &Action) -> Option<New> {
    let port = |port: &str| {
        let number = port.parse::<u16>().ok();
        let mut named = container.ports.iter().filter(|p| Some(p.container) == number);
        match (named.find_map(|p| p.name.as_ref()), number) {
            (Some(name), _) => ("port".to_owned(), text(&name.value)),
            (None, Some(number)) => ("port".to_owned(), New::Int(number.into())),
            (None, None) => ("port".to_owned(), text(port)),
        }
    };
    let exec = |words: &[&str]| {
        let command = New::Seq(words.iter().map(|word| text(word)).collect());
        // One second is little for a program that has to start.
        vec![
            ("exec".to_owned(), New::Map(vec![("command".to_owned(), command)])),
            ("timeoutSeconds".to_owned(), New::Int(5)),
        ]
    };
    let one = |key: &str, entries| vec![(key.to_owned(), New::Map(entries))];
    Some(New::Map(match action {
        Action::Http { path, port: on } => one("httpGet", vec![("path".to_owned(), text(path)), port(on)]),
        Action::Tcp(on) => one("tcpSocket", vec![port(on)]),
        Action::Grpc(on) => one("grpc", vec![("port".to_owned(), New::Int(on.parse::<u16>().ok()?.into()))]),
        Action::Exec(words) => exec(&words.iter().map(String::as_str).collect::<Vec<_>>()),
        Action::Shell(line) => exec(&["sh", "-c", line]),
        Action::None => return None,
    }))
}

/// A container and what is around it.
struct Site<'p> {
    container: &'p Container,
    node: Node<'p>,
    pod: Node<'p>,
    workload: &'p Workload,
}

impl<'p> Site<'p> {
    /// The pod, if it has all keys of one: what stands for it in Argo and Tekton has few of them.
    fn real_pod(&self) -> Option<Node<'p>> {
        (self.workload.kind != WorkloadKind::Running).then_some(self.pod)
    }

    /// Sets keys of the container's security context.
    fn secure(&self, changes: &mut Changes, keys: &[(&str, New)]) -> Option<()> {
        merge(changes, self.node, "securityContext", keys)
    }

    /// Sets keys that a pod's security context knows too: there, where it is written already and speaks for this
    /// container alone; in the container's own otherwise.
    fn secure_pod(&self, changes: &mut Changes, keys: &[(&str, New)]) -> Option<()> {
        let own = self.node.get("securityContext").is_some_and(|n| !n.is_null());
        let pods = self.pod.get("securityContext").is_some_and(|n| n.resolve().kind() == NodeKind::Mapping);
        if !own && pods && self.workload.containers.len() == 1 {
            merge(changes, self.pod, "securityContext", keys)
        } else {
            self.secure(changes, keys)
        }
    }

    fn set_user(&self, changes: &mut Changes, uid: u32, gid: u32) -> Option<()> {
        let mut keys = Vec::new();
        if self.container.user.value().and_then(|user| user.uid) != Some(uid) {
            keys.push(("runAsUser", New::Int(uid.into())));
        }
        if !self.container.group.is(&gid) {
            keys.push(("runAsGroup", New::Int(gid.into())));
        }
        if uid != 0 && !self.container.run_as_non_root.is(&true) {
            keys.push(("runAsNonRoot", New::Bool(true)));
        }
        if self.container.windows || keys.is_empty() {
            return None;
        }
        self.secure_pod(changes, &keys)
    }

    fn drop_capabilities(&self, changes: &mut Changes, keep: &[String]) -> Option<()> {
        let dropped = self.container.dropped_capabilities.iter().any(|c| c.value == "ALL");
        let missing: Vec<&String> = keep
            .iter()
            .filter(|k| !self.container.added_capabilities.iter().any(|c| c.value == **k || c.value == "ALL"))
            .collect();
        if self.container.windows || dropped && missing.is_empty() {
            return None;
        }
        let context = own_map(self.node, "securityContext");
        let capabilities = context.and_then(|c| own_map(c, "capabilities"));
        let list = |key| {
            capabilities
                .and_then(|c| own_entry(c, key))
                .map(|e| e.value)
                .filter(|n| n.items().next().is_some())
        };
        let mut keys = Vec::new();
        if !missing.is_empty() {
            match list("add") {
                Some(items) => {
                    for name in &missing {
                        changes.push(items, edit::push(items, &text(name)))?;
                    }
                }
                None => keys.push(("add", New::Seq(missing.iter().map(|name| text(name)).collect()))),
            }
        }
        if !dropped {
            match list("drop").filter(|items| has_comment(*items)) {
                // What is written there stays true, and so do the comments on it.
                Some(items) => changes.push(items, edit::push(items, &text("ALL")))?,
                None => keys.push(("drop", New::Seq(vec![text("ALL")]))),
            }
        }
        if keys.is_empty() {
            return Some(());
        }
        let map = New::Map(keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
        self.secure(changes, &[("capabilities", map)])
    }

    fn remove_capability(&self, changes: &mut Changes, name: &str) -> Option<()> {
        let capabilities = self.node.at(&["securityContext", "capabilities"])?;
        let entry = own_entry(capabilities.resolve(), "add")?;
        let names = |item: Node<'_>| {
            item.scalar().is_some_and(|text| {
                let text = text.to_ascii_uppercase();
                text.strip_prefix("CAP_").unwrap_or(&text) == name
            })
        };
        let items: Vec<_> = entry.value.items().collect();
        let found: Vec<_> = items.iter().copied().filter(|item| names(*item)).collect();
        if found.is_empty() {
            return None;
        }
        if found.len() == items.len() {
            let entry = prunable(entry, self.node);
            return changes.push(entry.value, edit::remove(entry));
        }
        for item in found {
            changes.push(item, edit::remove_item(item))?;
        }
        Some(())
    }

    fn limit(&self, changes: &mut Changes, resource: &str, amount: String) -> Option<()> {
        let limits = New::Map(vec![(resource.to_owned(), New::Str(amount))]);
        merge(changes, self.node, "resources", &[("limits", limits)])
    }

    /// Mounts scratch volumes at the paths where nothing is mounted yet.
    fn add_scratch(&self, project: &Project, changes: &mut Changes, paths: &[String]) -> Option<()> {
        let wanted = without_space(paths, &self.container.mounts);
        if wanted.is_empty() {
            return Some(());
        }
        // Knative takes no such volumes unless its cluster is told to.
        if group(&self.workload.object(project).api_version) == "serving.knative.dev" {
            return None;
        }
        let mut taken: BTreeSet<String> =
            self.workload.pod.volumes.iter().map(|v| v.name.value.clone()).collect();
        let limit = self.container.resources.storage_limit.value().copied().unwrap_or(SCRATCH_SIZE);
        let size = quantity::bytes(limit.min(SCRATCH_SIZE));
        let mut volumes = Vec::new();
        let mut mounts = Vec::new();
        for path in wanted {
            let name = volume_name(path, &self.container.name, &taken);
            volumes.push(New::Map(vec![
                ("name".to_owned(), text(&name)),
                ("emptyDir".to_owned(), New::Map(vec![("sizeLimit".to_owned(), text(&size))])),
            ]));
            mounts
                .push(New::Map(vec![("name".to_owned(), text(&name)), ("mountPath".to_owned(), text(path))]));
            taken.insert(name);
        }
        append(changes, self.node, "volumeMounts", mounts)?;
        append(changes, self.pod, "volumes", volumes)
    }
}

fn text(value: &str) -> New {
    New::Str(value.to_owned())
}

/// A name for the scratch volume at a path: a DNS label that no other volume has.
fn volume_name(path: &str, container: &str, taken: &BTreeSet<String>) -> String {
    const LONGEST: usize = 63;
    let label = |text: &str| {
        let mut label = String::new();
        for c in text.chars().map(|c| c.to_ascii_lowercase()) {
            if c.is_ascii_alphanumeric() {
                label.push(c);
            } else if !label.is_empty() && !label.ends_with('-') {
                label.push('-');
            }
        }
        // The end of a path says more than its beginning.
        let cut = label.len().saturating_sub(LONGEST - 4);
        label[cut..].trim_matches('-').to_owned()
    };
    let plain = label(path);
    let plain = if plain.is_empty() { "scratch".to_owned() } else { plain };
    let qualified = label(&format!("{container}-{plain}"));
    let mut name = plain;
    let mut count = 0;
    while taken.contains(&name) {
        count += 1;
        name = if count == 1 { qualified.clone() } else { format!("{qualified}-{count}") };
    }
    name
}

/// Whether a comment stands within a node.
fn has_comment(node: Node<'_>) -> bool {
    let span = node.span();
    let comments = node.tree().comments();
    let from = comments.partition_point(|c| c.start < span.start);
    comments.get(from).is_some_and(|c| c.start < span.end)
}

/// Sets keys of the mapping below a key of `holder`, which is made where it is missing.
fn merge(changes: &mut Changes, holder: Node<'_>, key: &str, entries: &[(&str, New)]) -> Option<()> {
    let map = New::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect());
    let at = own_map(holder, key).unwrap_or(holder);
    changes.extend(at, edit::merge(holder, &[(key.to_owned(), map)]).ok()?);
    Some(())
}

/// Appends items to the sequence below a key of `holder`, which is made where it is missing or empty.
fn append(changes: &mut Changes, holder: Node<'_>, key: &str, items: Vec<New>) -> Option<()> {
    match own_entry(holder, key).map(|e| e.value) {
        Some(list) if list.kind() == NodeKind::Alias => None,
        Some(list) if list.items().next().is_some() => {
            for item in &items {
                changes.push(list, edit::push(list, item))?;
            }
            Some(())
        }
        // Own items would hide those that a merge brings.
        None if holder.get(key).is_some_and(|n| n.items().next().is_some()) => None,
        _ => changes.push(holder, edit::set(holder, key, &New::Seq(items))),
    }
}

pub(in crate::project) fn set_below(
    project: &Project,
    place: Place,
    path: &[&str],
    value: &New,
) -> Option<Vec<Edit>> {
    let node = project.node(place)?;
    edit::set_path(node, path, value).ok().map(|edit| vec![edit])
}

pub(in crate::project) fn remove_below(project: &Project, place: Place, path: &[&str]) -> Option<Vec<Edit>> {
    let (last, path) = path.split_last()?;
    let map = path.iter().try_fold(project.node(place)?, |map, key| own_map(map, key))?;
    let entry = prunable(own_entry(map, last)?, project.node(place)?);
    edit::remove(entry).ok().map(|edit| vec![edit])
}

impl Object {
    /// The edits that set the value below several keys of the object and make what is missing on the way; `None` where
    /// the place belongs to others too.
    pub fn set(&self, project: &Project, path: &[&str], value: &New) -> Option<Vec<Edit>> {
        set_below(project, self.place, path, value)
    }

    /// The edits that remove the entry below several keys of the object.
    pub fn remove(&self, project: &Project, path: &[&str]) -> Option<Vec<Edit>> {
        remove_below(project, self.place, path)
    }
}

impl Workload {
    /// The edits that set the value below several keys of its `spec`.
    pub fn set(&self, project: &Project, path: &[&str], value: &New) -> Option<Vec<Edit>> {
        set_below(project, self.spec, path, value)
    }

    /// The edits that remove the entry below several keys of its `spec`.
    pub fn remove(&self, project: &Project, path: &[&str]) -> Option<Vec<Edit>> {
        remove_below(project, self.spec, path)
    }

    /// The edits that set the value below several keys of its pod's `spec`.
    pub fn set_pod(&self, project: &Project, path: &[&str], value: &New) -> Option<Vec<Edit>> {
        set_below(project, self.pod.place, path, value)
    }

    /// The edits that remove the entry below several keys of its pod's `spec`.
    pub fn remove_pod(&self, project: &Project, path: &[&str]) -> Option<Vec<Edit>> {
        remove_below(project, self.pod.place, path)
    }
}
