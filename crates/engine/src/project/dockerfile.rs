//! What Dockerfiles build: stages, and the effective configuration at any instruction.

mod accounts;
mod given;
mod handover;
mod home;
mod identity;
mod late;
mod launch;
mod lower;
mod modes;
mod owned;
mod privilege;
mod runs;
mod start;
mod state;
mod writable;

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use rayon::prelude::*;
use seaworthy_syntax::dockerfile::{Arguments, Command, Instruction};
use seaworthy_syntax::shell::Shell;
use seaworthy_syntax::{Edit, SourceId, Span, Spanned};

pub use given::{Given, Outcome};
pub use handover::Handover;
pub use home::{Hidden, Tool, Unsettled};
pub use identity::{Identity, Need, Obstacle};
pub use late::Late;
pub use launch::{Argument, Launch, Program, Start};
pub use modes::Closed;
pub use runs::{Call, Install, Manager, Run, operands};
pub use state::{Label, State, Variable, VariableKind};
pub use writable::{Reason, Writable};

use super::Origin;
use super::Project;
use super::container::ImageName;
use super::layout::{Context, Copied};
use crate::images::{Facts, PackageManager, UserTools};
use crate::parse::{Files, Parse};
use state::Scope;

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
    /// Whether a Compose file or workflow says so.
    pub contexts_are_named: bool,
    pub(super) context: Option<Context>,
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
    /// It makes an image for Windows: what is said of Linux users and programs does not hold.
    pub windows: bool,
    /// What is known of the public image that it starts from, also through other stages.
    pub facts: Option<&'static Facts>,
    /// What it takes from other stages and images besides its base, in order.
    pub uses: Vec<Use>,
    pub(super) copied: Vec<Copied>,
    scope: Arc<Scope>,
    /// The scripts of its instructions, parsed when a rule first asks.
    shells: Mutex<Option<Vec<Option<Arc<Shell>>>>>,
    /// What several rules ask for, while the stage is looked at.
    memo: Mutex<Option<Memo>>,
}

/// What a stage starts from, or takes something from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// A stage of the same file.
    Stage(usize),
    /// An image.
    Image(ImageName),
    /// Nothing.
    Scratch,
    /// A variable without default decides, or it is no name of an image.
    Unknown,
}

/// What several rules ask of a stage that is looked at.
#[derive(Debug, Default)]
struct Memo {
    identity: Option<Result<Option<Identity>, Obstacle>>,
    started: Option<Vec<Vec<String>>>,
    written: Option<Vec<Writable>>,
}

/// What a stage takes from another stage or from an image.
#[derive(Clone, Debug)]
pub struct Use {
    /// The instruction, as an index into the Dockerfile's instructions.
    pub instruction: usize,
    /// What it takes from. A stage may come later in the file, or be the stage itself: then the build fails.
    pub from: Base,
    /// How.
    pub kind: UseKind,
    /// Where it is named.
    pub span: Span,
}

/// How a stage takes something from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UseKind {
    /// `COPY --from`.
    Copy,
    /// `RUN --mount=from=`.
    Mount,
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

/// An entry point or a command of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageCommand {
    /// Exec form.
    Exec(Vec<String>),
    /// Shell form.
    Shell {
        /// The shell of a `SHELL` instruction; empty for the platform's.
        shell: Vec<String>,
        /// The line it runs.
        line: String,
    },
}

/// A step of [`Stage::walk`].
#[derive(Clone, Copy, Debug)]
pub struct Step<'p> {
    /// The instruction.
    pub instruction: &'p Instruction,
    /// Its index among the Dockerfile's instructions.
    pub index: usize,
    /// What it sees.
    pub before: State<'p>,
    /// What the next one sees.
    pub after: State<'p>,
}

/// What installs packages and makes users in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Distribution {
    /// What installs packages.
    pub packages: PackageManager,
    /// What makes users.
    pub users: UserTools,
}

