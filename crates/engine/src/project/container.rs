//! A Compose service or a container of a pod: one type, effective values.

use std::sync::Arc;

use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit::New;
use seaworthy_syntax::{Edit, Span, Spanned};

use super::compose::Item;

use super::{BuildId, Origin, Place, Project, Setting, WorkloadId, WorkloadKind};
use crate::images;
use crate::measured::Strictest;
use crate::rule::Target;

/// The capabilities that the Pod Security level *baseline* lets a container add: those that every container may have by default.
pub(crate) const BASELINE_CAPABILITIES: [&str; 13] = [
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

/// The number of a container in [`Project::containers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub u32);

/// A Compose service or a container of a pod, with the values that count: its own, or else those it inherits from the
/// pod, from the Dockerfile that builds its image, or from what is known of the public image.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its number.
    pub id: ContainerId,
    /// Its name, where it is written.
    pub name: Spanned<String>,
    /// What runs it.
    pub platform: Target,
    /// What it is for.
    pub role: Role,
    /// The workload it is a container of; `None` for a Compose service.
    pub workload: Option<WorkloadId>,
    /// The Compose project it is a service of, as an index into [`Project::compositions`].
    pub composition: Option<usize>,
    /// Its mapping, and, for a pod's container, the pod's: where changes are written.
    pub place: Place,
    /// The pod's `spec` for a pod's container.
    pub pod: Option<Place>,
    /// The Dockerfile, and the stage of it, that builds its image.
    pub build: Option<(BuildId, usize)>,
    /// The image it runs.
    pub image: Setting<ImageName>,
    /// The user it runs as.
    pub user: Setting<User>,
    /// The group it runs as where that is said apart from the user (`runAsGroup`); [`User::gid`] has it too.
    pub group: Setting<u32>,
    /// Whether the platform refuses to run it as root (`runAsNonRoot`).
    pub run_as_non_root: Setting<bool>,
    /// The root file system cannot be written.
    pub read_only_root: Setting<bool>,
    /// It has every right of the host.
    pub privileged: Setting<bool>,
    /// A process may gain rights its parent has not (`allowPrivilegeEscalation`, the reverse of `no-new-privileges`).
    pub privilege_escalation: Setting<bool>,
    /// Capabilities added, in capitals without `CAP_`.
    pub added_capabilities: Vec<Spanned<String>>,
    /// Capabilities dropped, in capitals without `CAP_`; `ALL` for all.
    pub dropped_capabilities: Vec<Spanned<String>>,
    /// The seccomp profile: `RuntimeDefault`, `Unconfined`, or the name of a local one.
    pub seccomp: Setting<String>,
    /// The AppArmor profile.
    pub apparmor: Setting<String>,
    /// What it sees of `/proc`: `Default` or `Unmasked` (Kubernetes).
    pub proc_mount: Setting<String>,
    /// It runs on Windows: what is said of Linux users, capabilities and profiles does not hold.
    pub windows: bool,
    /// Namespaces of the host it shares.
    pub host_namespaces: Vec<Spanned<Namespace>>,
    /// What it runs instead of the image's entry point.
    pub entrypoint: Setting<Vec<String>>,
    /// The arguments it runs with instead of the image's.
    pub command: Setting<Vec<String>>,
    /// The directory it starts in.
    pub workdir: Setting<String>,
    /// Its environment, in order; of several with one name the last counts. Whole ConfigMaps and Secrets (`envFrom`) come
    /// first, as a value without a key, named by the prefix of the variables they give.
    pub env: Vec<EnvVar>,
    /// Ports it listens on or publishes.
    pub ports: Vec<Port>,
    /// What is mounted where.
    pub mounts: Vec<Mount>,
    /// The platform stops sending traffic while it fails.
    pub readiness: Option<Probe>,
    /// The platform restarts the container when it fails; a Compose or Dockerfile health check too.
    pub liveness: Option<Probe>,
    /// The platform waits for it before the others begin.
    pub startup: Option<Probe>,
    /// The health check of Compose or of the Dockerfile; `Some` with [`Action::None`] where it is turned off.
    pub healthcheck: Option<Probe>,
    /// What it may use and what is set aside for it.
    pub resources: Resources,
    /// When the platform starts it again: `no`, `always`, `on-failure`, `unless-stopped`, or the pod's policy.
    pub restart: Setting<String>,
    /// `Always`, `IfNotPresent`, `Never`, or Compose's words.
    pub pull_policy: Setting<String>,
    /// Seconds between the stop signal and the kill.
    pub stop_grace: Setting<u64>,
    /// The signal that stops it.
    pub stop_signal: Setting<String>,
    /// A hook that runs before the stop signal.
    pub pre_stop: Option<Span>,
    /// An init process reaps its children (Compose `init: true`).
    pub init: Setting<bool>,
    /// How many processes it may have (Compose).
    pub pids_limit: Setting<i64>,
    /// The strictest settings that it was found to be healthy under, by trial.
    pub learned: Option<Arc<Strictest>>,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It does the work.
    Main,
    /// It runs to its end before the others start.
    Init,
    /// An init container that keeps running.
    Sidecar,
    /// A debugging container.
    Ephemeral,
}

