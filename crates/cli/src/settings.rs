//! Finds the settings that apply to a file: the nearest `seaworthy.toml` above it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use seaworthy_engine::config::{Layer, Problem, Scope, Settings};
use seaworthy_engine::{Kind, Severity, Source};
use seaworthy_syntax::LineIndex;

use crate::error::{Error, reason};

/// What settings files are called.
const NAME: &str = "seaworthy.toml";

/// What hadolint's are called.
pub(crate) const HADOLINT: [&str; 2] = [".hadolint.yaml", ".hadolint.yml"];

/// The settings of every directory that was asked for.
pub(crate) struct Finder {
    cwd: Utf8PathBuf,
    /// The file that was named on the command line, which applies to everything.
    named: Option<Arc<Loaded>>,
    known: Mutex<HashMap<PathBuf, Nearest>>,
    /// The same by the directory of a label: every file asks.
    labelled: Mutex<HashMap<Box<str>, Nearest>>,
    problems: Mutex<Vec<String>>,
    /// What hadolint's variables say where there is no file of settings.
    variables: Option<Arc<Loaded>>,
}

/// The settings nearest to a directory.
#[derive(Clone, Default)]
struct Nearest {
    ours: Option<Arc<Loaded>>,
    hadolint: Option<Arc<Loaded>>,
    /// What other tools for manifests and Compose files are told.
    others: Option<Arc<Loaded>>,
    /// The directory is the top of a repository: what lies above it is another's.
    top: bool,
}

/// A settings file.
#[derive(Debug)]
struct Loaded {
    settings: Settings,
    exclude: Gitignore,
    per_file: Vec<Gitignore>,
}

impl Finder {
    /// Settings for files below the current directory, or elsewhere; `named` applies to all of them.
    pub(crate) fn new(cwd: Utf8PathBuf, named: Option<&Utf8Path>) -> Result<Self, Error> {
        let mut finder = Self {
            cwd,
            named: None,
            known: Mutex::default(),
            labelled: Mutex::default(),
            problems: Mutex::default(),
            variables: None,
        };
        let mut settings = Settings::default();
        if settings.add_hadolint_variables(|name| std::env::var(name).ok()) {
            finder.variables =
                Some(Arc::new(Loaded { settings, exclude: Gitignore::empty(), per_file: Vec::new() }));
        }
        if let Some(path) = named {
            let text = fs::read_to_string(path)
                .map_err(|e| Error::message(format!("cannot read the settings in {path}: {}", reason(&e))))?;
            let path = finder.cwd.join(path);
            finder.named = Some(finder.load(&path, &text));
        }
        Ok(finder)
    }

    /// Whether a file is excluded.
    pub(crate) fn excludes(&self, label: &Utf8Path) -> bool {
        let settings = self.nearest(label).ours;
        settings.is_some_and(|loaded| matches(&loaded.exclude, &self.cwd.join(label)))
    }

    /// The settings of a run as a whole, those nearest to a path, and the directory that their paths count from.
    pub(crate) fn of_run(&self, path: &Utf8Path) -> Option<(Utf8PathBuf, Settings)> {
        let inside = if self.cwd.join(path).is_dir() { path.join(NAME) } else { path.to_owned() };
        let loaded = self.nearest(&inside).ours?;
        let directory = Utf8Path::from_path(loaded.exclude.path())?;
        Some((self.label(directory).to_owned(), loaded.settings.clone()))
    }

    /// What applies to each source, with what the command line says on top.
    pub(crate) fn scopes(
        &self,
        sources: &[Source],
        over: &Layer,
        severity: Option<Severity>,
    ) -> Vec<Arc<Scope>> {
        let mut made: HashMap<(usize, Vec<usize>), Arc<Scope>> = HashMap::new();
        let scope = |settings: &Settings, matched: &[usize]| {
            let scope = settings.scope(over, matched);
            Arc::new(Scope { severity: severity.or(scope.severity), ..scope })
        };
        let default = scope(&Settings::default(), &[]);
        sources
            .iter()
            .map(|source| {
                let nearest = self.nearest(&source.path);
                let hadolint = nearest.hadolint.or_else(|| self.variables.clone());
                let hadolint = hadolint.filter(|_| source.kind == Kind::Dockerfile);
                let others = nearest.others.filter(|_| matches!(source.kind, Kind::Manifest | Kind::Compose));
                let Some(loaded) = nearest.ours.or(hadolint).or(others) else { return default.clone() };
                let path = self.cwd.join(&source.path);
                let matched: Vec<usize> =
                    (0..loaded.per_file.len()).filter(|n| matches(&loaded.per_file[*n], &path)).collect();
                made.entry((Arc::as_ptr(&loaded) as usize, matched))
                    .or_insert_with_key(|(_, matched)| scope(&loaded.settings, matched))
                    .clone()
            })
            .collect()
    }

