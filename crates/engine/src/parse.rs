//! Sources become trees, and the names around them become [`Files`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use seaworthy_syntax::dockerfile::Dockerfile;
use seaworthy_syntax::yaml::Yaml;
use seaworthy_syntax::{Kind, Source, SourceId, Spanned};

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

/// Parses a source. Total: errors are kept beside the tree.
pub fn parse(id: SourceId, source: Source) -> Parse {
    let document = match source.kind {
        Kind::Dockerfile => Document::Dockerfile(Dockerfile::parse(id, &source.text)),
        Kind::Compose | Kind::Manifest | Kind::Workflow => Document::Yaml(Yaml::parse(id, &source.text)),
        Kind::Chart | Kind::Ignore => Document::Text,
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
    names: BTreeSet<Utf8PathBuf>,
    texts: BTreeMap<Utf8PathBuf, Option<Arc<str>>>,
    /// The directories whose names are complete, so that what is not listed below them does not exist.
    roots: Vec<Utf8PathBuf>,
    /// Directories that were listed.
    directories: BTreeSet<Utf8PathBuf>,
    /// Directories that exist and were not listed: what lies below them is not known.
    closed: BTreeSet<Utf8PathBuf>,
}

impl Files {
    /// Files from complete listings of directories.
    pub fn new(roots: Vec<Utf8PathBuf>, names: BTreeSet<Utf8PathBuf>) -> Self {
        Self { names, roots, ..Self::default() }
    }

    /// Adds directories: those whose files are among the names, and those that exist but were not listed.
    pub fn add_directories(&mut self, listed: BTreeSet<Utf8PathBuf>, closed: BTreeSet<Utf8PathBuf>) {
        self.directories.extend(listed);
        self.closed.extend(closed);
    }

    /// Adds the text that was asked for; `None` where there is no such file.
    pub fn add_text(&mut self, path: Utf8PathBuf, text: Option<Arc<str>>) {
        if text.is_some() {
            self.names.insert(path.clone());
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
        let known = [&self.names, &self.directories, &self.closed].iter().any(|set| set.contains(path));
        if known || self.below(path).next().is_some() {
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

    /// The files below a directory, in order.
    pub fn below<'a>(&'a self, directory: &'a Utf8Path) -> impl Iterator<Item = &'a Utf8Path> {
        self.names
            .range(directory.to_owned()..)
            .map(Utf8PathBuf::as_path)
            .skip_while(move |path| *path == directory)
            .take_while(move |path| directory.as_str().is_empty() || path.starts_with(directory))
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
