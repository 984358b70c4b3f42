//! Walks directories in parallel, and knows which files lie within them.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::prelude::*;
use seaworthy_engine::parse::{Files, normalise};

use super::kind::{Candidate, candidate};
use crate::error::reason;

/// What a walk saw.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files worth opening, each with its label and its real path; in order once [`Walked::settle`] ran.
    pub(super) candidates: Vec<(Utf8PathBuf, Entry)>,
    /// The names of everything, ignored files too.
    pub(super) files: Files,
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

impl Walked {
    /// Puts the candidates in order; one that two walks came by counts once.
    pub(super) fn settle(&mut self) {
        self.candidates.par_sort_by(|(a, _), (b, _)| order(a, b));
        self.candidates.dedup_by(|(a, _), (b, _)| a == b);
    }
}

/// The order of paths: that of their components. Where two differ in a letter of a name it tells, without reading all
/// components before.
pub(super) fn order(a: &Utf8Path, b: &Utf8Path) -> Ordering {
    let differ = a.as_str().bytes().zip(b.as_str().bytes()).find(|(a, b)| a != b);
    match differ {
        Some((x, y)) if ![x, y].contains(&b'/') && ![x, y].contains(&b'.') => x.cmp(&y),
        _ => a.cmp(b),
    }
}

enum Seen {
    Directory { label: Utf8PathBuf, files: Vec<Box<str>>, directories: Vec<Box<str>> },
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

/// Walks a directory, and adds to what was seen. `root` is how it was named, `cwd` the directory that labels start from.
pub(super) fn walk(root: &Utf8Path, cwd: &Utf8Path, walked: &mut Walked) {
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        .require_git(false)
        .threads(rayon::current_num_threads())
        .filter_entry(|entry| entry.depth() == 0 || !is_closed(entry));
    let (sender, receiver) = mpsc::channel();
    let mut so_far = std::mem::take(walked);
    let collector = std::thread::spawn(move || {
        for seen in receiver {
            match seen {
                Seen::Directory { label, files, directories } => {
                    for name in directories {
                        so_far.files.add_closed(label.join(&*name));
                    }
                    so_far.files.add_directory(label, files);
                }
                Seen::Candidate(label, entry) => {
                    so_far.candidates.push((label, entry));
                }
                Seen::Unreadable(message) => so_far.unreadable.push(message),
            }
        }
        so_far
    });
    let labels = Labels::below(root, cwd);
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        let labels = &labels;
        Box::new(move |entry| {
            match entry {
                Ok(entry) => visit(&entry, labels, &sender),
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
    *walked = collector.join().unwrap_or_default();
    walked.files.add_root(label(root, cwd));
}

fn visit(entry: &DirEntry, labels: &Labels<'_>, sender: &Sender<Seen>) {
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
    let label = labels.of(path);
    if kind.is_dir() {
        let (files, directories) = children(path.as_std_path());
        let _ = sender.send(Seen::Directory { label, files, directories });
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

/// The names of the files in a directory, and of the directories.
pub(super) fn children(directory: &Path) -> (Vec<Box<str>>, Vec<Box<str>>) {
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    for child in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Some(name) = child.file_name().to_str().map(Box::from) else { continue };
        // A symbolic link to a directory is not entered: what lies behind it is not known.
        let is_directory =
            child.file_type().is_ok_and(|t| t.is_dir() || t.is_symlink() && child.path().is_dir());
        if is_directory { directories.push(name) } else { files.push(name) }
    }
    (files, directories)
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

/// The labels of what lies below a directory.
struct Labels<'a> {
    root: &'a Utf8Path,
    cwd: &'a Utf8Path,
    /// That of the directory, where it lies below the current one: then those below it only go on from there.
    head: Option<Utf8PathBuf>,
}

impl<'a> Labels<'a> {
    fn below(root: &'a Utf8Path, cwd: &'a Utf8Path) -> Self {
        let head = Some(label(root, cwd)).filter(|head| !head.is_absolute() && !head.starts_with(".."));
        Self { root, cwd, head }
    }

    fn of(&self, path: &Utf8Path) -> Utf8PathBuf {
        let rest = path.as_str().strip_prefix(self.root.as_str());
        match (&self.head, rest.and_then(|rest| rest.strip_prefix('/'))) {
            (Some(head), Some(rest)) => head.join(rest),
            _ => label(path, self.cwd),
        }
    }
}

/// How a path is called in messages: relative to the current directory where it lies below it.
pub(crate) fn label(path: &Utf8Path, cwd: &Utf8Path) -> Utf8PathBuf {
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
    /// What lies in a directory.
    pub(crate) fn of(directory: &Path) -> Self {
        let mut tree = Self::default();
        tree.add(directory);
        tree
    }

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
