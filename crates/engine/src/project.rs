//! One model of a whole repository.
//!
//! Dockerfiles, Compose files, Kubernetes manifests and CI workflows lower into it, one file a format, and the same file
//! knows how a change of the model is written back. A rule asks the model and never cares which file said it.

pub mod charts;
pub mod compose;
pub mod container;
mod data;
pub mod dockerfile;
pub(crate) mod entry;
pub mod kubernetes;
pub mod layout;
pub mod links;
pub mod listen;
pub(crate) mod listening;
pub mod overlays;
mod probe;
pub mod purpose;
pub mod setting;
pub mod workflow;
mod write;

pub use charts::NotRendered;
pub use compose::{Composition, Service};
pub use container::{
    Action, Container, ContainerId, EnvValue, EnvVar, ImageName, Intent, Mount, Namespace, Port, Probe,
    Resources, Role, User, Volume,
};
pub use dockerfile::{Base, Build, BuildId, ImageCommand, Stage, StageRole, State};
pub use kubernetes::{Kustomization, Object, ObjectId, Workload, WorkloadId, WorkloadKind};
pub use layout::{Context, Copied, Found, What};
pub use links::Links;
pub use overlays::Overlay;
pub use setting::{Origin, Setting};
pub use workflow::{ImageJob, Workflow};

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_syntax::dockerfile::Dockerfile;
use seaworthy_syntax::yaml::{Node, NodeId};
use seaworthy_syntax::{SourceId, Span};

use crate::measured;
use crate::parse::{Files, Parse};

/// A repository as one thing.
#[derive(Debug, Default)]
pub struct Project {
    /// Those of files, and behind them those of what templates of charts came to.
    parses: Vec<Parse>,
    charts: charts::Charts,
    overlays: OnceLock<Vec<Overlay>>,
    /// The directory of each source.
    directories: Vec<DirectoryId>,
    /// What else lies in the repository.
    pub files: Files,
    /// What each Dockerfile builds.
    pub builds: Vec<Build>,
    /// The Compose projects: each a chain of files merged as Compose merges them.
    pub compositions: Vec<Composition>,
    /// Every Kubernetes object.
    pub objects: Vec<Object>,
    /// The objects that hold a pod template.
    pub workloads: Vec<Workload>,
    /// What puts Kubernetes objects together and changes them.
    pub kustomizations: Vec<Kustomization>,
    /// Every Compose service and every container of a pod.
    pub containers: Vec<Container>,
    /// The CI workflows.
    pub workflows: Vec<Workflow>,
    /// What CI builds.
    pub image_jobs: Vec<ImageJob>,
    /// What refers to what.
    pub links: Links,
}

/// The directory that sources lie in: the same for all that lie directly in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectoryId(u32);

/// The directory of each source.
fn directories(parses: &[Parse]) -> Vec<DirectoryId> {
    let mut known = HashMap::new();
    let directories = parses.iter().map(|parse| {
        let next = DirectoryId(known.len() as u32);
        *known.entry(parse.source.path.parent().map(Utf8Path::as_str)).or_insert(next)
    });
    directories.collect()
}

/// A node of a YAML source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// The node in its tree.
    pub node: NodeId,
}

impl Place {
    /// The place of a node.
    pub fn of(node: Node<'_>) -> Self {
        Self { source: node.tree().source(), node: node.id() }
    }
}

impl Project {
    /// Lowers trees into one model. Total: what cannot be understood is left out, its syntax errors stay with its tree.
    ///
    /// `parses` are in the order of their [`SourceId`]s.
    pub fn of(parses: Vec<Parse>, files: Files) -> Self {
        Self::lower(parses, files, compose::Chains::default())
    }

    /// The same, with the texts that lowering needs besides the sources, by path: `.env`, `env_file`s, files that are
    /// included or extended, `.dockerignore`s. Each is asked for once; `None` where there is no such file.
    pub fn read(
        parses: Vec<Parse>,
        mut files: Files,
        text: impl Fn(&Utf8Path) -> Option<Arc<str>> + Sync,
    ) -> Self {
        let mut chains = compose::Chains::default();
        loop {
            let wanted = Self::wanted_by(&mut chains, &parses, &files);
            if wanted.is_empty() {
                return Self::lower(parses, files, chains);
            }
            // An included file may include another.
            let texts: Vec<_> = wanted.par_iter().map(|path| text(path)).collect();
            for (path, text) in wanted.into_iter().zip(texts) {
                files.add_text(path, text);
            }
        }
    }

