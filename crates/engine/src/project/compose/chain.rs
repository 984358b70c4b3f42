//! Which files make a project together.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::{Kind, SourceId};

use super::load::{Host, Library, Loader};
use super::{Composition, ProblemKind};
use crate::parse::{Files, Parse, normalise};

/// The names Compose looks for, the first of them first.
pub(super) const DEFAULTS: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What is merged on one of those unasked.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Loads a chain as one project; also the texts that it wants and that were not asked for yet.
pub(super) fn composition(
    library: &Library<'_>,
    chain: &[Utf8PathBuf],
    host: &Host,
) -> (Composition, BTreeSet<Utf8PathBuf>) {
    let directory = chain.first().and_then(|path| path.parent()).unwrap_or(Utf8Path::new("")).to_owned();
    let mut loader = Loader::new(library);
    let loaded = loader.load(chain, &directory, host);
    let composition = Composition {
        name: loaded.name,
        files: chain.iter().filter_map(|path| library.source_of(path)).collect(),
        used: loaded.included.iter().chain(&loaded.extended).copied().collect(),
        unasked: false,
        directory,
        services: Vec::new(),
        profiles: loaded.profiles,
        problems: loaded.problems,
        model: loaded.model,
    };
    (composition, loader.wanted)
}

/// Every project of a repository: for each directory the files that Compose takes there unasked, then each other file,
/// over the one it overrides where it cannot stand alone. Chains that are named are projects as well.
#[derive(Default)]
pub(in crate::project) struct Chains {
    /// `None` until what the `.env`s say of it is known.
    chains: Option<Vec<Chain>>,
}

/// Files that may make a project together.
struct Chain {
    files: Vec<Utf8PathBuf>,
    way: Way,
    /// The project, once all it needs was there.
    made: Option<Composition>,
}

/// How files come to be a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Compose takes them unasked.
    Unasked,
    /// Nothing says that this file, the last one, is of a project.
    Other(SourceId),
    /// The user names them.
    Named,
}

impl Chains {
    /// Loads what was not loaded yet, and tells which texts that takes that were not asked for. What lacks one is loaded
    /// again, unless this is the last time: then it stays as it is.
    pub(in crate::project) fn load(
        &mut self,
        parses: &[Parse],
        files: &Files,
        last: bool,
    ) -> BTreeSet<Utf8PathBuf> {
        let unplanned = self.chains.is_none();
        if unplanned && !parses.iter().any(|parse| parse.source.kind == Kind::Compose) {
            return BTreeSet::new();
        }
        let library = Library::new(parses, files);
        if unplanned {
            let (plan, wanted) = plan(&library, parses, &files.chains);
            if !wanted.is_empty() && !last {
                return wanted;
            }
            self.chains = Some(plan);
        }
        let missing = self.chains.par_iter_mut().flatten().filter(|chain| chain.made.is_none());
        let wanted = missing.flat_map_iter(|chain| {
            let (made, wanted) = composition(&library, &chain.files, &Host::default());
            if last || wanted.is_empty() {
                chain.made = Some(made);
            }
            wanted
        });
        wanted.collect()
    }