/// Lowers every Dockerfile.
pub(super) fn lower(parses: &[Parse]) -> Vec<Build> {
    let mut builds: Vec<Build> =
        parses.par_iter().filter_map(|parse| lower::build(BuildId(0), parse)).collect();
    for (number, build) in builds.iter_mut().enumerate() {
        build.id = BuildId(number as u32);
        build.stages.iter_mut().for_each(|stage| stage.build = build.id);
    }
    builds
}

/// Lowers a build anew, with the contexts and the stages that ship as they were.
pub(super) fn relower(build: &Build, parse: &Parse) -> Option<Build> {
    let mut new = lower::build(build.id, parse)?;
    let ships = build.stages.iter().filter(|s| s.role == StageRole::Final).map(|s| s.index);
    new.assign_roles(&ships.collect::<Vec<_>>());
    new.contexts.clone_from(&build.contexts);
    new.contexts_are_named = build.contexts_are_named;
    Some(new)
}

/// The texts that lowering needs: every `.dockerignore`, since which directory a Dockerfile is built in shows later.
pub(super) fn wanted(parses: &[Parse], files: &Files) -> Vec<Utf8PathBuf> {
    if !parses.iter().any(|p| p.dockerfile().is_some()) {
        return Vec::new();
    }
    files.with_suffix(".dockerignore")
}

impl Project {
    /// The tag that this project has of an image wherever it names one, where that is always the same.
    pub fn tag_elsewhere(&self, image: &ImageName) -> Option<&str> {
        let stages = self.builds.iter().flat_map(|build| &build.stages);
        let bases = stages.filter_map(|stage| match &stage.base {
            Base::Image(name) => Some(name),
            _ => None,
        });
        let run = self.containers.iter().filter_map(|container| container.image.value());
        let same = |name: &&ImageName| name.registry == image.registry && name.repository == image.repository;
        let mut tags =
            bases.chain(run).filter(same).filter_map(|name| name.tag.as_deref()).filter(|t| *t != "latest");
        let tag = tags.next()?;
        tags.all(|other| other == tag).then_some(tag)
    }
}

impl Build {
    /// The stage of a name, in any case, or of a number.
    pub fn stage(&self, target: &str) -> Option<&Stage> {
        let named =
            self.stages.iter().rev().find(|stage| {
                stage.name.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case(target))
            });
        named.or_else(|| self.stages.get(target.parse::<usize>().ok()?))
    }

    /// The stage that is built where nobody names another.
    pub fn last(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// Says anew what becomes of each stage, with those that ship besides the last.
    pub(super) fn assign_roles(&mut self, shipped: &[usize]) {
        for stage in &mut self.stages {
            stage.role = StageRole::Aside;
        }
        let mut open: Vec<usize> = shipped.to_vec();
        open.extend(self.stages.len().checked_sub(1));
        for index in &open {
            if let Some(stage) = self.stages.get_mut(*index) {
                stage.role = StageRole::Final;
            }
        }
        while let Some(index) = open.pop() {
            let Some(stage) = self.stages.get(index) else { continue };
            let below = stage.uses.iter().map(|u| &u.from).chain([&stage.base]);
            let used: Vec<usize> = below
                .filter_map(|base| match base {
                    Base::Stage(used) => Some(*used),
                    _ => None,
                })
                .collect();
            for used in used {
                if let Some(stage) = self.stages.get_mut(used)
                    && stage.role == StageRole::Aside
                {
                    stage.role = StageRole::Build;
                    open.push(used);
                }
            }
        }
    }
}

impl Stage {
    /// What is remembered while it is looked at, or else worked out, and remembered.
    fn memo<T: Clone>(&self, slot: impl Fn(&mut Memo) -> &mut Option<T>, work_out: impl FnOnce() -> T) -> T {
        let lock = || self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().as_mut().and_then(|memo| slot(memo).clone()) {
            return known;
        }
        // One may ask for another.
        let found = work_out();
        if let Some(memo) = lock().as_mut() {
            *slot(memo) = Some(found.clone());
        }
        found
    }

