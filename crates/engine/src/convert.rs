//! Makes Kubernetes manifests, a Kustomize base or a Helm chart of a Compose project.
//!
//! `plan` decides what is made, once for all outputs: objects of [`Tree`]s, and what became of each key of the project. The
//! outputs only write. Built images are judged as their Kubernetes variants will be, whether those are written yet or not.

pub mod overrides;
pub mod report;
pub mod text;
pub mod tree;

mod attributes;
mod environment;
mod images;
mod names;
mod network;
mod plan;
mod probes;
mod resources;
mod secrets;
mod security;
mod storage;
mod unit;
mod workload;

use seaworthy_syntax::Span;

pub use plan::plan;
pub use report::{Carried, Fate, Row};
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
