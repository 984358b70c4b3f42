//! What was measured of a container that ran: handed in by whoever ran it, told as findings by the rules of `rules/live/`.

mod cluster;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use seaworthy_syntax::Span;

use crate::parse::Files;
use crate::project::{Container, Object, Project, Stage, Workload};
pub use cluster::{Answer, Aspect, Checks, Difference, Edge, InCluster, Name, Outside, Pods, Rollout, Said};

/// What was measured of one subject: a Compose service, an image, or a Kubernetes object. `None` is "not measured".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Measured {
    /// The Compose service; empty for an image by itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// The image that ran.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// The Kubernetes object by its kind and name, `Deployment/api`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// The manifest that holds the object; empty where its name tells.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// The Dockerfile that it is known to be built from; empty where the project's links tell.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dockerfile: String,
    /// How the container came up as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Who its first process is, once it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Identity>,
    /// How it stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// With a root file system that cannot be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<ReadOnly>,
    /// Without capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// Whether it stays healthy where no process may gain rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_new_privileges: Option<bool>,
    /// How many processes and threads it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<Amount>,
    /// How much memory it takes, in bytes, without what the kernel only caches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Amount>,
    /// What listens in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listens: Option<Vec<Listener>>,
    /// How its health check went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// What it said when it was refused something as it is, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// How large its image is, and that of the other family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The strictest settings that it stays healthy under, where they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strictest: Option<Strictest>,
    /// What was measured of the object on a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Box<InCluster>>,
}

/// How a container came up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// Whether it became healthy: its health check says so, or it listens, or, where it has neither, it goes on running or
    /// ends with 0.
    pub healthy: bool,
    /// Seconds until then.
    pub seconds: f64,
    /// What went wrong, as half a sentence: "ends with 1 after 0.3 s".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// It runs to its end, as a job does.
    #[serde(skip_serializing_if = "is_false")]
    pub job: bool,
}

/// Who a process is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The user's id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
    /// The ids of the users that its other processes run as.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<u32>,
}

/// How a container stops.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// Seconds from the signal to its end.
    pub seconds: f64,
    /// The exit code.
    pub code: i64,
    /// The signal it was sent.
    pub signal: String,
    /// Seconds after which it is killed.
    pub grace: u64,
    /// Seconds it takes where an init process passes the signal on; `None` where that was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_init: Option<f64>,
}

/// What a root file system that cannot be written comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOnly {
    /// Whether it stays healthy with scratch space at `scratch` and volumes at `volumes`.
    pub healthy: bool,
    /// Directories that it writes, for which empty scratch space is enough.
    pub scratch: Vec<String>,
    /// Directories that it writes and whose content it needs: a volume that the engine fills from the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// What it said where it is not healthy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// What taking capabilities away comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capabilities {
    /// Whether it stays healthy with `needs` alone.
    pub healthy: bool,
    /// Those it does not start without, in capitals without `CAP_`.
    pub needs: Vec<String>,
    /// What it said where it is not healthy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// An amount that changes while a container works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Amount {
    /// Once it serves.
    pub start: u64,
    /// The most that was seen under a short load.
    pub load: u64,
    /// Its limit; `None` where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// A socket that waits for connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// The address; `0.0.0.0` and `::` for every one.
    pub address: String,
    /// `tcp` or `udp`.
    pub protocol: String,
}

impl Listener {
    /// Whether only the container itself reaches it.
    pub fn is_loopback(&self) -> bool {
        self.address == "::1" || self.address.starts_with("127.")
    }
}

/// How a health check went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// Whether it passed.
    pub passes: bool,
    /// The exit code of the last run; -1 where it could not be started.
    pub code: i64,
    /// What that run said, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output: String,
}

/// How large images are, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Size {
    /// This image.
    pub bytes: u64,
    /// The image of the other family.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub other: String,
    /// Its size.
    pub other_bytes: u64,
    /// The layers of both, in order; one that both have counts once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layer {
    /// The instruction that made it, shortened.
    pub by: String,
    /// Its size in bytes in this image; `None` where this image has it not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its size in bytes in the other family's image; `None` where that has it not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<u64>,
}

