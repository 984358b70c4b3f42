//! From paths to sources: what is ours is read, everything else is a name.

mod kind;
mod walk;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_engine::parse::{Files, normalise};
use seaworthy_engine::variant;
use seaworthy_engine::{Kind, Project, Source};

use self::kind::{Candidate, Verdict};
use self::walk::{Entry, Walked};
pub(crate) use self::walk::{Tree, label};
use crate::error::{Error, reason};

/// The largest file that is read, in bytes.
const LIMIT: u64 = 16 << 20;

/// The largest source of a program that is read, in bytes.
const SOURCE_LIMIT: u64 = 256 << 10;

/// How many sources of programs may lead to one another.
const SOURCE_ROUNDS: usize = 8;

/// How much of a large file, or of a JSON file, is read to tell what it is, in bytes.
const HEAD: u64 = 8 << 10;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Discovered {
    /// The sources, sorted by path.
    pub(crate) sources: Vec<Source>,
    /// The names around them.
    pub(crate) files: Files,
    /// Where further texts may be read from.
    pub(crate) tree: Tree,
    /// What there is to say of it.
    pub(crate) notes: Vec<Note>,
    /// The label of the source that came from standard input.
    pub(crate) stdin: Option<Utf8PathBuf>,
}

/// Something to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// What was asked for cannot be done.
    Failure(String),
    /// Something was left out that the user would want to know of.
    Warning(String),
    /// Something was left out as it should be.
    Detail(String),
}

/// Finds and reads everything below the paths that is ours.
pub(crate) fn discover(
    paths: &[Utf8PathBuf],
    stdin_filename: Option<&Utf8Path>,
    cwd: &Utf8Path,
    excluded: &(dyn Fn(&Utf8Path) -> bool + Sync),
) -> Result<Discovered, Error> {
    let mut found = Discovered::default();
    let here = [Utf8PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };

    let mut walked = Walked::default();
    let mut outright: Vec<(Utf8PathBuf, PathBuf)> = Vec::new();
    let mut roots = Vec::new();
    let mut stdin = false;
    for path in paths {
        if path == "-" {
            stdin = true;
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                if let Err(error) = fs::read_dir(path) {
                    found.notes.push(Note::Failure(missing(path, &error)));
                    continue;
                }
                found.tree.add(path.as_std_path());
                let label = walk::label(path, cwd);
                if roots.contains(&label) {
                    continue;
                }
                walk::walk(path, cwd, &mut walked);
                roots.push(label);
            }
            Ok(_) => outright.push((walk::label(path, cwd), path.clone().into())),
            Err(error) => found.notes.push(Note::Failure(missing(path, &error))),
        }
    }
    for (label, path) in &outright {
        surroundings(path, label, cwd, &mut found.tree, &mut walked);
    }
    if stdin || outright.is_empty() && roots.is_empty() {
        found.tree.add(cwd.as_std_path());
    }

    found.notes.extend(walked.unreadable.drain(..).map(Note::Warning));
    walked.settle();
    settle_symlinks(&mut walked, &found.tree, &mut found.notes);
    let named: BTreeSet<&Utf8Path> = outright.iter().map(|(label, _)| label.as_path()).collect();
    let mut seen = BTreeSet::new();
    let outright: Vec<_> = outright
        .iter()
        .filter(|(label, path)| seen.insert(path.canonicalize().unwrap_or_else(|_| label.clone().into())))
        .collect();
    let walked_sources: Vec<_> = walked
        .candidates
        .par_iter()
        .filter(|(label, _)| named.is_empty() || !named.contains(label.as_path()))
        .filter(|(label, entry)| outright.is_empty() || !is_same(label, entry, &seen))
        .filter(|(label, _)| !excluded(label))
        .map(|(label, entry)| read_candidate(label, entry, &walked.files))
        .collect();
    for read in walked_sources {
        found.take(read);
    }
    for (label, path) in outright {
        found.take(read_outright(label, path));
    }
    if stdin {
        found.take_stdin(stdin_filename, cwd)?;
    }
    found.sources.sort_by(|a, b| walk::order(&a.path, &b.path));
    found.files = walked.files;
    Ok(found)
}

/// Reads a text that lowering asks for; what is no regular file of the tree is not there.
pub(crate) fn text_in(tree: &Tree, path: &Utf8Path) -> Option<Arc<str>> {
    text_up_to(tree, path, LIMIT)
}

/// Reads texts of such files.
pub(crate) fn supply(files: &mut Files, wanted: Vec<Utf8PathBuf>, tree: &Tree) {
    supply_up_to(files, wanted, tree, LIMIT);
}