    /// The projects that were loaded.
    pub(in crate::project) fn compositions(self) -> Vec<Composition> {
        let loaded = self.chains.into_iter().flatten().filter_map(|chain| Some((chain.way, chain.made?)));
        let (mut found, mut others, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for (way, made) in loaded {
            match way {
                Way::Unasked => found.push(Composition { unasked: true, ..made }),
                Way::Other(file) => others.push((file, made)),
                Way::Named => named.push(made),
            }
        }
        // What others include is theirs; what they extend is a project of its own where Compose takes it for one.
        let all = found.iter().chain(others.iter().map(|(_, made)| made));
        let used: BTreeSet<SourceId> = all.flat_map(|made| made.used.iter().copied()).collect();
        let refused = |c: &Composition| c.problems.iter().any(|problem| problem.kind.is_refused());
        let included =
            |c: &Composition| c.problems.iter().any(|problem| problem.kind == ProblemKind::NoImage);
        let stands = |(file, made): &(SourceId, Composition)| {
            !used.contains(file) || !refused(made) && !included(made)
        };
        found.extend(others.into_iter().filter(stands).map(|(_, made)| made));
        for made in named {
            if !found.iter().any(|other| other.files == made.files) {
                found.push(made);
            }
        }
        found.sort_by_key(|c| (c.files.last().copied(), c.files.len()));
        found
    }
}

/// The chains of a repository, and the texts that decide which they are and that were not asked for yet.
fn plan(
    library: &Library<'_>,
    parses: &[Parse],
    named: &[Vec<Utf8PathBuf>],
) -> (Vec<Chain>, BTreeSet<Utf8PathBuf>) {
    let mut directories: BTreeMap<&Utf8Path, BTreeMap<&str, &Parse>> = BTreeMap::new();
    for parse in parses {
        if parse.source.kind != Kind::Compose || parse.yaml().is_none() {
            continue;
        }
        let path = &parse.source.path;
        if let Some(name) = path.file_name() {
            directories.entry(path.parent().unwrap_or(Utf8Path::new(""))).or_default().insert(name, parse);
        }
    }
    let mut chains: Vec<Chain> = Vec::new();
    let mut chained: BTreeSet<SourceId> = BTreeSet::new();
    let mut bases: BTreeMap<&Utf8Path, &Parse> = BTreeMap::new();
    let mut loader = Loader::new(library);
    for (directory, files) in &directories {
        let first = |names: &[&str]| names.iter().find_map(|name| files.get(name).copied());
        let base = first(&DEFAULTS);
        if let Some(base) = base {
            bases.insert(directory, base);
        }
        let listed = listed_chain(&mut loader, directory);
        let known = |path: &Utf8PathBuf| library.source_of(path).is_some();
        let files: Vec<Utf8PathBuf> = match (listed, base) {
            (Some(listed), _) if listed.iter().all(known) => listed,
            (_, Some(base)) => {
                let over = first(&OVERRIDES);
                [Some(base), over].into_iter().flatten().map(|parse| parse.source.path.clone()).collect()
            }
            _ => continue,
        };
        chained.extend(files.iter().filter_map(|path| library.source_of(path)));
        chains.push(Chain { files, way: Way::Unasked, made: None });
    }
    let mut others: Vec<&Parse> = directories
        .values()
        .flat_map(BTreeMap::values)
        .copied()
        .filter(|parse| !chained.contains(&parse.id))
        .collect();
    others.sort_by_key(|parse| parse.id);
    for parse in others {
        let path = &parse.source.path;
        let siblings = path.parent().and_then(|directory| directories.get(directory));
        let base = siblings.and_then(|siblings| base_of(parse, siblings, &bases));
        let base = base.map(|base| base.source.path.clone());
        let files = base.into_iter().chain([path.clone()]).collect();
        chains.push(Chain { files, way: Way::Other(parse.id), made: None });
    }
    let known = |chain: &&Vec<Utf8PathBuf>| chain.iter().all(|path| library.source_of(path).is_some());
    for files in named.iter().filter(known) {
        chains.push(Chain { files: files.clone(), way: Way::Named, made: None });
    }
    (chains, loader.wanted)
}

/// The chain that `COMPOSE_FILE` in a directory's `.env` names.
fn listed_chain(loader: &mut Loader<'_>, directory: &Utf8Path) -> Option<Vec<Utf8PathBuf>> {
    let (env, _) = loader.dotenv(directory, &Host::default());
    let names = env.text("COMPOSE_FILE")?;
    let separator = env.text("COMPOSE_PATH_SEPARATOR").unwrap_or(":");
    Some(names.split(separator).map(|name| normalise(&directory.join(name))).collect())
}

/// The services of a file that are nothing without another file: no image, no build, nobody they extend.
fn incomplete(parse: &Parse) -> BTreeSet<String> {
    let complete = |service: Node<'_>| {
        ["image", "build", "extends", "provider"].iter().any(|key| service.get(key).is_some())
    };
    services(parse, |service| !complete(service))
}

/// The names of some services of a file.
fn services(parse: &Parse, which: impl Fn(Node<'_>) -> bool) -> BTreeSet<String> {
    let roots = parse.yaml().into_iter().flat_map(|yaml| yaml.documents().flatten());
    roots
        .filter_map(|root| root.get("services"))
        .flat_map(Node::merged)
        .filter(|entry| which(entry.value))
        .filter_map(|entry| entry.key.scalar().map(std::borrow::Cow::into_owned))
        .collect()
}

/// The file that another one overrides, if it cannot stand alone: the one it is named after, or that of its directory or
/// of one above, or another one beside it that defines what it lacks.
fn base_of<'p>(
    parse: &Parse,
    siblings: &BTreeMap<&str, &'p Parse>,
    bases: &BTreeMap<&Utf8Path, &'p Parse>,
) -> Option<&'p Parse> {
    let path = &parse.source.path;
    let lacking = incomplete(parse);
    if lacking.is_empty() {
        return None;
    }
    let name = path.file_name()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let mut named: Vec<&Parse> = Vec::new();
    let mut rest = stem;
    while let Some((before, _)) = rest.rsplit_once(['.', '-', '_']) {
        for extension in [extension, "yml", "yaml"] {
            named.extend(siblings.get(format!("{before}.{extension}").as_str()).copied());
        }
        rest = before;
    }
    let above = path.ancestors().skip(1).filter_map(|directory| bases.get(directory).copied());
    named.into_iter().chain(above).chain(siblings.values().copied()).find(|base| {
        base.id != parse.id && incomplete(base).is_empty() && services(base, |_| true).is_superset(&lacking)
    })
}
