//! Sources become trees, and the names around them become [`Files`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use seaworthy_syntax::dockerfile::Dockerfile;
use seaworthy_syntax::yaml::Yaml;
use seaworthy_syntax::{Kind, Source, SourceId, Spanned};

use crate::project::charts::Given;

/// A source and the tree that stands for it.
#[derive(Debug)]
pub struct Parse {
    /// Its number: its place among the sources of the run.
    pub id: SourceId,
    /// The text.
    pub source: Source,
    /// The tree.
    pub document: Document,
}

/// The tree of a source.
#[derive(Debug)]
pub enum Document {
    /// A Dockerfile.
    Dockerfile(Dockerfile),
    /// A Compose file, manifest or workflow.
    Yaml(Yaml),
    /// A text that has no tree of ours, a Helm template for example.
    Text,
}

/// Parses a source. Total: errors are kept beside the tree. A Compose file or manifest that is a template becomes one of a
/// chart: [`Kind::Chart`].
pub fn parse(id: SourceId, mut source: Source) -> Parse {
    let document = match source.kind {
        Kind::Dockerfile => Document::Dockerfile(Dockerfile::parse(id, &source.text)),
        Kind::Compose | Kind::Manifest | Kind::Workflow => {
            let yaml = Yaml::parse(id, &source.text);
            // Only its tree tells that it is none before an engine ran over it.
            if source.kind != Kind::Workflow && yaml.is_template() {
                source.kind = Kind::Chart;
                Document::Text
            } else {
                Document::Yaml(yaml)
            }
        }
        Kind::Chart | Kind::Ignore | Kind::Env => Document::Text,
    };
    Parse { id, source, document }
}

impl Parse {
    /// What is no valid syntax, in the order of the file.
    pub fn errors(&self) -> &[Spanned<String>] {
        match &self.document {
            Document::Dockerfile(dockerfile) => &dockerfile.errors,
            Document::Yaml(yaml) => yaml.errors(),
            Document::Text => &[],
        }
    }

    /// The tree of a Compose file, manifest or workflow.
    pub fn yaml(&self) -> Option<&Yaml> {
        match &self.document {
            Document::Yaml(yaml) => Some(yaml),
            _ => None,
        }
    }

    /// The tree of a Dockerfile.
    pub fn dockerfile(&self) -> Option<&Dockerfile> {
        match &self.document {
            Document::Dockerfile(dockerfile) => Some(dockerfile),
            _ => None,
        }
    }
}

/// What else lies in the repository: the names of files, and the texts that a lowering asked for.
///
/// Paths are labels like those of sources: relative to where the run started, with `/`, without `.` and, but for a
/// leading run of them, without `..`; see [`normalise`].
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The directories that were listed, each with the names of the files in it, sorted.
    directories: BTreeMap<Utf8PathBuf, Vec<Box<str>>>,
    texts: BTreeMap<Utf8PathBuf, Option<Arc<str>>>,
    /// The directories that are listed with all below them, so that what is not there does not exist.
    roots: Vec<Utf8PathBuf>,
    /// Directories that exist and were not listed: what lies below them is not known.
    closed: BTreeSet<Utf8PathBuf>,
    /// Chains of Compose files that somebody named, as `docker compose -f a.yaml -f b.yaml` does: each is a project, besides
    /// those that Compose finds unasked.
    pub chains: Vec<Vec<Utf8PathBuf>>,
    /// What charts are rendered with besides their own values.
    pub charts: Given,
}

impl Files {
    /// Files from complete listings of directories.
    pub fn new(roots: Vec<Utf8PathBuf>, names: BTreeSet<Utf8PathBuf>) -> Self {
        let mut files = Self { roots, ..Self::default() };
        for path in names {
            files.add_name(&path);
        }
        files
    }

    /// Adds a directory below which everything is listed.
    pub fn add_root(&mut self, directory: Utf8PathBuf) {
        self.roots.push(directory);
    }

    /// Adds a directory with the names of its files.
    pub fn add_directory(&mut self, directory: Utf8PathBuf, mut names: Vec<Box<str>>) {
        names.sort_unstable();
        self.closed.remove(&directory);
        self.directories.insert(directory, names);
    }