/// Reads the sources of programs that rules ask for, as long as one leads to another.
pub(crate) fn read_sources(project: &mut Project, tree: &Tree) {
    for _ in 0..SOURCE_ROUNDS {
        let wanted = project.reads();
        if wanted.is_empty() {
            return;
        }
        supply_up_to(&mut project.files, wanted, tree, SOURCE_LIMIT);
    }
}

/// Reads the code of programs, which tells what they write.
pub(crate) fn read_code(project: &mut Project, tree: &Tree) {
    let wanted = project.code_reads();
    supply_up_to(&mut project.files, wanted, tree, SOURCE_LIMIT);
}

/// Reads the files that Compose projects mount, which a conversion makes `ConfigMaps` of.
pub(crate) fn read_mounted(project: &mut Project, tree: &Tree) {
    let wanted = seaworthy_engine::convert::wanted(project);
    supply_up_to(&mut project.files, wanted, tree, SOURCE_LIMIT);
}

fn supply_up_to(files: &mut Files, wanted: Vec<Utf8PathBuf>, tree: &Tree, limit: u64) {
    let texts: Vec<_> = wanted.par_iter().map(|path| text_up_to(tree, path, limit)).collect();
    for (path, text) in wanted.into_iter().zip(texts) {
        files.add_text(path, text);
    }
}

/// What is asked for by naming paths, and the paths to read so that all of its repositories is known.
pub(crate) struct Asked {
    labels: Vec<Utf8PathBuf>,
    pub(crate) paths: Vec<Utf8PathBuf>,
}

impl Asked {
    /// What these paths ask for; none asks for the current directory.
    pub(crate) fn of(paths: &[Utf8PathBuf], cwd: &Utf8Path) -> Self {
        let here = [Utf8PathBuf::from(".")];
        let named = if paths.is_empty() { &here } else { paths };
        let mut all = named.to_vec();
        for path in named {
            let real = cwd.join(path);
            let directory = if real.is_dir() { Some(real.as_path()) } else { real.parent() };
            let top = directory.and_then(|d| walk::repository(d.as_std_path()));
            let Some(top) = top.and_then(|top| Utf8PathBuf::from_path_buf(top).ok()) else {
                // A copy without version control: what lies around a file is in its directory, or where it leads above that,
                // below the current one.
                let parent = path.parent().filter(|_| !real.is_dir());
                let leads_up = || fs::read_to_string(&real).is_ok_and(|text| text.contains("../"));
                let root = parent.map(|parent| match parent.as_str() {
                    "" => Utf8PathBuf::from("."),
                    _ if parent.is_relative() && !parent.starts_with("..") && leads_up() => ".".into(),
                    _ => parent.to_owned(),
                });
                all.extend(root.filter(|root| !all.contains(root)));
                continue;
            };
            // Labels of what lies above the current directory begin with `..`.
            let up = cwd.strip_prefix(&top).map(|below| below.components().map(|_| "..").collect());
            let root: Utf8PathBuf = up.unwrap_or(top);
            let root = if root.as_str().is_empty() { ".".into() } else { root };
            if !all.contains(&root) {
                all.push(root);
            }
        }
        Self { labels: named.iter().map(|path| walk::label(path, cwd)).collect(), paths: all }
    }

    /// Whether a file is asked for.
    pub(crate) fn has(&self, label: &Utf8Path) -> bool {
        self.labels.iter().any(|asked| match asked.as_str() {
            "" => !label.starts_with("..") && label.is_relative(),
            _ => label.starts_with(asked),
        })
    }
}

/// Adds the variants that lie beside the Dockerfiles that were found, where they are not among them.
pub(crate) fn add_variants(found: &mut Discovered) {
    let known: BTreeSet<&Utf8Path> = found.sources.iter().map(|s| s.path.as_path()).collect();
    let dockerfiles = found.sources.iter().filter(|s| s.kind == Kind::Dockerfile);
    let missing: BTreeSet<Utf8PathBuf> = dockerfiles
        .map(|s| variant::path_of(&s.path))
        .filter(|path| !known.contains(path.as_path()) && found.files.exists(path) != Some(false))
        .collect();
    for path in missing {
        let real = found.tree.resolve(path.as_std_path()).filter(|real| real.is_file());
        let small = |real: &PathBuf| fs::metadata(real).is_ok_and(|meta| meta.len() <= LIMIT);
        if let Some(bytes) = real.filter(small).and_then(|real| fs::read(real).ok()) {
            found.sources.push(Source::from_bytes(path, Kind::Dockerfile, bytes));
        }
    }
}