/// The strictest settings under which a container stays healthy: each was found by trial, and going one step further broke a
/// start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Strictest {
    /// The user and group it runs as; `None` for whoever the image says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The root file system cannot be written.
    pub read_only: bool,
    /// Directories with empty scratch space.
    pub scratch: Vec<String>,
    /// Directories with a volume that is filled from the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// The capabilities it keeps, in capitals without `CAP_`.
    pub capabilities: Vec<String>,
    /// No process gains rights.
    pub no_new_privileges: bool,
    /// The fewest processes and threads it comes up with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<i64>,
    /// The most memory it was seen to take, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How many starts under these settings came up, of `starts`.
    pub healthy: u32,
    /// How many were tried.
    pub starts: u32,
    /// What breaks it, one step further each: "without scratch space at /run: …".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A subject with its place in the project, as a rule looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'p> {
    /// What was measured.
    pub measured: &'p Measured,
    /// The Compose service.
    pub container: Option<&'p Container>,
    /// The stage that builds its image.
    pub stage: Option<&'p Stage>,
    /// The Kubernetes object.
    pub object: Option<&'p Object>,
}

impl<'p> Subject<'p> {
    /// Finds what was measured in the project; `None` where nothing of the project is it.
    pub fn of(measured: &'p Measured, project: &'p Project) -> Option<Self> {
        if let Some((kind, name)) = measured.object.split_once('/') {
            let object = project.objects.iter().find(|o| {
                !o.patch
                    && o.kind.value == kind
                    && o.name.as_ref().is_some_and(|n| n.value == name)
                    && (measured.manifest.is_empty() || project.path(o.source) == measured.manifest)
            })?;
            let main = |c: &&Container| c.role == crate::project::Role::Main;
            let workload = object.workloads.first().map(|id| project.workload(*id));
            let container =
                workload.and_then(|w| w.containers.iter().map(|id| project.container(*id)).find(main));
            let stage = container.and_then(|c| c.stage(project));
            return Some(Self { measured, container, stage, object: Some(object) });
        }
        let named = |c: &&Container| {
            c.composition.is_some() && !measured.service.is_empty() && c.name.value == measured.service
        };
        let container = project.containers.iter().find(named);
        let build = project
            .builds
            .iter()
            .find(|b| !measured.dockerfile.is_empty() && project.path(b.source) == measured.dockerfile);
        let stage =
            container.and_then(|c| c.stage(project)).or_else(|| build.and_then(crate::project::Build::last));
        (container.is_some() || stage.is_some()).then_some(Self { measured, container, stage, object: None })
    }

    /// What it is called.
    pub fn name(&self) -> &'p str {
        let Measured { service, image, object, .. } = self.measured;
        match object.split_once('/') {
            Some((_, name)) => name,
            None if service.is_empty() => image,
            None => service,
        }
    }

    /// The object's workload.
    pub fn workload(&self, project: &'p Project) -> Option<&'p Workload> {
        self.object?.workloads.first().map(|id| project.workload(*id))
    }

    /// What was measured of it on a cluster.
    pub fn cluster(&self) -> Option<&'p InCluster> {
        self.measured.cluster.as_deref()
    }

    /// Where it stands: the service's or the object's name, or the last stage's `FROM`.
    pub fn at(&self, project: &Project) -> Option<Span> {
        if let Some(object) = self.object {
            return Some(object.headline());
        }
        self.container.map(|c| c.name.span).or_else(|| self.stage?.from_span(project))
    }

    /// What says who it runs as: `user` of the service, `USER` of the Dockerfile, or else the subject itself.
    pub fn at_user(&self, project: &Project) -> Option<Span> {
        let own = self.container.and_then(|c| c.user.at);
        own.or_else(|| self.stage?.end().user().at).or_else(|| self.at(project))
    }

    /// What says which program it starts: `command` or `entrypoint` of the service, else those of the Dockerfile.
    pub fn at_command(&self, project: &Project) -> Option<Span> {
        let own = self.container.and_then(|c| c.entrypoint.at.or(c.command.at));
        let built = self.stage.and_then(|stage| {
            let launch = stage.launch(project);
            let mut written =
                [launch.entrypoint, launch.command].into_iter().filter(|s| s.instruction.is_some());
            // A wrapper that is named before the program passes signals on, or does not.
            written.find_map(|s| s.value.at)
        });
        own.or(built).or_else(|| self.at(project))
    }

    /// What says how its health is asked for.
    pub fn at_health(&self, project: &Project) -> Option<Span> {
        let own = self.container.and_then(|c| c.healthcheck.as_ref()).map(|h| h.span);
        own.or_else(|| Some(self.stage?.end().healthcheck().value()?.span)).or_else(|| self.at(project))
    }
}

