//! What of a build context gets to which path of an image, through `COPY`, `ADD`, `WORKDIR`, `.dockerignore` and the stages
//! below and beside.
//!
//! [`Project::in_image`] and [`Project::in_container`] say which file of the repository lies at a path there. What commands
//! make, and what a base image brings, is not known: then the answer is `None`, which never means that nothing is there.

pub(crate) mod code;
mod paths;
mod sources;

pub use code::Write;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_syntax::dockerfile::{Arguments, CopySource, Instruction, Transfer, Word};

use super::dockerfile::{Base, Build, BuildId, Stage, UseKind};
use super::{Container, Project, Volume};
use crate::dockerignore::{Dockerignore, Glob};
use crate::parse::{Files, normalise};

/// How many copies are kept of a stage; what a file with more of them copies is not known.
const LIMIT: usize = 1_000;

/// A directory that an image is built in.
#[derive(Clone, Debug)]
pub struct Context {
    /// The directory, as paths of [`Files`] are.
    pub directory: Utf8PathBuf,
    /// The `.dockerignore` that counts in it: that of the Dockerfile's name, or else the directory's own.
    pub ignore_file: Option<Utf8PathBuf>,
    /// Whether it is certain: a Compose file or workflow names it, or all that is copied lies in this directory alone.
    pub certain: bool,
    ignore: Option<Dockerignore>,
}

/// What an instruction brings from the context into an image.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The `COPY` or `ADD` that takes it from the context, as an index into the Dockerfile's instructions.
    pub instruction: usize,
    /// The instruction that puts it into this stage: the same, or a `COPY --from` of it.
    pub since: usize,
    /// The path in the image: absolute, without a slash at the end.
    pub target: String,
    /// What lies there.
    pub what: What,
}

/// A thing of the context, or of the Dockerfile itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A file, as paths of [`Files`] are.
    File(Utf8PathBuf),
    /// All below a directory, but for what is ignored.
    Directory(Utf8PathBuf),
    /// The heredoc of this number of the instruction.
    Heredoc(usize),
}

/// A file at a path of an image or of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'p> {
    /// A file of the repository, as paths of [`Files`] are; its text is in `project.files` where somebody asked for it.
    File(Utf8PathBuf),
    /// The text is written in the Dockerfile.
    Text(&'p str),
}

impl Context {
    fn new(build: &Build, project: &Project, directory: Utf8PathBuf, certain: bool) -> Self {
        let own = project.parse(build.source).and_then(|parse| {
            let name = parse.source.path.file_name()?;
            Some(parse.source.path.with_file_name(format!("{name}.dockerignore")))
        });
        let candidates = own.into_iter().chain([directory.join(".dockerignore")]);
        let ignore_file = candidates.into_iter().find(|path| project.files.is_file(path));
        let ignore = ignore_file.as_ref().and_then(|path| Dockerignore::parse(project.files.text(path)?));
        Self { directory, ignore_file, certain, ignore }
    }

    /// Whether the `.dockerignore` keeps a file or directory, given as paths of [`Files`] are, from the builder.
    pub fn ignores(&self, path: &Utf8Path) -> bool {
        let Some(ignore) = &self.ignore else { return false };
        path.strip_prefix(&self.directory)
            .is_ok_and(|within| !within.as_str().is_empty() && ignore.excludes(within.as_str()))
    }

    /// The patterns of its `.dockerignore`, where it has one that can be read.
    pub fn dockerignore(&self) -> Option<&Dockerignore> {
        self.ignore.as_ref()
    }
}

/// Finds the context of builds, and what each of their stages copies from it.
pub(super) fn lay_out(project: &mut Project, builds: &[BuildId]) {
    let laid = builds.par_iter().map(|id| {
        let build = project.build(*id);
        let context = context(project, build);
        let mut stages: Vec<Vec<Copied>> = Vec::with_capacity(build.stages.len());
        for stage in &build.stages {
            stages.push(copied(project, stage, context.as_ref(), &stages));
        }
        (context, stages)
    });
    let laid: Vec<_> = laid.collect();
    for (id, (context, stages)) in builds.iter().zip(laid) {
        let build = &mut project.builds[id.0 as usize];
        build.context = context;
        for (stage, copied) in build.stages.iter_mut().zip(stages) {
            stage.copied = copied;
        }
    }
}

