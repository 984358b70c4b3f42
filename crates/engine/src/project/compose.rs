//! Compose projects: files merged, extended, included and interpolated as Compose does it.

mod build;
mod canonical;
mod chain;
mod consistency;
pub(crate) mod dotenv;
mod doubt;
mod interpolate;
pub mod item;
mod load;
mod lower;
mod map;
mod merge;
mod normal;
mod problem;
mod schema;
mod typed;
mod units;
mod validate;
mod write;

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use rayon::prelude::*;
use seaworthy_syntax::{Edit, SourceId, Span, Spanned};

use super::container::{Container, Intent};
use super::{ContainerId, Project};
use crate::parse::{Files, Parse};
use crate::project::Place;

pub use canonical::Home;
pub(super) use chain::Chains;
pub use interpolate::{Reference, references};
pub use item::{Item, Value};
pub use load::Host;
pub use map::{Iter, Map};
pub use normal::config;
pub use problem::{Problem, ProblemKind};
pub(crate) use units::words as split_words;
pub(super) use write::{remove_below, remove_items, set_below};

/// A chain of Compose files, merged.
#[derive(Debug)]
pub struct Composition {
    /// The project's name; empty where it is the name of the directory the run started in.
    pub name: String,
    /// The files in the order they are merged.
    pub files: Vec<SourceId>,
    /// The files that those include or extend.
    pub used: Vec<SourceId>,
    /// Compose takes these files in their directory where none is named.
    pub unasked: bool,
    /// The directory that relative paths start from.
    pub directory: Utf8PathBuf,
    /// Its services in the order of the files, those of profiles that nobody starts too.
    pub services: Vec<Service>,
    /// The profiles that `.env` starts.
    pub profiles: Vec<String>,
    /// What Compose refuses or warns of, in the order of the files.
    pub problems: Vec<Problem>,
    /// Everything it says, in long forms and with the types of Compose: `services`, `networks`, `volumes`, `configs`,
    /// `secrets`, `models`, `name` and `x-` keys. Paths are labels like those of sources.
    pub model: Item,
}

/// What is said of a service besides its container.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its container.
    pub container: ContainerId,
    /// How its image is built.
    pub build: Option<ServiceBuild>,
    /// The services it waits for.
    pub depends_on: Vec<Dependency>,
    /// The networks it is in, by their keys; `default` is implied.
    pub networks: Vec<Attachment>,
    /// `network_mode`.
    pub network_mode: Option<Spanned<String>>,
    /// The profiles that start it; none for a service that always starts.
    pub profiles: Vec<String>,
    /// `container_name`.
    pub container_name: Option<Spanned<String>>,
    /// `hostname`.
    pub hostname: Option<Spanned<String>>,
    /// How many containers it has, where that is said.
    pub replicas: Option<Spanned<i64>>,
}

/// How the image of a service is built.
#[derive(Debug)]
pub struct ServiceBuild {
    /// The context: a directory's label, or an address.
    pub context: Spanned<String>,
    /// The Dockerfile's label, or a path in a context that is an address; `None` where it is written inline.
    pub dockerfile: Option<Spanned<String>>,
    /// The stage that is built.
    pub target: Option<Spanned<String>>,
    /// The arguments, where they have a value.
    pub args: Vec<(Spanned<String>, Option<String>)>,
}

/// A service that another waits for.
#[derive(Debug)]
pub struct Dependency {
    /// Its name.
    pub service: Spanned<String>,
    /// `service_started`, `service_healthy` or `service_completed_successfully`.
    pub condition: String,
    /// It must be there.
    pub required: bool,
}

/// A network that a service is in.
#[derive(Debug)]
pub struct Attachment {
    /// The network's key.
    pub network: String,
    /// Where it is written.
    pub span: Option<Span>,
    /// Other names of the service in it.
    pub aliases: Vec<Spanned<String>>,
}

impl Composition {
    /// What is said of a service, in long form; see [`Composition::model`].
    pub fn service(&self, name: &str) -> Option<&Item> {
        self.model.get("services")?.get(name)
    }

    /// What Compose refuses or warns of, of one kind.
    pub fn problems_of(&self, kind: ProblemKind) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(move |problem| problem.kind == kind)
    }

    /// Whether it takes in files that were not read, so that it may say more than is known.
    pub fn is_incomplete(&self) -> bool {
        self.problems.iter().any(|p| matches!(p.kind, ProblemKind::OutsideFile | ProblemKind::TooLarge))
    }

    /// What the `.env` beside it sets, as far as that takes nothing from outside.
    pub fn dotenv(&self, files: &Files) -> BTreeMap<String, String> {
        let text = files.text(&self.directory.join(".env"));
        let written = text.into_iter().flat_map(|text| {
            dotenv::written(text).into_iter().filter_map(|w| Some((text.get(w.name)?.to_owned(), w.value?)))
        });
        written.collect()
    }

    /// Where a service is written first.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.service(name)?.place
    }
}

/// Lowers every Compose file.
pub(super) fn lower(
    mut chains: Chains,
    parses: &[Parse],
    files: &Files,
) -> (Vec<Composition>, Vec<Container>) {
    chains.load(parses, files, true);
    let mut compositions = chains.compositions();
    let lowered: Vec<Vec<Container>> =
        compositions.par_iter_mut().enumerate().map(|(at, made)| lower::lower(made, at)).collect();
    let mut containers = Vec::with_capacity(lowered.iter().map(Vec::len).sum());
    for (composition, mut own) in compositions.iter_mut().zip(lowered) {
        let before = containers.len() as u32;
        composition.services.iter_mut().for_each(|service| service.container.0 += before);
        own.iter_mut().for_each(|container| container.id.0 += before);
        containers.append(&mut own);
    }
    (compositions, containers)
}

/// Loads a chain of Compose files as one project on a machine, for the differential test and for whoever must see what
/// Compose itself would.
pub fn load(
    parses: &[Parse],
    files: &Files,
    chain: &[Utf8PathBuf],
    host: &Host,
) -> (Composition, Vec<Utf8PathBuf>) {
    let library = load::Library::new(parses, files);
    let (composition, wanted) = chain::composition(&library, chain, host);
    (composition, wanted.into_iter().collect())
}

/// Writes a change of a service back.
pub(super) fn set(project: &Project, container: &Container, intent: &Intent) -> Option<Vec<Edit>> {
    write::set(project, container, intent)
}