fn text_up_to(tree: &Tree, path: &Utf8Path, limit: u64) -> Option<Arc<str>> {
    let real = tree.resolve(path.as_std_path())?;
    let meta = fs::metadata(&real).ok()?;
    if !meta.is_file() || meta.len() > limit {
        return None;
    }
    Some(Source::from_bytes(path, Kind::Ignore, fs::read(real).ok()?).text)
}

/// What reading a file gave.
enum Outcome {
    Source(Source),
    Note(Note),
    Nothing,
}

impl Discovered {
    fn take(&mut self, read: Outcome) {
        match read {
            Outcome::Source(source) => self.sources.push(source),
            Outcome::Note(note) => self.notes.push(note),
            Outcome::Nothing => {}
        }
    }

    fn take_stdin(&mut self, name: Option<&Utf8Path>, cwd: &Utf8Path) -> Result<(), Error> {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::message(format!("cannot read standard input: {}", reason(&e))))?;
        let label = name.map_or_else(|| Utf8PathBuf::from("<stdin>"), |n| walk::label(n, cwd));
        if bytes.len() as u64 > LIMIT {
            self.notes.push(Note::Failure(too_large(&label)));
            return Ok(());
        }
        self.sources.retain(|source| source.path != label);
        let read = source_of(&label, bytes, |text| {
            kind::classify_outright(name.unwrap_or(Utf8Path::new("")), text, || false)
        });
        self.take(read.unwrap_or_else(|why| Outcome::Note(Note::Failure(unknown(&label, &why)))));
        self.stdin = Some(label);
        Ok(())
    }
}

/// Why a file that was read is no source.
enum Unfit {
    Binary,
    Template,
    Other,
}

fn source_of(
    label: &Utf8Path,
    bytes: Vec<u8>,
    classify: impl FnOnce(&str) -> Verdict,
) -> Result<Outcome, Unfit> {
    if memchr::memchr(0, &bytes).is_some() {
        return Err(Unfit::Binary);
    }
    let mut source = Source::from_bytes(label, Kind::Ignore, bytes);
    match classify(&source.text) {
        Verdict::Ours(kind) => {
            source.kind = kind;
            Ok(Outcome::Source(source))
        }
        Verdict::Template => Err(Unfit::Template),
        Verdict::Other => Err(Unfit::Other),
    }
}

fn read_candidate(label: &Utf8Path, entry: &Entry, files: &Files) -> Outcome {
    let bytes = match read_bounded(entry) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Outcome::Nothing,
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Outcome::Note(Note::Warning(too_large(label)));
        }
        Err(error) => {
            return Outcome::Note(Note::Warning(format!("{label}: {}; it is not checked", reason(&error))));
        }
    };
    let classify = |text: &str| {
        kind::classify(label, entry.candidate, text, || {
            is_chart_template(label, |chart| files.exists(chart) == Some(true))
        })
    };
    source_of(label, bytes, classify).unwrap_or_else(|why| match why {
        Unfit::Binary if kind::is_certain(label) => Outcome::Note(Note::Warning(unknown(label, &why))),
        Unfit::Binary | Unfit::Template => Outcome::Note(Note::Detail(unknown(label, &why))),
        Unfit::Other => Outcome::Nothing,
    })
}

/// The bytes of a candidate; `None` where its head tells that it is not ours.
fn read_bounded(entry: &Entry) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(&entry.path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Ok(None);
    }
    let large = meta.len() > LIMIT;
    let mut bytes = Vec::with_capacity(if large { HEAD as usize } else { meta.len() as usize + 1 });
    if large || entry.candidate == Candidate::Json {
        file.by_ref().take(HEAD).read_to_end(&mut bytes)?;
        if !may_be_ours(&bytes, entry.candidate) {
            return Ok(None);
        }
    }
    if large {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Whether the head of a file may be that of one of ours.
fn may_be_ours(head: &[u8], candidate: Candidate) -> bool {
    let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
    match candidate {
        Candidate::Json => ["\"apiVersion\"", "\"kind\"", "\"services\""].into_iter().any(has),
        Candidate::Yaml => {
            !head.contains(&0) && ["apiVersion:", "kind:", "services:", "jobs:"].into_iter().any(has)
        }
        Candidate::Dockerfile | Candidate::PerhapsDockerfile => {
            !head.contains(&0) && ["FROM", "from", "ARG"].into_iter().any(has)
        }
        Candidate::Ignore | Candidate::Env | Candidate::Definitions => false,
    }
}

fn read_outright(label: &Utf8Path, path: &Path) -> Outcome {
    let bytes = match fs::metadata(path).and_then(|meta| {
        if meta.len() > LIMIT { Err(io::ErrorKind::FileTooLarge.into()) } else { fs::read(path) }
    }) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Outcome::Note(Note::Failure(too_large(label)));
        }
        Err(error) => return Outcome::Note(Note::Failure(format!("{label}: {}", reason(&error)))),
    };
    let in_chart = || is_chart_template(label, Utf8Path::exists);
    source_of(label, bytes, |text| kind::classify_outright(label, text, in_chart)).unwrap_or_else(|why| {
        Outcome::Note(match why {
            Unfit::Binary => Note::Failure(unknown(label, &why)),
            Unfit::Template | Unfit::Other => Note::Warning(unknown(label, &why)),
        })
    })
}

