//! Which files make a project together.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::{Kind, SourceId};

use super::load::{Host, Loader};
use super::{Composition, ProblemKind};
use crate::parse::{Parse, normalise};

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

/// Loads a chain as one project.
pub(super) fn composition(loader: &mut Loader<'_>, chain: &[Utf8PathBuf], host: &Host) -> Composition {
    let directory = chain.first().and_then(|path| path.parent()).unwrap_or(Utf8Path::new("")).to_owned();
    let loaded = loader.load(chain, &directory, host);
    let id = |path: &Utf8PathBuf| loader.source_of(path);
    Composition {
        name: loaded.name,
        files: chain.iter().filter_map(id).collect(),
        used: loaded.included.iter().chain(&loaded.extended).copied().collect(),
        unasked: false,
        directory,
        services: Vec::new(),
        profiles: loaded.profiles,
        problems: loaded.problems,
        model: loaded.model,
    }
}

/// Every project of a repository: for each directory the files that Compose takes there unasked, then each other file,
/// over the one it overrides where it cannot stand alone. Chains that are named are projects as well.
pub(super) fn compositions(
    loader: &mut Loader<'_>,
    parses: &[Parse],
    asked: &[Vec<Utf8PathBuf>],
) -> Vec<Composition> {
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
    let host = Host::default();
    let mut found: Vec<Composition> = Vec::new();
    let mut chained: BTreeSet<SourceId> = BTreeSet::new();
    let mut bases: BTreeMap<&Utf8Path, &Parse> = BTreeMap::new();
    for (directory, files) in &directories {
        let first = |names: &[&str]| names.iter().find_map(|name| files.get(name).copied());
        let base = first(&DEFAULTS);
        if let Some(base) = base {
            bases.insert(directory, base);
        }
        let named = named_chain(loader, directory, &host);
        let known = |path: &Utf8PathBuf| loader.source_of(path).is_some();
        let chain = match (named, base) {
            (Some(named), _) if named.iter().all(known) => named,
            (_, Some(base)) => {
                let over = first(&OVERRIDES);
                [Some(base), over].into_iter().flatten().map(|parse| parse.source.path.clone()).collect()
            }
            _ => continue,
        };
        let made = Composition { unasked: true, ..composition(loader, &chain, &host) };
        chained.extend(&made.files);
        found.push(made);
    }
    let mut others: Vec<&Parse> = directories
        .values()
        .flat_map(BTreeMap::values)
        .copied()
        .filter(|parse| !chained.contains(&parse.id))
        .collect();
    others.sort_by_key(|parse| parse.id);
    let mut later: Vec<(&Parse, Composition)> = Vec::new();
    for parse in others {
        let path = &parse.source.path;
        let siblings = path.parent().and_then(|directory| directories.get(directory));
        let base = match siblings {
            Some(siblings) => base_of(parse, siblings, &bases),
            None => None,
        };
        let chain: Vec<Utf8PathBuf> =
            base.into_iter().map(|base| base.source.path.clone()).chain([path.clone()]).collect();
        later.push((parse, composition(loader, &chain, &host)));
    }
    // What others include is theirs; what they extend is a project of its own where Compose takes it for one.
    let used: BTreeSet<SourceId> =
        found.iter().chain(later.iter().map(|(_, c)| c)).flat_map(|c| c.used.iter().copied()).collect();
    let refused = |c: &Composition| c.problems.iter().any(|problem| problem.kind.is_refused());
    let included = |c: &Composition| c.problems.iter().any(|problem| problem.kind == ProblemKind::NoImage);
    for (parse, made) in later {
        if used.contains(&parse.id) && (refused(&made) || included(&made)) {
            continue;
        }
        found.push(made);
    }
    for chain in asked {
        let ids: Vec<SourceId> = chain.iter().filter_map(|path| loader.source_of(path)).collect();
        if ids.len() == chain.len() && !found.iter().any(|c| c.files == ids) {
            found.push(composition(loader, chain, &host));
        }
    }
    found.sort_by_key(|c| (c.files.last().copied(), c.files.len()));
    found
}

/// The chain that `COMPOSE_FILE` in a directory's `.env` names.
fn named_chain(loader: &mut Loader<'_>, directory: &Utf8Path, host: &Host) -> Option<Vec<Utf8PathBuf>> {
    let (env, _) = loader.dotenv(directory, host);
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
