//! Walks directories in parallel, and knows which files lie within them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder, WalkState};
use seaworthy_engine::parse::normalise;

use super::kind::{Candidate, candidate};
use crate::error::reason;

/// What a walk saw.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files worth opening, by label, with their real paths.
    pub(super) candidates: BTreeMap<Utf8PathBuf, Entry>,
    /// The names of all files, ignored ones too.
    pub(super) names: BTreeSet<Utf8PathBuf>,
    /// Directories that were entered.
    pub(super) entered: BTreeSet<Utf8PathBuf>,
    /// Directories that were not entered: ignored ones, dependencies, symbolic links.
    pub(super) closed: BTreeSet<Utf8PathBuf>,
    /// What could not be read, with the reason.
    pub(super) unreadable: Vec<String>,
}

/// A file worth opening.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) candidate: Candidate,
    pub(super) symlink: bool,
}

enum Seen {
    Directory(Utf8PathBuf),
    Child { label: Utf8PathBuf, directory: bool },
    Candidate(Utf8PathBuf, Entry),
    Unreadable(String),
}

/// Directories of other people's code and of tools, never entered.
const CLOSED: [&str; 12] = [
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "bower_components",
    "site-packages",
    ".venv",
    ".tox",
    ".terraform",
    "__pycache__",
    ".direnv",
];

/// Walks a directory. `root` is how it was named, `cwd` the directory that labels start from.
pub(super) fn walk(root: &Utf8Path, cwd: &Utf8Path) -> Walked {
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        .require_git(false)
        .threads(rayon::current_num_threads())
        .filter_entry(|entry| entry.depth() == 0 || !is_closed(entry));
    let (sender, receiver) = mpsc::channel();
    let collector = std::thread::spawn(move || {
        let mut walked = Walked::default();
        let mut entered = BTreeSet::new();
        for seen in receiver {
            match seen {
                Seen::Directory(label) => {
                    entered.insert(label);
                }
                Seen::Child { label, directory: true } => {
                    walked.closed.insert(label);
                }
                Seen::Child { label, directory: false } => {
                    walked.names.insert(label);
                }
                Seen::Candidate(label, entry) => {
                    walked.candidates.insert(label, entry);
                }
                Seen::Unreadable(message) => walked.unreadable.push(message),
            }
        }
        walked.closed.retain(|path| !entered.contains(path));
        walked.entered = entered;
        walked
    });
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            match entry {
                Ok(entry) => visit(&entry, cwd, &sender),
                Err(error) => {
                    if let Some(message) = explain(&error, cwd) {
                        let _ = sender.send(Seen::Unreadable(message));
                    }
                }
            }
            WalkState::Continue
        })
    });
    drop(sender);
    collector.join().unwrap_or_default()
}

fn visit(entry: &DirEntry, cwd: &Utf8Path, sender: &Sender<Seen>) {
    let Some(path) = Utf8Path::from_path(entry.path()) else {
        if candidate(Utf8Path::new(&entry.file_name().to_string_lossy())).is_some() {
            let shown = entry.path().to_string_lossy().into_owned();
            let _ = sender.send(Seen::Unreadable(format!(
                "{shown}: the name is not UTF-8, so the file is left out; rename it"
            )));
        }
        return;
    };
    let Some(kind) = entry.file_type() else { return };
    let label = label(path, cwd);
    if kind.is_dir() {
        for child in fs::read_dir(path).into_iter().flatten().flatten() {
            let Some(name) = child.file_name().to_str().map(|n| label.join(n)) else { continue };
            // A symbolic link to a directory is not entered: what lies behind it is not known.
            let directory =
                child.file_type().is_ok_and(|t| t.is_dir() || t.is_symlink() && child.path().is_dir());
            let _ = sender.send(Seen::Child { label: name, directory });
        }
        let _ = sender.send(Seen::Directory(label));
        return;
    }
    if !kind.is_file() && !kind.is_symlink() {
        return;
    }
    if let Some(candidate) = candidate(path) {
        let entry = Entry { path: path.into(), candidate, symlink: kind.is_symlink() };
        let _ = sender.send(Seen::Candidate(label, entry));
    }
}

fn is_closed(entry: &DirEntry) -> bool {
    if !entry.file_type().is_some_and(|t| t.is_dir()) {
        return false;
    }
    let name = entry.file_name().to_str().unwrap_or_default();
    CLOSED.contains(&name) || name == "vendor" && is_vendored(entry.path())
}

/// Whether a directory called `vendor` holds what a package manager put there.
fn is_vendored(path: &Path) -> bool {
    let beside = |name: &str| path.parent().is_some_and(|p| p.join(name).exists());
    ["modules.txt", "autoload.php", "bundle", "cache"].iter().any(|name| path.join(name).exists())
        || ["go.mod", "composer.json", "Gemfile"].iter().any(|name| beside(name))
}

/// How a path is called in messages: relative to the current directory where it lies below it.
pub(super) fn label(path: &Utf8Path, cwd: &Utf8Path) -> Utf8PathBuf {
    match normalise(&cwd.join(path)).strip_prefix(cwd) {
        Ok(below) => below.to_owned(),
        Err(_) => normalise(path),
    }
}

/// Says what the walk could not read; `None` for what is no loss.
fn explain(error: &ignore::Error, cwd: &Utf8Path) -> Option<String> {
    match error {
        ignore::Error::WithPath { path, err } => {
            let path = Utf8Path::from_path(path)
                .map_or_else(|| path.to_string_lossy().into_owned(), |p| label(p, cwd).into_string());
            let why = err.io_error().map_or_else(|| err.to_string(), reason);
            Some(format!("{path}: {why}; what lies in it is not checked"))
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => explain(err, cwd),
        ignore::Error::Partial(errors) => errors.iter().find_map(|e| explain(e, cwd)),
        ignore::Error::Loop { .. } => None,
        other => Some(other.to_string()),
    }
}

/// The directories that the run may read from: nothing outside of them is opened, whatever a file says.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    roots: Vec<PathBuf>,
}

impl Tree {
    /// Adds a directory.
    pub(super) fn add(&mut self, directory: &Path) {
        if let Ok(root) = directory.canonicalize()
            && !self.roots.contains(&root)
        {
            self.roots.push(root);
        }
    }

    /// The real path of a file, if it exists and lies in the tree with all symbolic links followed.
    pub(crate) fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        self.roots.iter().any(|root| real.starts_with(root)).then_some(real)
    }
}

/// The top of the repository that a directory lies in.
pub(super) fn repository(directory: &Path) -> Option<PathBuf> {
    let real = directory.canonicalize().ok()?;
    real.ancestors().find(|d| d.join(OsStr::new(".git")).exists()).map(Path::to_owned)
}