fn missing(path: &Utf8Path, error: &io::Error) -> String {
    let broken = fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    if broken && error.kind() == io::ErrorKind::NotFound {
        return format!("{path}: a symbolic link to nothing; mend it or leave it out");
    }
    match error.kind() {
        io::ErrorKind::NotFound => format!("{path}: no such file or directory"),
        _ => format!("{path}: {}", reason(error)),
    }
}

fn too_large(path: &Utf8Path) -> String {
    format!("{path}: larger than {} MiB, so it is not read; split it or exclude it", LIMIT >> 20)
}

fn unknown(path: &Utf8Path, why: &Unfit) -> String {
    match why {
        Unfit::Binary => format!("{path}: not a text file, so it is not checked"),
        Unfit::Template => format!("{path}: a template, not checked before it is rendered"),
        Unfit::Other => {
            format!(
                "{path}: no Dockerfile, Compose file, manifest or workflow, so there is nothing to check in it"
            )
        }
    }
}

/// Whether a file is among those that were named outright, by another name.
fn is_same(label: &Utf8Path, entry: &Entry, outright: &BTreeSet<PathBuf>) -> bool {
    entry.path.canonicalize().is_ok_and(|real| outright.contains(&real))
        || outright.contains(label.as_std_path())
}

/// What may be read around a file that was named outright, and the names there: its repository, or only its directory.
fn surroundings(path: &Path, label: &Utf8Path, cwd: &Utf8Path, tree: &mut Tree, walked: &mut Walked) {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if tree.resolve(directory).is_some() {
        return;
    }
    if let Some(top) = walk::repository(directory).and_then(|p| Utf8PathBuf::from_path_buf(p).ok()) {
        tree.add(top.as_std_path());
        // Labels of what lies above the current directory begin with `..`, as the files' own do.
        let up =
            cwd.strip_prefix(&top).map(|below| below.components().map(|_| "..").collect::<Utf8PathBuf>());
        let root = up.map_or(top, |up| if up.as_str().is_empty() { ".".into() } else { up });
        // The names alone are wanted here.
        let candidates = std::mem::take(&mut walked.candidates);
        walk::walk(&root, cwd, walked);
        walked.candidates = candidates;
        return;
    }
    tree.add(directory);
    let parent = label.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let (files, directories) = walk::children(directory);
    for name in directories {
        walked.files.add_closed(parent.join(&*name));
    }
    walked.files.add_directory(parent.clone(), files);
    walked.files.add_root(parent);
}

/// Leaves out symbolic links that lead to nothing, out of the tree, or to what is found itself.
fn settle_symlinks(walked: &mut Walked, tree: &Tree, notes: &mut Vec<Note>) {
    if !walked.candidates.iter().any(|(_, entry)| entry.symlink) {
        return;
    }
    let mut real: BTreeSet<PathBuf> = walked
        .candidates
        .iter()
        .filter(|(_, entry)| !entry.symlink)
        .filter_map(|(_, entry)| entry.path.canonicalize().ok())
        .collect();
    walked.candidates.retain(|(label, entry)| {
        if !entry.symlink {
            return true;
        }
        let Ok(target) = entry.path.canonicalize() else {
            notes.push(Note::Warning(format!("{label}: a symbolic link to nothing; mend it or remove it")));
            return false;
        };
        if tree.resolve(&target).is_none() {
            notes.push(Note::Detail(format!("{label}: a symbolic link out of the tree, not followed")));
            return false;
        }
        target.is_file() && real.insert(target)
    });
}

/// Whether a file is a part of a chart that rendering begins with: its `Chart.yaml`, its values, what lies in its `templates`.
fn is_chart_template(path: &Utf8Path, exists: impl Fn(&Utf8Path) -> bool) -> bool {
    let is_chart = |directory: &Utf8Path| {
        exists(&normalise(&directory.join("Chart.yaml"))) || exists(&normalise(&directory.join("Chart.yml")))
    };
    matches!(path.file_name(), Some("Chart.yaml" | "values.yaml")) && path.parent().is_some_and(is_chart)
        || path.ancestors().skip(1).any(|directory| {
            directory.file_name() == Some("templates") && directory.parent().is_some_and(is_chart)
        })
}
