//! Makes Kubernetes manifests, a Kustomize base or a Helm chart of a Compose project.
//!
//! `plan` decides what is made, once for all outputs: objects of [`Tree`]s, and what became of each key of the project. The
//! outputs only write. Built images are judged as their Kubernetes variants will be, whether those are written yet or not.

pub mod folder;
mod helm;
mod kustomize;
pub mod manifests;
pub mod overrides;
pub mod report;
pub mod text;
pub mod tree;

mod attributes;
mod chains;
mod environment;
mod images;
mod names;
mod network;
mod node;
mod plan;
mod probes;
mod resources;
mod secrets;
mod security;
mod steps;
mod storage;
#[cfg(test)]
mod tests;
mod unit;
mod workload;
mod yaml;

use camino::Utf8PathBuf;
use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::{Source, Span};

use crate::project::Project;

pub use chains::{Asked, Chains, chains};
pub use report::{Carried, Fate, Row};
pub use steps::Step;
pub use text::Text;
pub use tree::{Entry, Image, Map, Tree};

/// What a conversion is for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the objects are to run.
    pub platform: Platform,
    /// The profiles whose services run too; `*` for all.
    pub profiles: Vec<String>,
    /// Where images that are built here are pushed to: `ghcr.io/acme`.
    pub registry: Option<String>,
    /// The tag of images that are built here.
    pub tag: Option<String>,
    /// The domain under which what is published by HTTP is reached.
    pub domain: Option<String>,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum To {
    /// Objects, a file for each service.
    #[default]
    Manifests,
    /// A Kustomize base, overlays from override files and components from profiles.
    Kustomize,
    /// A Helm chart.
    Helm,
}

/// Where objects run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Any cluster.
    #[default]
    Kubernetes,
    /// K3s as it is installed: `local-path` volumes, Traefik, and network policies that are enforced.
    K3s,
}

/// What is made of a project, whatever it is written as.
#[derive(Debug)]
pub struct Plan {
    /// The name of the project, its namespace and its chart.
    pub name: String,
    /// Its services in the order of the files, those of profiles that do not run too.
    pub services: Vec<Planned>,
    /// The objects of the project itself: its Namespace first, then what is said of all its pods.
    pub shared: Vec<Object>,
    /// The keys that somebody has to fill.
    pub to_fill: Vec<KeyToFill>,
    /// What else somebody has to do.
    pub steps: Vec<Step>,
    /// The variables of the Compose files, by name.
    pub variables: Vec<Setting>,
    /// What became of each key.
    pub carried: Carried,
    /// The profiles that run, as asked.
    pub profiles: Vec<String>,
    /// What stands in these places is a secret, which no report shows.
    pub hidden: Vec<Span>,
}

/// What is made of a service.
#[derive(Debug)]
pub struct Planned {
    /// The service's name in Compose.
    pub service: String,
    /// The name of its objects.
    pub name: String,
    /// The profiles that start it; none for a service that always starts.
    pub profiles: Vec<String>,
    /// Whether it runs with the profiles that were asked for.
    pub enabled: bool,
    /// Its objects, in the order in which they are written; none where it runs in the pod of another.
    pub objects: Vec<Object>,
}

/// A Kubernetes object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `apps/v1`.
    pub api_version: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// Its name; of a ConfigMap made of a service's settings or files the part before the digest.
    pub name: String,
    /// What `metadata` has besides `name` and `namespace`.
    pub metadata: Map,
    /// Everything below `kind` and `metadata`.
    pub body: Map,
    /// Whether its name ends in the digest of its content, so that pods are replaced when it changes.
    pub hashed: bool,
}

/// A key of a Secret, or of a ConfigMap, that somebody has to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyToFill {
    /// The Secret or ConfigMap, which nobody makes.
    pub object: String,
    /// Whether it is a Secret.
    pub secret: bool,
    /// The key in it.
    pub key: String,
    /// What it is for, in a phrase: "`POSTGRES_PASSWORD` of `db`".
    pub purpose: String,
    /// Whether pods start without it.
    pub optional: bool,
}