/// The name of an image.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct ImageName {
    /// The registry as written; `None` for Docker Hub.
    pub registry: Option<String>,
    /// The repository without the registry and without `library/`.
    pub repository: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest, `sha256:…`.
    pub digest: Option<String>,
}

/// A user as it is written and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct User {
    /// The name, where it is one.
    pub name: Option<String>,
    /// The numeric id, where it is written or known.
    pub uid: Option<u32>,
    /// The group as written.
    pub group: Option<String>,
    /// The numeric group id, where it is written or known.
    pub gid: Option<u32>,
}

/// A namespace of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the namespace of its name")]
pub enum Namespace {
    Network,
    Pid,
    Ipc,
    User,
    Uts,
    Cgroup,
}

/// A variable of the environment.
#[derive(Clone, Debug)]
pub struct EnvVar {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value.
    pub value: Setting<EnvValue>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue {
    /// It is written out.
    Literal(String),
    /// A key of a Secret.
    Secret {
        /// The object.
        name: String,
        /// The key in it; `None` for all of them.
        key: Option<String>,
        /// It may be missing.
        optional: bool,
    },
    /// A key of a ConfigMap.
    ConfigMap {
        /// The object.
        name: String,
        /// The key in it; `None` for all of them.
        key: Option<String>,
        /// It may be missing.
        optional: bool,
    },
    /// A field of the pod or of its resources.
    Field,
    /// The environment of whoever runs Compose.
    Host,
}

/// A port.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name in Kubernetes.
    pub name: Option<Spanned<String>>,
    /// The container's port.
    pub container: u16,
    /// The last one of a range; the same as `container` for one port.
    pub container_end: u16,
    /// The port of the host it is published on.
    pub host: Option<u16>,
    /// The address of the host it is published on.
    pub host_ip: Option<String>,
    /// Whether the host publishes it (also on a port that the platform chooses).
    pub published: bool,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// Where it is written.
    pub span: Span,
}

/// Something mounted into the container.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The path in the container.
    pub target: String,
    /// What is mounted.
    pub volume: Volume,
    /// It cannot be written.
    pub read_only: bool,
    /// The path inside the volume (`subPath`).
    pub sub_path: Option<String>,
    /// The name of the pod's volume; `None` in Compose.
    pub name: Option<Spanned<String>>,
    /// Where it is written.
    pub span: Span,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Volume {
    /// A path of the host.
    Bind(String),
    /// A named volume or a claim.
    Named(String),
    /// A volume without a name that lives as long as the container or the pod.
    Scratch {
        /// It lies in memory.
        memory: bool,
        /// It has a size limit.
        sized: bool,
    },
    /// A ConfigMap of this name, or a Compose config.
    Config(String),
    /// A Secret of this name, or a Compose secret.
    Secret(String),
    /// Any other kind, by its key in Kubernetes.
    Other(String),
    /// The pod has no volume of the name that is mounted.
    Missing(String),
}