    /// Its own instructions, without `FROM`.
    pub fn instructions<'p>(&self, project: &'p Project) -> &'p [Instruction] {
        project
            .parse(self.source)
            .and_then(Parse::dockerfile)
            .and_then(|d| d.instructions.get(self.from + 1..self.end))
            .unwrap_or_default()
    }

    /// Whether an instruction is one of its own.
    pub fn holds(&self, project: &Project, instruction: &Instruction) -> bool {
        self.instructions(project).iter().any(|own| own.span == instruction.span)
    }

    /// The place of its `FROM`.
    pub fn from_span(&self, project: &Project) -> Option<Span> {
        Some(self.from_instruction(project)?.span)
    }

    /// Where the image or stage that it starts from is named.
    pub fn image_span(&self, project: &Project) -> Option<Span> {
        match &self.from_instruction(project)?.arguments {
            Arguments::From { image, .. } => Some(image.span),
            _ => None,
        }
    }

    /// Its `FROM`.
    pub fn from_instruction<'p>(&self, project: &'p Project) -> Option<&'p Instruction> {
        project.parse(self.source)?.dockerfile()?.instructions.get(self.from)
    }

    /// The configuration it starts with: that of its base.
    pub fn start(&self) -> State<'_> {
        self.scope.at(self.from + 1)
    }

    /// The configuration of the image it makes.
    pub fn end(&self) -> State<'_> {
        self.scope.at(self.end)
    }

    /// The configuration that an instruction sees, by its index among the Dockerfile's instructions.
    pub fn state_at(&self, index: usize) -> State<'_> {
        self.scope.at(index)
    }

    /// Its own instructions with the configuration before and after each. Those deferred by `ONBUILD` change nothing.
    pub fn walk<'p>(&'p self, project: &'p Project) -> impl Iterator<Item = Step<'p>> {
        let first = self.from + 1;
        self.instructions(project).iter().enumerate().map(move |(offset, instruction)| Step {
            instruction,
            index: first + offset,
            before: self.scope.at(first + offset),
            after: self.scope.at(first + offset + 1),
        })
    }

    /// The edits that give it another name, here and wherever its Dockerfile names it. Who builds it by its name from
    /// elsewhere has to follow.
    pub fn renamed(&self, project: &Project, new: &str) -> Option<Vec<Edit>> {
        let name = self.name.as_ref()?;
        let stages = &project.build(self.build).stages;
        let bases =
            stages.iter().filter(|s| s.base == Base::Stage(self.index)).map(|s| s.image_span(project));
        let uses = stages.iter().flat_map(|s| &s.uses).filter(|u| u.from == Base::Stage(self.index));
        let places = bases.chain(uses.map(|u| Some(u.span))).chain([Some(name.span)]);
        places
            // Some count the stages instead.
            .filter(|place| place.is_none_or(|at| project.text(at).parse::<usize>().is_err()))
            .map(|place| {
                let written = |at: &Span| project.text(*at).trim_matches(['"', '\'']);
                let span = place.filter(|at| written(at).eq_ignore_ascii_case(&name.value))?;
                Some(Edit { span, text: new.to_owned() })
            })
            .collect()
    }

    /// It and the stages that it stands on, itself first.
    pub fn and_below<'p>(&'p self, project: &'p Project) -> impl Iterator<Item = &'p Self> {
        // A stage starts from an earlier one, so this ends.
        std::iter::successors(Some(self), |stage| match stage.base {
            Base::Stage(below) => project.builds.get(self.build.0 as usize)?.stages.get(below),
            _ => None,
        })
    }

    /// The image at the bottom of it, through the stages it starts from.
    pub fn image<'p>(&'p self, project: &'p Project) -> Option<&'p ImageName> {
        match self.bottom(project) {
            Base::Image(name) => Some(name),
            _ => None,
        }
    }

    /// What its first stage starts from.
    fn bottom<'p>(&'p self, project: &'p Project) -> &'p Base {
        let mut base = &self.base;
        // A stage starts from an earlier one, so this ends.
        while let Base::Stage(index) = base {
            let below = project.builds.get(self.build.0 as usize).and_then(|b| b.stages.get(*index));
            match below {
                Some(below) => base = &below.base,
                None => return &Base::Unknown,
            }
        }
        base
    }

    /// What installs packages and makes users in it: as the public image says, or its tag, or else as its `RUN`s use.
    pub fn distribution(&self, project: &Project) -> Option<Distribution> {
        if self.windows || *self.bottom(project) == Base::Scratch {
            return None;
        }
        if let Some(Facts { package_manager: Some(packages), user_tools: Some(users), .. }) = self.facts {
            return Some(Distribution { packages: *packages, users: *users });
        }
        let packages = self.facts.and_then(|f| f.package_manager);
        let packages = packages
            .or_else(|| self.image(project).and_then(packages_of_tag))
            .or_else(|| self.packages_of_runs(project))?;
        let users = match packages {
            PackageManager::Apk => UserTools::Busybox,
            PackageManager::Apt
            | PackageManager::Dnf
            | PackageManager::Yum
            | PackageManager::Zypper
            | PackageManager::Pacman => UserTools::Shadow,
            // Small images may come without.
            PackageManager::Microdnf | PackageManager::Tdnf | PackageManager::None => UserTools::None,
        };
        Some(Distribution { packages, users })
    }

    fn packages_of_runs(&self, project: &Project) -> Option<PackageManager> {
        let mut stage = self;
        loop {
            for instruction in stage.instructions(project) {
                let Arguments::Run(command) = &instruction.arguments else { continue };
                let found = match command {
                    Command::Shell(script) => packages_of_script(&script.text),
                    Command::Exec { words, .. } => words.iter().find_map(|w| packages_of_script(&w.text)),
                };
                if found.is_some() {
                    return found;
                }
            }
            let Base::Stage(below) = stage.base else { return None };
            stage = project.builds.get(self.build.0 as usize)?.stages.get(below)?;
        }
    }
}