/// A variable of the Compose files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it is where nobody sets it.
    pub default: Option<String>,
    /// Whether Compose refuses to start without it, and what it says then.
    pub required: Option<String>,
}

/// A project that is ready to be converted: its Dockerfiles are as their Kubernetes variants have them.
#[derive(Debug)]
pub struct Ready {
    /// The project.
    pub project: Project,
    /// The chains that are converted.
    pub chains: Chains,
    variants: images::Variants,
    /// The name of a project that has none.
    fallback: String,
}

/// The files that Compose projects mount, which a conversion makes ConfigMaps of: to be read besides what
/// [`Project::reads`] and [`Project::code_reads`] ask for. What is missing is for somebody to fill in.
pub fn wanted(project: &Project) -> Vec<Utf8PathBuf> {
    storage::wanted(project)
}

impl Ready {
    /// Makes a project ready in which each of the chains is a composition. `fallback` names it where it has no name: the
    /// directory that it lies in.
    pub fn new(project: Project, config: &crate::Config, chains: Chains, fallback: &str) -> Self {
        let at: Vec<usize> = chains.all().filter_map(|chain| chains::position(&project, chain)).collect();
        let (project, variants) = images::with_variants(project, config, &at);
        Self { project, chains, variants, fallback: fallback.to_owned() }
    }

    /// What is made of a chain; `None` where it is no composition of the project.
    pub fn plan(&self, chain: &[Utf8PathBuf], options: &Options) -> Option<Plan> {
        let composition = self.project.compositions.get(chains::position(&self.project, chain)?)?;
        let fallback = composition.directory.file_name().unwrap_or(&self.fallback);
        Some(plan::plan_of(&self.project, composition, &self.variants, options, fallback))
    }

    /// Whether a chain has no services since one of its files is of Compose 1, which had them at the top.
    pub fn is_of_compose_1(&self, chain: &[Utf8PathBuf]) -> bool {
        let files = self.project.parses().iter().filter(|parse| chain.contains(&parse.source.path));
        let roots = files.filter_map(|parse| parse.yaml()).flat_map(|yaml| yaml.documents().flatten());
        roots.into_iter().any(|root| {
            let is_service = |node: Node<'_>| node.get("image").is_some() || node.get("build").is_some();
            root.get("services").is_none() && root.entries().any(|entry| is_service(entry.value.resolve()))
        })
    }

    /// What Compose refuses or warns of in a chain.
    pub fn problems(&self, chain: &[Utf8PathBuf]) -> &[crate::project::compose::Problem] {
        let at = chains::position(&self.project, chain);
        at.and_then(|at| self.project.compositions.get(at)).map_or(&[], |c| &c.problems)
    }

    /// The files that are made, by their paths in the folder that they are made for, of the plan of the whole chain.
    pub fn files(&self, plan: &Plan, options: &Options, to: To, explain: bool) -> Vec<Source> {
        match to {
            To::Manifests => manifests::files(plan, explain),
            To::Kustomize => kustomize::files(self, options, explain),
            To::Helm => helm::files(plan, explain),
        }
    }
}

impl Plan {
    /// Every object: those of the project, then those of each service, also of one that does not run.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.shared.iter().chain(self.services.iter().flat_map(|service| &service.objects))
    }
}

impl Object {
    /// An object of a service or of the project.
    pub fn new(
        api_version: &'static str,
        kind: &'static str,
        name: impl Into<String>,
        metadata: Map,
    ) -> Self {
        Self { api_version, kind, name: name.into(), metadata, body: Map::new(), hashed: false }
    }

    /// With a key below `metadata`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Tree>) -> Self {
        self.body.set(key, value);
        self
    }

    /// With a key below `metadata` where its value is not empty.
    #[must_use]
    pub fn filled(mut self, key: &str, value: impl Into<Tree>) -> Self {
        self.body = self.body.filled(key, value);
        self
    }

    /// Whether objects of its kind lie in a namespace.
    pub fn is_namespaced(&self) -> bool {
        !matches!(self.kind, "Namespace" | "PersistentVolume" | "StorageClass" | "IngressClass")
    }
}