/// A health check or a probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is done.
    pub action: Action,
    /// Seconds between two.
    pub interval: Option<u64>,
    /// Seconds until it counts as failed.
    pub timeout: Option<u64>,
    /// How many must fail in a row.
    pub retries: Option<u64>,
    /// Seconds before the first counts.
    pub start_period: Option<u64>,
    /// Where its port is written.
    pub port_at: Option<Span>,
    /// Where it is written.
    pub span: Span,
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs a program in the container.
    Exec(Vec<String>),
    /// Runs a line by the image's shell.
    Shell(String),
    /// Asks by HTTP.
    Http {
        /// The path.
        path: String,
        /// The port's number or name.
        port: String,
    },
    /// Opens a connection to the port's number or name.
    Tcp(String),
    /// Asks by gRPC on the port.
    Grpc(String),
    /// It is turned off.
    None,
}

/// Requests and limits.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// CPU set aside, in thousandths.
    pub cpu_request: Setting<u64>,
    /// CPU at most, in thousandths.
    pub cpu_limit: Setting<u64>,
    /// Memory set aside, in bytes.
    pub memory_request: Setting<u64>,
    /// Memory at most, in bytes.
    pub memory_limit: Setting<u64>,
    /// Local disk set aside, in bytes.
    pub storage_request: Setting<u64>,
    /// Local disk at most, in bytes.
    pub storage_limit: Setting<u64>,
}