/// The name of the file in which a project keeps what was learned of its containers.
pub const FILE: &str = "seaworthy-measured.toml";

/// What stands above what was learned.
const HEADER: &str = "# The strictest settings that `seaworthy verify docker --learn` found containers to be healthy under, by trial.\n\
                      # `seaworthy fix` goes by them. Written anew at each run.\n";

/// A file of what was learned.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Learned {
    #[serde(default)]
    measured: Vec<Measured>,
}

/// Reads what was measured.
///
/// # Errors
/// The text is no such file; the message says where.
pub fn read(text: &str) -> Result<Vec<Measured>, String> {
    let learned = toml::from_str::<Learned>(text).map_err(|error| error.to_string())?;
    Ok(learned.measured)
}

/// The text of a file of what was learned.
pub fn write(measured: Vec<Measured>) -> String {
    let text = toml::to_string(&Learned { measured }).unwrap_or_default();
    format!("{HEADER}\n{text}")
}

/// The files that hold what was learned.
pub(crate) fn wanted(files: &Files) -> Vec<Utf8PathBuf> {
    files.with_suffix(FILE).into_iter().filter(|path| path.file_name() == Some(FILE)).collect()
}

/// Gives the containers of a project what was learned of them: of a service of a Compose project in or below the file's
/// directory by its name, of any other container by its image.
pub(crate) fn recall(project: &mut Project) {
    let mut learned = Vec::new();
    for path in wanted(&project.files) {
        let Some(measured) = project.files.text(&path).and_then(|text| read(text).ok()) else { continue };
        let directory = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        learned.extend(measured.into_iter().map(|m| (directory.clone(), m)));
    }
    if learned.is_empty() {
        return;
    }
    let Project { containers, compositions, .. } = project;
    for container in containers.iter_mut() {
        let composition = container.composition.and_then(|at| compositions.get(at));
        let image = container.image.value().map(ToString::to_string);
        let found = learned.iter().find(|(directory, measured)| match composition {
            Some(c) if !measured.service.is_empty() => {
                measured.service == container.name.value && c.directory.starts_with(directory)
            }
            _ => image.as_ref().is_some_and(|image| *image == measured.image),
        });
        let strictest = found.and_then(|(_, measured)| measured.strictest.clone());
        // What did not hold is no fact.
        container.learned = strictest.filter(|s| s.healthy == s.starts && s.starts > 0).map(Arc::new);
    }
}

impl Measured {
    /// What is kept of it: which container it was, and its strictest settings.
    #[must_use]
    pub fn learned(&self) -> Self {
        Self {
            service: self.service.clone(),
            image: self.image.clone(),
            dockerfile: self.dockerfile.clone(),
            strictest: self.strictest.clone(),
            ..Self::default()
        }
    }
}

impl Strictest {
    /// Each setting in a line for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(uid) = self.uid {
            lines.push(format!("user {uid}:{}", self.gid.unwrap_or(uid)));
        }
        if self.read_only {
            lines.push(match (self.scratch.is_empty(), self.volumes.is_empty()) {
                (true, true) => "a read-only root".to_owned(),
                (false, true) => {
                    format!("a read-only root, with scratch space at {}", self.scratch.join(", "))
                }
                (true, false) => format!("a read-only root, with volumes at {}", self.volumes.join(", ")),
                (false, false) => format!(
                    "a read-only root, with scratch space at {} and volumes at {}",
                    self.scratch.join(", "),
                    self.volumes.join(", ")
                ),
            });
        }
        lines.push(if self.capabilities.is_empty() {
            "no capabilities".to_owned()
        } else {
            format!("no capabilities but {}", self.capabilities.join(", "))
        });
        if self.no_new_privileges {
            lines.push("no process gains rights".to_owned());
        }
        if let Some(pids) = self.pids {
            lines.push(format!("{pids} processes and threads at most"));
        }
        lines
    }
}