    fn lower(mut parses: Vec<Parse>, files: Files, chains: compose::Chains) -> Self {
        let charts = charts::render(&mut parses, &files);
        let directories = directories(&parses);
        let mut project = Self { parses, charts, directories, files, ..Self::default() };
        let Self { parses, files, .. } = &project;
        let ((builds, mut kubernetes), ((compositions, mut containers), workflow)) = rayon::join(
            || (dockerfile::lower(parses), kubernetes::lower(parses)),
            || (compose::lower(chains, parses, files), workflow::lower(parses, files)),
        );
        kubernetes.renumber(0, 0, containers.len());
        project.containers = if containers.is_empty() {
            kubernetes.containers
        } else {
            containers.append(&mut kubernetes.containers);
            containers
        };
        project.builds = builds;
        project.compositions = compositions;
        project.objects = kubernetes.objects;
        project.workloads = kubernetes.workloads;
        project.kustomizations = kubernetes.kustomizations;
        project.workflows = workflow.workflows;
        project.image_jobs = workflow.image_jobs;
        project.links = links::find(&project);
        links::inherit(&mut project);
        measured::recall(&mut project);
        let builds: Vec<BuildId> = project.builds.iter().map(|build| build.id).collect();
        layout::lay_out(&mut project, &builds);
        project
    }

    /// The texts that [`Project::read`] asks for next, for whoever supplies them in another way.
    pub fn wanted(parses: &[Parse], files: &Files) -> Vec<Utf8PathBuf> {
        Self::wanted_by(&mut compose::Chains::default(), parses, files)
    }

    fn wanted_by(chains: &mut compose::Chains, parses: &[Parse], files: &Files) -> Vec<Utf8PathBuf> {
        let mut wanted: Vec<Utf8PathBuf> = chains.load(parses, files, false).into_iter().collect();
        wanted.extend(dockerfile::wanted(parses, files));
        wanted.extend(measured::wanted(files));
        wanted.extend(charts::wanted(parses, files));
        wanted.extend(overlays::wanted(parses, files));
        wanted.retain(|path| !files.has_asked(path));
        wanted.sort();
        wanted.dedup();
        wanted
    }

    /// Gives Dockerfiles new trees and returns those they had, with what they built. They are lowered anew; who runs them,
    /// where, and which of their stages, stays as it was, and so do containers: a variant takes a Dockerfile's place without
    /// being named anywhere.
    pub(crate) fn replace_dockerfiles(&mut self, parses: Vec<Parse>) -> Vec<(Parse, Build)> {
        let by_source: HashMap<SourceId, usize> =
            self.builds.iter().enumerate().map(|(index, build)| (build.source, index)).collect();
        let builds = &self.builds;
        let lowered: Vec<(Parse, Build)> = parses
            .into_par_iter()
            .filter_map(|parse| {
                let build = dockerfile::relower(builds.get(*by_source.get(&parse.id)?)?, &parse)?;
                Some((parse, build))
            })
            .collect();
        let changed: Vec<BuildId> = lowered.iter().map(|(_, build)| build.id).collect();
        let replaced = self.restore_dockerfiles(lowered);
        layout::lay_out(self, &changed);
        replaced
    }

    /// Gives Dockerfiles trees, and what they build, as they were before.
    pub(crate) fn restore_dockerfiles(&mut self, dockerfiles: Vec<(Parse, Build)>) -> Vec<(Parse, Build)> {
        let swap = |(parse, build): (Parse, Build)| {
            let tree = self.parses.get_mut(parse.id.0 as usize)?;
            let place = self.builds.get_mut(build.id.0 as usize)?;
            Some((std::mem::replace(tree, parse), std::mem::replace(place, build)))
        };
        dockerfiles.into_iter().filter_map(swap).collect()
    }

    /// The trees and files it was made of.
    pub fn into_parts(mut self) -> (Vec<Parse>, Files) {
        self.parses.truncate(self.parses.len() - self.charts.len());
        (self.parses, self.files)
    }

    /// The trees of files, in the order of their sources.
    pub fn parses(&self) -> &[Parse] {
        &self.parses[..self.parses.len() - self.charts.len()]
    }

    /// The trees of what templates came to.
    pub(crate) fn rendered_parses(&self) -> &[Parse] {
        &self.parses[self.parses.len() - self.charts.len()..]
    }

    /// The tree of a source.
    pub fn parse(&self, source: SourceId) -> Option<&Parse> {
        self.parses.get(source.0 as usize)
    }

    /// The directory of a source; `None` for none of this project.
    pub fn directory(&self, source: SourceId) -> Option<DirectoryId> {
        self.directories.get(source.0 as usize).copied()
    }

    /// The tree of a Dockerfile.
    pub fn dockerfile(&self, source: SourceId) -> Option<&Dockerfile> {
        self.parse(source)?.dockerfile()
    }

    /// The label of a source; empty for none of this project.
    pub fn path(&self, source: SourceId) -> &Utf8Path {
        self.parse(source).map_or(Utf8Path::new(""), |p| &p.source.path)
    }

    /// The whole text of a source; empty for none of this project.
    pub fn source_text(&self, source: SourceId) -> &str {
        self.parse(source).map_or("", |p| &p.source.text)
    }

    /// The text a span covers; empty for a span of no source of this project.
    pub fn text(&self, span: Span) -> &str {
        self.parse(span.source).and_then(|p| p.source.text.get(span.range())).unwrap_or_default()
    }

    /// The node of a place; `None` for a place of no YAML source of this project.
    pub fn node(&self, place: Place) -> Option<Node<'_>> {
        Some(self.parse(place.source)?.yaml()?.node(place.node))
    }
}