/// A change of a container as a rule means it; how it is written is the format's matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// The root file system cannot be written, and each of these paths gets scratch space.
    ReadOnlyRoot {
        /// Paths that are written: absolute.
        scratch: Vec<String>,
    },
    /// It runs as this user; in a pod it is said that it must not be root too.
    User {
        /// The user's id.
        uid: u32,
        /// The group's id.
        gid: u32,
    },
    /// The platform refuses to run it as root; only a pod can say so.
    RunAsNonRoot,
    /// It has no capability but these.
    DropCapabilities {
        /// Those it keeps.
        keep: Vec<String>,
    },
    /// It no longer adds this capability.
    RemoveCapability(String),
    /// No process gains rights.
    NoPrivilegeEscalation,
    /// It has no longer every right of the host.
    NotPrivileged,
    /// The runtime's own seccomp profile.
    DefaultSeccomp,
    /// Memory at most, in bytes.
    MemoryLimit(u64),
    /// CPU at most, in thousandths.
    CpuLimit(u64),
    /// How many processes it may have; Compose only.
    PidsLimit(i64),
    /// It runs this image instead.
    Image(String),
    /// When the image is pulled.
    PullPolicy(&'static str),
    /// It no longer shares this namespace of the host.
    OwnNamespace(Namespace),
    /// When it is started again; Compose only.
    Restart(&'static str),
    /// An init process reaps its children; Compose only.
    Init,
    /// Seconds between the stop signal and the kill.
    StopGrace(u64),
    /// What is mounted at this path cannot be written.
    ReadOnlyMount(String),
    /// It is asked this, by a probe of this key; pods only.
    Probe(&'static str, Action),
    /// A port of the host is published for programs of the host alone: the port's place; Compose only.
    PublishLocally(Span),
}

impl Intent {
    /// Whether it takes rights away that the container has.
    pub fn takes_rights(&self) -> bool {
        matches!(
            self,
            Self::NotPrivileged
                | Self::NoPrivilegeEscalation
                | Self::DropCapabilities { .. }
                | Self::RemoveCapability(_)
                | Self::OwnNamespace(_)
                | Self::DefaultSeccomp
                | Self::RunAsNonRoot
                | Self::User { .. }
        )
    }
}

impl Container {
    /// A container of which nothing is said yet but its name.
    pub fn new(id: ContainerId, name: Spanned<String>, platform: Target, place: Place) -> Self {
        Self {
            id,
            name,
            platform,
            role: Role::Main,
            workload: None,
            composition: None,
            place,
            pod: None,
            build: None,
            image: Setting::default(),
            user: Setting::default(),
            group: Setting::default(),
            run_as_non_root: Setting::default(),
            read_only_root: Setting::default(),
            privileged: Setting::default(),
            privilege_escalation: Setting::default(),
            added_capabilities: Vec::new(),
            dropped_capabilities: Vec::new(),
            seccomp: Setting::default(),
            apparmor: Setting::default(),
            proc_mount: Setting::default(),
            windows: false,
            host_namespaces: Vec::new(),
            entrypoint: Setting::default(),
            command: Setting::default(),
            workdir: Setting::default(),
            env: Vec::new(),
            ports: Vec::new(),
            mounts: Vec::new(),
            readiness: None,
            liveness: None,
            startup: None,
            healthcheck: None,
            resources: Resources::default(),
            restart: Setting::default(),
            pull_policy: Setting::default(),
            stop_grace: Setting::default(),
            stop_signal: Setting::default(),
            pre_stop: None,
            init: Setting::default(),
            pids_limit: Setting::default(),
            learned: None,
        }
    }
}

impl Probe {
    /// A probe of which nothing is said yet but what it does.
    pub fn new(action: Action, span: Span) -> Self {
        Self { action, interval: None, timeout: None, retries: None, start_period: None, port_at: None, span }
    }
}

impl Probe {
    /// How many failures in a row count; three where nothing is said, for Docker and the kubelet alike.
    pub fn failures(&self) -> u64 {
        self.retries.unwrap_or(3)
    }
}

impl Container {
    /// The paths that it was seen to write, or that the public image it runs is known to; `None` where that is not known.
    pub fn writable_paths(&self) -> Option<Vec<String>> {
        if let Some(learned) = self.learned.as_ref().filter(|l| l.read_only && l.volumes.is_empty()) {
            return Some(learned.scratch.clone());
        }
        // A script in the place of the entry point writes what it likes.
        let started = self.entrypoint.value().filter(|_| self.entrypoint.origin != Origin::Image);
        if started.and_then(|words| words.first()).is_some_and(|word| crate::exec::is_shell(word)) {
            return None;
        }
        let facts = self.facts().filter(|f| !f.writable.is_empty())?;
        Some(facts.writable.clone())
    }

    /// The paths that need scratch space once its root cannot be written: those it is known to write and `/tmp`, but for
    /// those where something is mounted already.
    pub fn scratch_paths(&self) -> Vec<String> {
        let mut paths = self.writable_paths().unwrap_or_default();
        // What was tried needs no guess.
        if self.learned.is_none() {
            paths.push("/tmp".to_owned());
        }
        paths.sort();
        paths.dedup();
        let mounted = |path: &str| {
            self.mounts.iter().any(|m| {
                let target = m.target.trim_end_matches('/');
                path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        paths.retain(|path| !mounted(path));
        paths
    }
}

/// What the text of an image's name says, where the name is not known.
pub(crate) struct WrittenImage {
    /// The tag.
    pub tag: Option<String>,
    /// It has a digest.
    pub digest: bool,
}

impl Container {
    /// The node below several keys of a pod's container; `None` for a Compose service.
    pub fn at<'p>(&self, project: &'p Project, path: &[&str]) -> Option<Node<'p>> {
        self.pod.and_then(|_| project.node(self.place)?.at(path))
    }

    /// The node below several keys of its pod's `spec`.
    pub fn pod_at<'p>(&self, project: &'p Project, path: &[&str]) -> Option<Node<'p>> {
        project.node(self.pod?)?.at(path)
    }

    /// What a Compose service comes to below several keys; `None` for a pod's container.
    pub fn item<'p>(&self, project: &'p Project, path: &[&str]) -> Option<&'p Item> {
        let composition = project.compositions.get(self.composition?)?;
        composition.service(&self.name.value)?.at_path(path).filter(|item| !item.is_null())
    }

    /// The capabilities that what it runs as root is known to need: of the public image, also where one is built on it and
    /// keeps its entry point; of a release that nothing is known of those of the newest.
    pub fn needed_capabilities(&self, project: &Project) -> Option<Vec<String>> {
        let image = match self.stage(project) {
            Some(stage) if stage.end().entrypoint().origin == Origin::Dockerfile => return None,
            Some(stage) => stage.image(project)?,
            None => self.image.value().filter(|_| self.build.is_none())?,
        };
        let newest = || images::facts(&ImageName { tag: None, digest: None, ..image.clone() });
        images::facts(image).or_else(newest)?.capabilities.clone()
    }

    /// Whether its pod is there to work on the node itself, as what sets up networks, storage or devices does: it is one of
    /// the system or runs on every node, and was given rights over it.
    pub fn works_on_node(&self, project: &Project) -> bool {
        const RIGHTS: [&str; 7] =
            ["ALL", "BPF", "NET_ADMIN", "PERFMON", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE"];
        let Some(workload) = self.workload.map(|id| project.workload(id)) else { return false };
        let namespace = workload.object(project).namespace.as_ref();
        let system = namespace.is_some_and(|n| n.value == "kube-system");
        let has_rights = |container: &Container| {
            container.privileged.is(&true)
                || container.added_capabilities.iter().any(|c| RIGHTS.contains(&c.value.as_str()))
        };
        (system || workload.kind == WorkloadKind::DaemonSet)
            && (!workload.pod.host_namespaces.is_empty()
                || workload.containers.iter().any(|id| has_rights(project.container(*id))))
    }

    /// What tells whether it serves: what its Dockerfile or its image is known to be asked, or else whether its only port opens.
    pub fn asked(&self, project: &Project) -> Option<Action> {
        let stage = self.stage(project);
        let built = stage.and_then(|stage| {
            let check = stage.end().healthcheck().value()?.understood(stage.end());
            (check.action != Action::None).then_some(check.action)
        });
        let known = || {
            let facts = self.facts().filter(|_| stage.is_none())?;
            if let Some((path, port)) =
                facts.http_health.as_deref().and_then(|health| health.rsplit_once(':'))
            {
                return Some(Action::Http { path: path.to_owned(), port: port.to_owned() });
            }
            facts.health.clone().map(Action::Shell)
        };
        built.or_else(known).or_else(|| self.opens())
    }

    /// Whether the only port it declares opens.
    pub fn opens(&self) -> Option<Action> {
        let mut ports = self.ports.iter().filter(|port| port.protocol == "tcp");
        let port = ports.next().filter(|port| port.container == port.container_end)?;
        let name = port.name.as_ref().map_or_else(|| port.container.to_string(), |name| name.value.clone());
        ports.next().is_none().then_some(Action::Tcp(name))
    }

    /// The edits that set the value below several keys of it, as its format calls them.
    pub fn set_below(&self, project: &Project, path: &[&str], value: &New) -> Option<Vec<Edit>> {
        match self.platform {
            Target::Docker => super::compose::set_below(project, self, path, value.clone()),
            Target::Kubernetes => super::kubernetes::set_below(project, self.place, path, value),
        }
    }

    /// The edits that remove the entry below several keys of it, as its format calls them.
    pub fn remove_below(&self, project: &Project, path: &[&str]) -> Option<Vec<Edit>> {
        match self.platform {
            Target::Docker => super::compose::remove_below(project, self, path),
            Target::Kubernetes => super::kubernetes::remove_below(project, self.place, path),
        }
    }

    /// The edits that remove some texts from a list of a Compose service, and the list with its last one.
    pub fn remove_items(&self, project: &Project, key: &str, is: impl Fn(&str) -> bool) -> Option<Vec<Edit>> {
        self.composition.and_then(|_| super::compose::remove_items(project, self, key, is))
    }

    /// What its text says of an image whose name is not known, since a variable or a placeholder stands in it.
    pub(crate) fn image_as_written(&self, project: &Project) -> Option<WrittenImage> {
        let text = project.text(self.image.at.filter(|_| self.image.is_unknown())?);
        let mut rest = text.trim_matches(['"', '\'']);
        // What stands in a variable's braces is no part of the name.
        let mut name = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            name.push_str(before);
            name.push('_');
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        name.push_str(rest);
        if name.is_empty() || name.contains("{{") {
            return None;
        }
        // What `ko` builds it puts in by its digest.
        let digest = name.contains('@') || name.starts_with("ko://");
        let last = name.rsplit('/').next()?;
        let tag = last.split_once(':').map(|(_, tag)| tag.to_owned()).filter(|tag| !tag.is_empty());
        Some(WrittenImage { tag, digest })
    }

    /// Whether the platform that runs it is Kubernetes.
    pub fn is_in_pod(&self) -> bool {
        self.platform == Target::Kubernetes
    }
}