    /// What is wrong with the settings that were read, each with its place; empty afterwards.
    pub(crate) fn take_problems(&self) -> Vec<String> {
        std::mem::take(&mut *self.problems.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn nearest(&self, label: &Utf8Path) -> Nearest {
        if let Some(named) = &self.named {
            return Nearest { ours: Some(named.clone()), ..Nearest::default() };
        }
        let directory = label.as_str().rsplit_once('/').map_or("", |(directory, _)| directory);
        if let Some(nearest) = self.labelled.lock().unwrap_or_else(PoisonError::into_inner).get(directory) {
            return nearest.clone();
        }
        let path = self.cwd.join(label);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let nearest = self.in_directory(path.parent().unwrap_or(&path).as_std_path(), &mut known);
        let mut labelled = self.labelled.lock().unwrap_or_else(PoisonError::into_inner);
        labelled.insert(directory.into(), nearest.clone());
        nearest
    }

    fn in_directory(&self, directory: &Path, known: &mut HashMap<PathBuf, Nearest>) -> Nearest {
        if let Some(nearest) = known.get(directory) {
            return nearest.clone();
        }
        let mut nearest = Nearest { top: directory.join(".git").exists(), ..Nearest::default() };
        nearest.ours = self.read(directory, NAME);
        if nearest.ours.is_none() {
            nearest.hadolint = HADOLINT.iter().find_map(|name| self.read(directory, name));
            nearest.others = self.read_others(directory);
            if let Some(parent) = directory.parent().filter(|_| !nearest.top) {
                let above = self.in_directory(parent, known);
                nearest.ours = above.ours;
                nearest.hadolint = nearest.hadolint.or(above.hadolint);
                nearest.others = nearest.others.or(above.others);
            }
        }
        known.insert(directory.to_owned(), nearest.clone());
        nearest
    }

    fn read(&self, directory: &Path, name: &str) -> Option<Arc<Loaded>> {
        let path = Utf8PathBuf::from_path_buf(directory.join(name)).ok()?;
        match fs::read_to_string(&path) {
            Ok(text) => Some(self.load(&path, &text)),
            // Where it cannot even be told whether there is a file, the directory is closed, which is said elsewhere.
            Err(_) if fs::symlink_metadata(&path).is_err() => None,
            Err(error) => {
                self.complain(format!(
                    "cannot read the settings in {}: {}",
                    self.label(&path),
                    reason(&error)
                ));
                None
            }
        }
    }

    /// What the files of other tools in a directory say, put together.
    fn read_others(&self, directory: &Path) -> Option<Arc<Loaded>> {
        let mut settings = Settings::default();
        let mut found = false;
        for name in Settings::others() {
            if let Ok(text) = fs::read_to_string(directory.join(name)) {
                settings.add_other(name, &text);
                found = true;
            }
        }
        let base = Utf8Path::from_path(directory).filter(|_| found)?;
        Some(self.loaded(base, base, settings))
    }

    fn load(&self, path: &Utf8Path, text: &str) -> Arc<Loaded> {
        let settings = if HADOLINT.iter().any(|name| path.file_name() == Some(name)) {
            let mut settings = Settings::hadolint(text);
            settings.add_hadolint_variables(|name| std::env::var(name).ok());
            settings
        } else {
            let (settings, problems) = Settings::parse(text);
            let lines = LineIndex::new(text);
            for Problem { message, range } in problems {
                let at = lines.position(text, range.start as u32);
                self.complain(format!("{}:{}:{}: {message}", self.label(path), at.line, at.column));
            }
            settings
        };
        self.loaded(path.parent().unwrap_or(path), path, settings)
    }

    /// Settings with their patterns, which count from a directory.
    fn loaded(&self, base: &Utf8Path, path: &Utf8Path, settings: Settings) -> Arc<Loaded> {
        let pattern = |pattern: &str, builder: &mut GitignoreBuilder| {
            if builder.add_line(None, pattern).is_err() {
                self.complain(format!(
                    "{}: `{pattern}` is no pattern of the kind a .gitignore has",
                    self.label(path)
                ));
            }
        };
        let mut exclude = GitignoreBuilder::new(base);
        for excluded in &settings.exclude {
            pattern(excluded, &mut exclude);
        }
        let per_file = settings.per_file_ignores.iter().map(|(p, _)| {
            let mut builder = GitignoreBuilder::new(base);
            pattern(p, &mut builder);
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        });
        let per_file = per_file.collect();
        let exclude = exclude.build().unwrap_or_else(|_| Gitignore::empty());
        Arc::new(Loaded { settings, exclude, per_file })
    }

    fn label<'p>(&self, path: &'p Utf8Path) -> &'p Utf8Path {
        path.strip_prefix(&self.cwd).unwrap_or(path)
    }

    fn complain(&self, message: String) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }
}

fn matches(patterns: &Gitignore, path: &Utf8Path) -> bool {
    // What does not lie below the settings file is none of its business.
    path.starts_with(Utf8Path::from_path(patterns.path()).unwrap_or(Utf8Path::new("/")))
        && patterns.matched_path_or_any_parents(path, false).is_ignore()
}
