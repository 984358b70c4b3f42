//! How a variant stands to the file that is there already.

use std::cell::OnceCell;
use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::{Kind, Source};

use super::name;
use super::stamp::{self, Stamp};
use crate::project::{Build, Project};

/// A file that belongs to a variant: the Dockerfile itself, or its `.dockerignore`.
#[derive(Clone, Debug)]
pub struct Output {
    /// The file, with the text that it should have.
    pub source: Source,
    /// The file as it is; `None` where there is none.
    pub existing: Option<Source>,
    /// What is to be done with it.
    pub status: Status,
}

/// What is to be done with a file of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// There is none: it is written.
    New,
    /// It is as it should be.
    Current,
    /// It is as it was made, but of an earlier source or by an earlier release: it is written anew.
    Stale,
    /// It was edited by hand, and what it was made from comes to what it came to then: the edits stay.
    Edited,
    /// It was edited by hand and what it was made from says something else by now: it is left alone, and what would be
    /// written is shown.
    Conflict,
    /// Somebody wrote it without us: it is left alone, and compared.
    Foreign,
}

impl Status {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Edited => "edited",
            Self::Conflict => "conflict",
            Self::Foreign => "foreign",
        }
    }

    /// Whether the file is to be written.
    pub fn is_written(self) -> bool {
        matches!(self, Self::New | Self::Stale)
    }
}

/// A file of a variant, from what it is made of and what it comes to.
pub(super) fn output(
    from: &Source,
    body: &str,
    path: Utf8PathBuf,
    at: usize,
    existing: Option<Source>,
) -> Output {
    let stamp = Stamp {
        source: from.path.file_name().unwrap_or_default().to_owned(),
        source_digest: stamp::digest(from),
        digest: stamp::digest(&from.with_text(body)),
    };
    let mut source = from.with_text(stamp::write(&stamp, body, at));
    source.path = path;
    let status = match &existing {
        None => Status::New,
        Some(existing) => match stamp::read(&existing.text) {
            None if from.kind == Kind::Ignore && existing.text == from.text => Status::Current,
            None => Status::Foreign,
            Some((old, text)) => {
                let there = stamp::digest(&existing.with_text(text));
                if there == old.digest && old == stamp {
                    Status::Current
                } else if there == old.digest || there == stamp.digest {
                    Status::Stale
                } else if old.digest == stamp.digest {
                    Status::Edited
                } else {
                    Status::Conflict
                }
            }
        },
    };
    Output { source, existing, status }
}

/// A Dockerfile and the variant of it that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'p> {
    pub(crate) source: &'p Build,
    pub(crate) twin: &'p Build,
    pub(crate) relation: Relation,
}

/// How a variant that is there stands to its Dockerfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It is as it was made of the Dockerfile as it is: the two mean the same.
    InStep,
    /// It is as it was made, of an earlier Dockerfile.
    Stale,
    /// Somebody wrote or edited it.
    ByHand,
}

/// The Dockerfiles that have a variant, and the variants, in the order of the variants.
pub(crate) fn pairs(project: &Project) -> Vec<Pair<'_>> {
    let path = |build: &Build| project.parse(build.source).map(|p| p.source.path.as_path());
    let builds = || project.builds.iter().filter_map(|build| Some((build, path(build)?)));
    let mut pairs = Vec::new();
    // By their names, once there is a variant at all: a directory may have thousands.
    let named = OnceCell::new();
    for (twin, name) in builds() {
        let Some(parse) = project.parse(twin.source) else { continue };
        let stamp = stamp::read(&parse.source.text);
        if stamp.is_none() && !name::is_for_kubernetes(name) {
            continue;
        }
        let named = named.get_or_init(|| Named::of(builds()));
        let mut sources: Vec<&Build> = match &stamp {
            Some((stamp, _)) => named.at(&name.with_file_name(&stamp.source)),
            None => named.twins(name),
        };
        sources.retain(|source| source.id != twin.id);
        let [source] = sources[..] else { continue };
        let relation = match (&stamp, project.parse(source.source)) {
            (Some((stamp, body)), Some(from))
                if stamp::digest(&parse.source.with_text(body.as_str())) == stamp.digest =>
            {
                let fresh = stamp::digest(&from.source) == stamp.source_digest;
                if fresh { Relation::InStep } else { Relation::Stale }
            }
            _ => Relation::ByHand,
        };
        pairs.push(Pair { source, twin, relation });
    }
    pairs
}

/// Dockerfiles by their names.
struct Named<'p> {
    paths: HashMap<&'p Utf8Path, &'p Build>,
    /// Those that are not for Kubernetes, by their directories and the words of their names.
    words_of: HashMap<(Option<&'p Utf8Path>, Vec<String>), Vec<&'p Build>>,
    /// By where their variants are written.
    variants: HashMap<Utf8PathBuf, Vec<&'p Build>>,
}

impl<'p> Named<'p> {
    fn of(builds: impl Iterator<Item = (&'p Build, &'p Utf8Path)>) -> Self {
        let mut named = Self { paths: HashMap::new(), words_of: HashMap::new(), variants: HashMap::new() };
        for (build, path) in builds {
            named.paths.insert(path, build);
            named.variants.entry(name::of(path)).or_default().push(build);
            if !name::is_for_kubernetes(path) {
                named.words_of.entry((path.parent(), name::words(path))).or_default().push(build);
            }
        }
        named
    }

    fn at(&self, path: &Utf8Path) -> Vec<&'p Build> {
        self.paths.get(path).copied().into_iter().collect()
    }

    /// Those whose variant a Dockerfile is by its name.
    fn twins(&self, path: &Utf8Path) -> Vec<&'p Build> {
        let words = name::words_of_source(path);
        let by_words = words.and_then(|words| self.words_of.get(&(path.parent(), words)));
        let by_variant = self.variants.get(path);
        let mut found: Vec<&Build> = by_words.into_iter().chain(by_variant).flatten().copied().collect();
        found.sort_by_key(|build| build.id);
        found.dedup_by_key(|build| build.id);
        found
    }
}

/// The file of a path as the project knows it.
pub(super) fn existing(project: &Project, path: &Utf8Path, kind: Kind) -> Option<Source> {
    if let Some(parse) = project.parses().iter().find(|p| p.source.path == path) {
        return Some(parse.source.clone());
    }
    project.files.text(path).map(|text| Source::new(path, kind, text.clone()))
}

/// The `.dockerignore` of a Dockerfile's own.
pub(super) fn ignore_file(path: &Utf8Path) -> Utf8PathBuf {
    path.with_file_name(format!("{}.dockerignore", path.file_name().unwrap_or_default()))
}

/// The variant of a Dockerfile, by the Dockerfile's path: what [`variant`](super::variant) compares with has to be among
/// the sources too.
pub fn path_of(dockerfile: &Utf8Path) -> Utf8PathBuf {
    name::of(dockerfile)
}

/// The texts that [`variant`](super::variant) needs besides those of the project: the `.dockerignore`s of Dockerfiles and
/// of their variants.
pub fn wanted(project: &Project) -> Vec<Utf8PathBuf> {
    let mut wanted = Vec::new();
    for build in &project.builds {
        let Some(parse) = project.parse(build.source) else { continue };
        wanted.extend([ignore_file(&parse.source.path), ignore_file(&name::of(&parse.source.path))]);
    }
    wanted.retain(|path| !project.files.has_asked(path));
    wanted.sort();
    wanted.dedup();
    wanted
}