/// The context that is named, or else the nearest directory from the Dockerfile's own upwards that holds all it copies.
fn context(project: &Project, build: &Build) -> Option<Context> {
    let files = &project.files;
    let sources: Vec<String> = build.stages.iter().flat_map(|stage| local_sources(project, stage)).collect();
    let lacks = |directory: &Utf8Path| {
        let missing = |source: &String| {
            let path = normalise(&directory.join(source.trim_start_matches('/')));
            if is_pattern(source) {
                expand(files, directory, source).is_empty()
            } else {
                files.exists(&path) == Some(false)
            }
        };
        sources.iter().filter(|source| missing(source)).count()
    };
    if build.contexts_are_named {
        let directory = build.contexts.iter().min_by_key(|context| lacks(context))?;
        return Some(Context::new(build, project, directory.clone(), true));
    }
    let own = build.contexts.first()?;
    let named = sources.iter().any(|source| !source.trim_matches(['.', '/']).is_empty());
    let nearest = own.ancestors().find(|directory| lacks(directory) == 0);
    // What only `COPY . .` says is true of every directory.
    let alone = nearest.is_some_and(|nearest| !own.ancestors().any(|d| d != nearest && lacks(d) == 0));
    // At the top there is no other, and nobody writes a `.dockerignore` where nothing is built.
    let only = own.as_str().is_empty()
        || nearest.is_none_or(|d| d == own) && files.is_file(&own.join(".dockerignore"));
    Some(Context::new(build, project, nearest.unwrap_or(own).to_owned(), only || named && alone))
}

/// The sources that a stage copies from its context, as far as they are known.
fn local_sources(project: &Project, stage: &Stage) -> Vec<String> {
    let mut sources = Vec::new();
    for step in stage.walk(project) {
        let Some(transfer) = local(step.instruction) else { continue };
        for source in &transfer.sources {
            let CopySource::Path(word) = source else { continue };
            if let Some(path) = value(word, &step.before).filter(|path| !is_address(path)) {
                sources.push(path);
            }
        }
    }
    sources
}

/// What an instruction copies from the context; `None` for any other instruction.
pub(crate) fn local(instruction: &Instruction) -> Option<&Transfer> {
    match &instruction.arguments {
        Arguments::Copy(transfer) | Arguments::Add(transfer)
            if instruction.flag("from").is_none() && instruction.onbuild.is_none() =>
        {
            Some(transfer)
        }
        _ => None,
    }
}