/// What a tag says of the distribution below it.
fn packages_of_tag(image: &ImageName) -> Option<PackageManager> {
    let parts = || image.tag.iter().flat_map(|tag| tag.split(['-', '_', '.']));
    let apt = [
        "stretch", "buster", "bullseye", "bookworm", "trixie", "debian", "ubuntu", "bionic", "focal",
        "jammy", "noble", "resolute",
    ];
    if parts().any(|p| p.starts_with("alpine")) {
        return Some(PackageManager::Apk);
    }
    parts().any(|p| apt.iter().any(|name| p.starts_with(name))).then_some(PackageManager::Apt)
}

/// The first package manager that a script runs.
fn packages_of_script(script: &str) -> Option<PackageManager> {
    let words = script.split(|c: char| c.is_whitespace() || ";&|()`\"'".contains(c));
    words.into_iter().find_map(|word| {
        Some(match word.rsplit('/').next().unwrap_or(word) {
            "apt-get" | "apt" => PackageManager::Apt,
            "apk" => PackageManager::Apk,
            "microdnf" => PackageManager::Microdnf,
            "tdnf" => PackageManager::Tdnf,
            "dnf" => PackageManager::Dnf,
            "yum" => PackageManager::Yum,
            "zypper" => PackageManager::Zypper,
            "pacman" => PackageManager::Pacman,
            _ => return None,
        })
    })
}

impl ImageCommand {
    /// The program and its arguments as the image's configuration holds them.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Exec(words) => words.clone(),
            Self::Shell { shell, line } if shell.is_empty() => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()]
            }
            Self::Shell { shell, line } => shell.iter().chain([line]).cloned().collect(),
        }
    }
}

impl Project {
    /// The build of a number.
    pub fn build(&self, id: BuildId) -> &Build {
        &self.builds[id.0 as usize]
    }
}
