//! What Dockerfiles build: stages, and the effective configuration at any instruction.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use seaworthy_syntax::dockerfile::{Arguments, Instruction};
use seaworthy_syntax::{SourceId, Span, Spanned};

use super::container::{ImageName, Port, Probe, User};
use super::{Project, Setting};
use crate::parse::{Files, Parse};

/// The number of a build in [`Project::builds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(pub u32);

/// What a Dockerfile builds.
#[derive(Debug)]
pub struct Build {
    /// Its number.
    pub id: BuildId,
    /// The Dockerfile.
    pub source: SourceId,
    /// Its stages in order; the last is what is built where nobody names another.
    pub stages: Vec<Stage>,
    /// The directories it is built in, as Compose files and workflows say; the Dockerfile's own where nobody does.
    pub contexts: Vec<Utf8PathBuf>,
}

/// A stage.
#[derive(Debug)]
pub struct Stage {
    /// The build it is a stage of.
    pub build: BuildId,
    /// The Dockerfile.
    pub source: SourceId,
    /// Its number from 0.
    pub index: usize,
    /// Its name, in lower case as `BuildKit` compares it.
    pub name: Option<Spanned<String>>,
    /// What it starts from.
    pub base: Base,
    /// The `FROM` instruction, as an index into the Dockerfile's instructions; its own instructions follow up to `end`.
    pub from: usize,
    /// The index after its last instruction.
    pub end: usize,
    /// What becomes of it.
    pub role: StageRole,
    /// The configuration it starts with: that of its base.
    pub start: Arc<State>,
    /// The configuration of the image it makes.
    pub state: Arc<State>,
}

/// What a stage starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// An earlier stage of the same file.
    Stage(usize),
    /// An image.
    Image(ImageName),
    /// Nothing.
    Scratch,
    /// A variable without default decides.
    Unknown,
}

/// What becomes of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StageRole {
    /// It is what ships: the last stage, or one that a Compose file, workflow or target names.
    Final,
    /// Something of it gets into a stage that ships: by `COPY --from`, a mount, or as its base.
    Build,
    /// Nothing that ships uses it: tests, development, or forgotten.
    Aside,
}

/// The configuration of the image at an instruction.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Who runs what follows.
    pub user: Setting<User>,
    /// The directory.
    pub workdir: Setting<String>,
    /// Variables of `ENV`, and of the base image where they are known; `None` for a value that is not known.
    pub env: BTreeMap<String, Option<String>>,
    /// Build arguments in scope with their defaults.
    pub args: BTreeMap<String, Option<String>>,
    /// The shell of shell forms.
    pub shell: Setting<Vec<String>>,
    /// The entry point.
    pub entrypoint: Setting<ImageCommand>,
    /// The command.
    pub command: Setting<ImageCommand>,
    /// The health check.
    pub healthcheck: Option<Probe>,
    /// The stop signal.
    pub stop_signal: Setting<String>,
    /// Ports it says it listens on.
    pub ports: Vec<Port>,
    /// Paths that are volumes.
    pub volumes: Vec<Spanned<String>>,
    /// Labels.
    pub labels: BTreeMap<String, Option<String>>,
}

/// An entry point or a command of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageCommand {
    /// Exec form.
    Exec(Vec<String>),
    /// Shell form: the line the shell runs.
    Shell(String),
}

/// Lowers every Dockerfile.
pub(super) fn lower(_parses: &[Parse], _files: &Files) -> Vec<Build> {
    Vec::new()
}

/// The texts that lowering needs.
pub(super) fn wanted(_parses: &[Parse], _files: &Files) -> Vec<Utf8PathBuf> {
    Vec::new()
}

impl Stage {
    /// Its own instructions, without `FROM`.
    pub fn instructions<'p>(&self, project: &'p Project) -> &'p [Instruction] {
        project
            .parse(self.source)
            .and_then(Parse::dockerfile)
            .and_then(|d| d.instructions.get(self.from + 1..self.end))
            .unwrap_or_default()
    }

    /// The place of the image or stage in its `FROM`.
    pub fn image_span(&self, project: &Project) -> Option<Span> {
        match &project.parse(self.source)?.dockerfile()?.instructions.get(self.from)?.arguments {
            Arguments::From { image, .. } => Some(image.span),
            _ => None,
        }
    }

    /// The place of its `FROM`.
    pub fn from_span(&self, project: &Project) -> Option<Span> {
        Some(project.parse(self.source)?.dockerfile()?.instructions.get(self.from)?.span)
    }
}