/// Whether a source of `ADD` is fetched.
pub(crate) fn is_address(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

/// Whether a source names several files.
pub(crate) fn is_pattern(source: &str) -> bool {
    source.contains(['*', '?', '['])
}

fn is_archive(path: &Utf8Path) -> bool {
    let name = path.as_str();
    [".tar", ".tgz", ".tbz2", ".txz"].iter().any(|end| name.ends_with(end)) || name.contains(".tar.")
}

fn value(word: &Word, state: &super::State<'_>) -> Option<String> {
    if word.is_plain() { Some(word.text.to_string()) } else { word.expand(state).ok()?.value }
}

/// What a stage holds of the context; `earlier` are the stages before it.
fn copied(
    project: &Project,
    stage: &Stage,
    context: Option<&Context>,
    earlier: &[Vec<Copied>],
) -> Vec<Copied> {
    let mut copied = match stage.base {
        Base::Stage(below) => earlier.get(below).cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut directories: Vec<String> = vec!["/".to_owned()];
    for step in stage.walk(project) {
        if copied.len() >= LIMIT {
            break;
        }
        if let Arguments::Workdir(_) = step.instruction.arguments {
            directories.extend(step.after.workdir().value().cloned());
        }
        let (Arguments::Copy(transfer) | Arguments::Add(transfer)) = &step.instruction.arguments else {
            continue;
        };
        if step.instruction.onbuild.is_some() || stage.windows {
            continue;
        }
        let Some(destination) = value(&transfer.destination, &step.before) else { continue };
        let Some(target) =
            absolute(&destination, step.before.workdir().value(), step.before.workdir().is_unknown())
        else {
            continue;
        };
        let into = transfer.sources.len() > 1
            || destination.ends_with(['/', '.']) && !destination.ends_with("..")
            || directories.contains(&target);
        if step.instruction.flag("from").is_some() {
            let from = stage.uses.iter().find(|u| u.instruction == step.index && u.kind == UseKind::Copy);
            let Some(Base::Stage(from)) = from.map(|u| &u.from) else { continue };
            let Some(from) = earlier.get(*from) else { continue };
            for source in &transfer.sources {
                let CopySource::Path(word) = source else { continue };
                let Some(path) = value(word, &step.before) else { continue };
                let path = rooted(&path);
                let taken: Vec<Copied> = from
                    .iter()
                    .filter_map(|c| moved(project, context, c, &path, (&target, into, step.index)))
                    .collect();
                copied.extend(taken);
            }
            continue;
        }
        let Some(context) = context else { continue };
        let parents = step.instruction.flag("parents").is_some();
        let add = matches!(step.instruction.arguments, Arguments::Add(_));
        for source in &transfer.sources {
            let what: Vec<(What, Option<String>)> = match source {
                CopySource::Heredoc { word, index: Some(index) } => {
                    vec![(
                        What::Heredoc(*index),
                        Some(word.text.trim_matches(['<', '-', '"', '\'']).to_owned()),
                    )]
                }
                CopySource::Heredoc { .. } => continue,
                CopySource::Path(word) => match value(word, &step.before) {
                    Some(path) if !is_address(&path) => taken(project, context, &path, add),
                    _ => continue,
                },
            };
            let into = into || what.len() > 1;
            for (what, name) in what {
                let target = match (&what, name) {
                    _ if parents => {
                        let path = match &what {
                            What::File(path) | What::Directory(path) => path.as_path(),
                            What::Heredoc(_) => continue,
                        };
                        let within = path.strip_prefix(&context.directory).unwrap_or(path);
                        rooted(&format!("{target}/{within}"))
                    }
                    (What::Directory(_), _) | (_, None) => target.clone(),
                    (_, Some(name)) if into => rooted(&format!("{target}/{name}")),
                    _ => target.clone(),
                };
                copied.push(Copied { instruction: step.index, since: step.index, target, what });
            }
        }
    }
    copied.truncate(LIMIT);
    copied
}

/// What a source of the context names, with the names of files.
fn taken(project: &Project, context: &Context, source: &str, add: bool) -> Vec<(What, Option<String>)> {
    let files = &project.files;
    let paths = if is_pattern(source) {
        expand(files, &context.directory, source)
    } else {
        vec![normalise(&context.directory.join(source.trim_start_matches('/')))]
    };
    let mut taken = Vec::new();
    for path in paths {
        if files.is_file(&path) {
            let unpacked = add && is_archive(&path);
            if !context.ignores(&path) && !unpacked {
                let name = path.file_name().map(str::to_owned);
                taken.push((What::File(path), name));
            }
        } else if files.exists(&path) == Some(true) || path == context.directory {
            taken.push((What::Directory(path), None));
        }
    }
    taken
}

/// What becomes of something copied in another stage, when `path` of that stage is copied to `target`.
fn moved(
    project: &Project,
    context: Option<&Context>,
    copied: &Copied,
    path: &str,
    (target, into, since): (&str, bool, usize),
) -> Option<Copied> {
    let instruction = copied.instruction;
    // It lies at the path, or below.
    if let Some(rest) = below(&copied.target, path) {
        let target = match &copied.what {
            What::File(_) | What::Heredoc(_) if rest.is_empty() && into => {
                format!("{target}/{}", path.rsplit('/').next().unwrap_or_default())
            }
            _ if rest.is_empty() => target.to_owned(),
            _ => format!("{target}/{rest}"),
        };
        return Some(Copied { instruction, since, target: rooted(&target), what: copied.what.clone() });
    }
    // The path lies within a directory that was copied.
    let What::Directory(directory) = &copied.what else { return None };
    let source = directory.join(below(path, &copied.target)?);
    if context.is_some_and(|context| context.ignores(&source)) && !project.files.is_file(&source) {
        return None;
    }
    if project.files.is_file(&source) {
        let name = source.file_name().unwrap_or_default();
        let target = if into { rooted(&format!("{target}/{name}")) } else { target.to_owned() };
        return Some(Copied { instruction, since, target, what: What::File(source) });
    }
    (project.files.exists(&source) == Some(true)).then(|| Copied {
        since,
        instruction,
        target: target.to_owned(),
        what: What::Directory(source),
    })
}

/// The files and directories of a context that a pattern names.
pub(crate) fn expand(files: &Files, directory: &Utf8Path, pattern: &str) -> Vec<Utf8PathBuf> {
    let mut found = vec![directory.to_owned()];
    let pattern = normalise(Utf8Path::new(pattern.trim_start_matches('/')));
    for part in pattern.components() {
        let part = part.as_str();
        let mut next = Vec::new();
        for above in &found {
            if is_pattern(part) {
                let glob = Glob::new(part);
                next.extend(
                    files.names_in(above).filter(|name| glob.matches(name)).map(|name| above.join(name)),
                );
            } else {
                let path = above.join(part);
                next.extend((files.exists(&path) == Some(true)).then_some(path));
            }
        }
        found = next;
    }
    found
}

/// What of a path lies below a directory; both absolute.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// A path of an image: absolute, clean.
fn rooted(path: &str) -> String {
    format!("/{}", normalise(Utf8Path::new(path.trim_start_matches('/'))))
}

fn absolute(path: &str, workdir: Option<&String>, unknown: bool) -> Option<String> {
    if path.starts_with('/') {
        return Some(rooted(path));
    }
    if unknown {
        return None;
    }
    Some(rooted(&format!("{}/{path}", workdir.map_or("/", String::as_str))))
}

impl Build {
    /// The directory it is built in, with its `.dockerignore`; where nobody names one, the likely one.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }
}

impl Stage {
    /// What it holds of the context, also through the stages it starts from and takes something from, in the order in which
    /// it was copied: the last counts.
    pub fn copied(&self) -> &[Copied] {
        &self.copied
    }
}

impl Project {
    /// The file at an absolute path of the image that a stage makes; `None` where it is not known.
    pub fn in_image(&self, stage: &Stage, path: &str) -> Option<Found<'_>> {
        self.in_image_at(stage, usize::MAX, path)
    }

    /// The same, as an instruction of the stage finds it, by its index among the Dockerfile's instructions.
    pub fn in_image_at(&self, stage: &Stage, instruction: usize, path: &str) -> Option<Found<'_>> {
        let context = self.build(stage.build).context()?;
        let path = rooted(path);
        let there = stage.copied.iter().rev().filter(|copied| copied.since < instruction);
        there.into_iter().find_map(|copied| {
            let rest = below(&path, &copied.target)?;
            match &copied.what {
                What::File(file) if rest.is_empty() => Some(Found::File(file.clone())),
                What::Heredoc(index) if rest.is_empty() => {
                    let instruction = self.dockerfile(stage.source)?.instructions.get(copied.instruction)?;
                    Some(Found::Text(&instruction.heredocs.get(*index)?.body))
                }
                What::Directory(directory) => {
                    let file = directory.join(rest);
                    (self.files.is_file(&file) && !context.ignores(&file)).then_some(Found::File(file))
                }
                _ => None,
            }
        })
    }

    /// The file at an absolute path of a container: mounted from the repository, or else of the image built here.
    pub fn in_container(&self, container: &Container, path: &str) -> Option<Found<'_>> {
        let path = rooted(path);
        let mounts = container.mounts.iter().filter_map(|m| Some((m, below(&path, &rooted(&m.target))?)));
        // The innermost mount is the one that is seen.
        if let Some((mount, rest)) = mounts.min_by_key(|(_, rest)| rest.len()) {
            let Volume::Bind(source) = &mount.volume else { return None };
            let file = normalise(&Utf8Path::new(source).join(rest));
            let file = if rest.is_empty() { normalise(Utf8Path::new(source)) } else { file };
            return self.files.is_file(&file).then_some(Found::File(file));
        }
        self.in_image(container.stage(self)?, &path)
    }
}

impl<'p> Found<'p> {
    /// Its text, where [`Project::reads`] asked for it and it was read.
    pub fn text(&self, project: &'p Project) -> Option<&'p str> {
        match self {
            Self::File(path) => project.files.text(path).map(|text| &**text),
            Self::Text(text) => Some(text),
        }
    }
}