    /// Adds a directory that exists, if it is not listed: what lies below it is not known.
    pub fn add_closed(&mut self, directory: Utf8PathBuf) {
        if !self.directories.contains_key(&directory) {
            self.closed.insert(directory);
        }
    }

    fn add_name(&mut self, path: &Utf8Path) {
        if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
            let names = self.directories.entry(directory.to_owned()).or_default();
            if let Err(at) = names.binary_search_by(|n| (**n).cmp(name)) {
                names.insert(at, name.into());
            }
        }
    }

    /// Whether there is a file of this path; also false where that is not known.
    pub fn is_file(&self, path: &Utf8Path) -> bool {
        let names = path.parent().and_then(|directory| self.directories.get(directory));
        names
            .zip(path.file_name())
            .is_some_and(|(names, name)| names.binary_search_by(|n| (**n).cmp(name)).is_ok())
    }

    /// Adds the text that was asked for; `None` where there is no such file.
    pub fn add_text(&mut self, path: Utf8PathBuf, text: Option<Arc<str>>) {
        if text.is_some() {
            self.add_name(&path);
        }
        self.texts.insert(path, text);
    }

    /// Whether a text was asked for before.
    pub fn has_asked(&self, path: &Utf8Path) -> bool {
        self.texts.contains_key(path)
    }

    /// The text of a file that was asked for.
    pub fn text(&self, path: &Utf8Path) -> Option<&Arc<str>> {
        self.texts.get(path)?.as_ref()
    }

    /// Whether a file or directory exists; `None` outside of what was listed.
    pub fn exists(&self, path: &Utf8Path) -> Option<bool> {
        let is_directory = |path| self.closed.contains(path) || self.listed_below(path).next().is_some();
        if self.is_file(path) || is_directory(path) {
            return Some(true);
        }
        if path.ancestors().any(|above| self.closed.contains(above)) {
            return None;
        }
        let listed = self
            .roots
            .iter()
            .any(|root| root.as_str().is_empty() && !path.starts_with("..") || path.starts_with(root));
        listed.then_some(false)
    }

    /// The files below a directory, directory by directory.
    pub fn below<'a>(&'a self, directory: &'a Utf8Path) -> impl Iterator<Item = Utf8PathBuf> + 'a {
        self.listed_below(directory).flat_map(|(path, names)| names.iter().map(|name| path.join(&**name)))
    }

    /// The names of the files and directories in a directory.
    pub fn names_in<'a>(&'a self, directory: &'a Utf8Path) -> impl Iterator<Item = &'a str> {
        let files = self.directories.get(directory).into_iter().flatten().map(|name| &**name);
        let mut after = directory.to_owned();
        let listed = std::iter::from_fn(move || {
            let mut further =
                self.directories.range::<Utf8Path, _>((Bound::Excluded(&*after), Bound::Unbounded));
            let child = further.next()?.0.strip_prefix(directory).ok()?.components().next()?.as_str();
            // Sorts behind all that lies in the child, and before every other.
            after = directory.join(format!("{child}\u{1}"));
            Some(child)
        });
        let from = self.closed.range::<Utf8Path, _>((Bound::Excluded(directory), Bound::Unbounded));
        let closed = from.take_while(move |path| path.starts_with(directory));
        let closed =
            closed.filter_map(move |path| (path.parent()? == directory).then(|| path.file_name())?);
        files.chain(listed).chain(closed)
    }

    /// The files whose names end like this.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Vec<Utf8PathBuf> {
        let named = self.directories.iter().flat_map(|(directory, names)| {
            names.iter().filter(|name| name.ends_with(suffix)).map(|name| directory.join(&**name))
        });
        named.collect()
    }

    /// The directories that were listed, from one on downwards.
    fn listed_below<'a>(
        &'a self,
        directory: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a Utf8PathBuf, &'a Vec<Box<str>>)> {
        let all = directory.as_str().is_empty();
        let from = self.directories.range::<Utf8Path, _>((Bound::Included(directory), Bound::Unbounded));
        from.take_while(move |(path, _)| all || path.starts_with(directory))
    }
}

/// A path without `.` and with `..` taken back where it can be: lexical, nothing is looked up.
pub fn normalise(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if !matches!(out.file_name(), None | Some("..")) => {
                out.pop();
            }
            other => out.push(other.as_str()),
        }
    }
    out
}