impl Project {
    /// The container of a number.
    pub fn container(&self, id: ContainerId) -> &Container {
        &self.containers[id.0 as usize]
    }

    /// The Compose service that a container is of.
    pub fn service_of(&self, container: &Container) -> Option<&super::compose::Service> {
        self.compositions.get(container.composition?)?.services.iter().find(|s| s.container == container.id)
    }

    /// Whether the project itself builds the image that a container runs.
    pub fn is_built(&self, container: &Container) -> bool {
        container.build.is_some() || self.service_of(container).is_some_and(|s| s.build.is_some())
    }

    /// The edits that change a container so; `None` where the format cannot say it, where it is said already, or where
    /// the place belongs to others too (an anchor, a file that is extended).
    pub fn set(&self, container: &Container, intent: &Intent) -> Option<Vec<Edit>> {
        match container.platform {
            Target::Docker => super::compose::set(self, container, intent),
            Target::Kubernetes => super::kubernetes::set(self, container, intent),
        }
    }
}

impl ImageName {
    /// Reads a name as Docker does; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let (registry, repository) = match path.split_once('/') {
            Some((first, rest))
                if first.contains(['.', ':'])
                    || first == "localhost"
                    || first.chars().any(char::is_uppercase) =>
            {
                (Some(first), rest)
            }
            _ => (None, path),
        };
        let registry =
            registry.filter(|r| !matches!(*r, "docker.io" | "index.docker.io" | "registry-1.docker.io"));
        let repository = if registry.is_none() {
            repository.strip_prefix("library/").unwrap_or(repository)
        } else {
            repository
        };
        let valid = !repository.is_empty()
            && repository
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/._-".contains(&b))
            && !tag.as_ref().is_some_and(String::is_empty);
        valid.then(|| Self {
            registry: registry.map(str::to_owned),
            repository: repository.to_owned(),
            tag,
            digest,
        })
    }

    /// The last part of the repository: `app` in `ghcr.io/owner/app`.
    pub fn short(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl User {
    /// Reads `name`, `uid`, `name:group` or `uid:gid`.
    pub fn parse(text: &str) -> Self {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group).filter(|g| !g.is_empty())),
            None => (text, None),
        };
        let uid = user.parse().ok().or((user == "root").then_some(0));
        let gid = group.and_then(|g| g.parse().ok().or((g == "root").then_some(0)));
        Self {
            name: user.parse::<u32>().is_err().then(|| user.to_owned()),
            uid,
            group: group.map(str::to_owned),
            gid,
        }
    }

    /// Whether it is root; `None` where a name decides that is not known.
    pub fn is_root(&self) -> Option<bool> {
        match (&self.name, self.uid) {
            (_, Some(uid)) => Some(uid == 0),
            // An empty user is the default one, root.
            (Some(name), None) if name.is_empty() => Some(true),
            // A name other than `root` may be anybody, but nobody gives id 0 a second name.
            (Some(_), None) => Some(false),
            (None, None) => None,
        }
    }
}
