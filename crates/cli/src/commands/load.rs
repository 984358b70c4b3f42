//! From the command line to a project and its settings.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_engine::config::{Layer, Selector};
use seaworthy_engine::images::Day;
use seaworthy_engine::project::charts::Given;
use seaworthy_engine::schema::{Builder, Minor, Store};
use seaworthy_engine::syntax::yaml::Yaml;
use seaworthy_engine::{Config, Kind, Project, Severity, SourceId, parse};

use crate::args::{Global, Input, Selection};
use crate::discover::{self, Note, Tree};
use crate::error::{Error, reason};
use crate::output::{complain, count};
use crate::progress::Progress;
use crate::settings::Finder;

/// What a command works on.
pub(crate) struct Loaded {
    pub(crate) project: Project,
    pub(crate) config: Config,
    pub(crate) tree: Tree,
    /// The label of the source that came from standard input.
    pub(crate) stdin: Option<Utf8PathBuf>,
    /// Whether something that was asked for could not be done.
    pub(crate) failed: bool,
    /// Whether some settings could not be understood.
    pub(crate) misconfigured: bool,
}

/// Whether the variants that lie beside Dockerfiles are read too, where they were not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variants {
    AsFound,
    Beside,
}

/// Finds, reads and lowers everything.
pub(crate) fn load(
    input: &Input,
    selection: &Selection,
    global: &Global,
    progress: &Progress,
    variants: Variants,
) -> Result<Loaded, Error> {
    progress.doing("looking for Dockerfiles, Compose files, manifests and workflows");
    let layer = Layer {
        select: (!selection.select.is_empty())
            .then(|| selectors("--select", &selection.select))
            .transpose()?,
        extend_select: Vec::new(),
        ignore: selectors("--ignore", &selection.ignore)?,
    };
    let cwd = cwd()?;
    let finder = Finder::new(cwd.clone(), input.config.as_deref())?;
    let mut found = discover::discover(&input.paths, input.stdin_filename.as_deref(), &cwd, &|path| {
        finder.excludes(path)
    })?;

    if variants == Variants::Beside {
        discover::add_variants(&mut found);
    }
    let first = input.paths.first().map_or(Utf8Path::new(""), |path| path.as_path());
    let (base, run) = finder.of_run(first).unwrap_or_default();
    let given = run.schemas.as_ref().map(|folder| base.join(folder));
    let severity = selection.severity.map(Into::into);
    let config = Config {
        rules: seaworthy_engine::config::resolve(&[&layer]),
        target: selection.target.map(Into::into),
        kubernetes: selection.kubernetes_version,
        schemas: selection.schemas.as_deref().or(given.as_deref()).map(schemas).transpose()?,
        today: today(),
        fixes: true,
        layers: vec![layer.clone()],
        severity: severity.unwrap_or(Severity::Low),
        scopes: finder.scopes(&found.sources, &layer, severity),
    };
    let problems = finder.take_problems();
    let misconfigured = !problems.is_empty();
    for problem in &problems {
        complain("error", problem);
    }
    let mut failed = misconfigured;
    for note in &found.notes {
        match note {
            Note::Failure(message) => {
                failed = true;
                complain("error", message);
            }
            Note::Warning(message) if !global.quiet => complain("warning", message),
            Note::Detail(message) if global.verbose => complain("note", message),
            Note::Warning(_) | Note::Detail(_) => {}
        }
    }
    if found.sources.is_empty() && found.notes.is_empty() && !global.quiet {
        complain(
            "warning",
            "no Dockerfile, Compose file, manifest or workflow found; name one to check it whatever it is called",
        );
    }
    if global.verbose {
        let bytes: usize = found.sources.iter().map(|s| s.text.len()).sum();
        complain(
            "note",
            &format!("read {} with {}", count(found.sources.len(), "file"), count(bytes, "byte")),
        );
    }

    progress.doing(format!("reading {}", count(found.sources.len(), "file")));
    let parses: Vec<_> = found
        .sources
        .into_par_iter()
        .enumerate()
        .map(|(n, source)| parse(SourceId(n as u32), source))
        .collect();
    progress.doing(format!("checking {}", count(parses.len(), "file")));
    found.files.charts = Given {
        set: run.set.iter().chain(&input.set).cloned().collect(),
        kubernetes_minor: selection.kubernetes_version.or(run.kubernetes).map(Minor::number),
        ..Given::default()
    };
    let values: Vec<Utf8PathBuf> = run.values.iter().map(|path| base.join(path)).collect();
    for path in values.iter().chain(&input.values) {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::message(format!("the values in {path}: {}", reason(&e))))?;
        let label = discover::label(path, &cwd);
        found.files.add_text(label.clone(), Some(text.into()));
        found.files.charts.values.push(label);
    }
    let mut project = Project::read(parses, found.files, |path| discover::text_in(&found.tree, path));
    if global.verbose {
        say_what_is_not_rendered(&project);
    }
    discover::read_sources(&mut project, &found.tree);
    if variants == Variants::Beside {
        discover::read_code(&mut project, &found.tree);
    }
    Ok(Loaded { project, config, tree: found.tree, stdin: found.stdin, failed, misconfigured })
}

/// Says which charts are not checked and which overlays are not built, and why; and which templates are no chart's.
fn say_what_is_not_rendered(project: &Project) {
    for chart in project.not_rendered() {
        let directory = or_dot(&chart.directory);
        complain(
            "note",
            &format!("{directory}: a chart that is not rendered, so it is not checked: {}", chart.failure),
        );
    }
    for overlay in project.overlays() {
        if let Err(failure) = &overlay.outcome {
            let directory = or_dot(&overlay.directory);
            let why = "an overlay that is not built, so what it takes in is checked as it stands";
            complain("note", &format!("{directory}: {why}: {failure}"));
        }
    }
    for source in project.parses().iter().map(|p| &p.source).filter(|s| s.kind == Kind::Chart) {
        if !project.is_of_chart(&source.path) {
            complain(
                "note",
                &format!("{}: a template of no chart, not checked before it is rendered", source.path),
            );
        }
    }
}

fn or_dot(directory: &Utf8Path) -> &Utf8Path {
    if directory.as_str().is_empty() { Utf8Path::new(".") } else { directory }
}

/// The day, by the clock or by `SOURCE_DATE_EPOCH`, which makes a run repeatable.
fn today() -> Option<Day> {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<u64>().ok());
    let seconds = set.or_else(|| Some(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs()))?;
    u32::try_from(seconds / (24 * 60 * 60)).ok().map(Day)
}

/// The current directory.
pub(crate) fn cwd() -> Result<Utf8PathBuf, Error> {
    let cwd = std::env::current_dir()
        .map_err(|e| Error::message(format!("cannot tell the current directory: {}", reason(&e))))?;
    Utf8PathBuf::from_path_buf(cwd)
        .map_err(|path| Error::message(format!("the name of {} is not UTF-8", path.display())))
}

fn selectors(option: &str, words: &[String]) -> Result<Vec<Selector>, Error> {
    words
        .iter()
        .map(|word| Selector::of(word.trim()).map_err(|why| Error::message(format!("{option}: {why}"))))
        .collect()
}

/// The definitions of custom resources below a folder.
fn schemas(folder: &Utf8Path) -> Result<Arc<Store>, Error> {
    let say = |path: &Path, e: &dyn std::fmt::Display| {
        Error::message(format!("cannot read the schemas in {}: {e}", path.display()))
    };
    let mut builder = Builder::default();
    for entry in ignore::WalkBuilder::new(folder).standard_filters(false).sort_by_file_path(Path::cmp).build()
    {
        let entry = entry.map_err(|e| say(folder.as_std_path(), &e))?;
        let path = entry.path();
        let read = path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        if read && path.is_file() {
            let bytes = fs::read(path).map_err(|e| say(path, &reason(&e)))?;
            let text = String::from_utf8_lossy(&bytes);
            builder.definitions(&Yaml::parse(SourceId(0), &Arc::from(&*text)));
        }
    }
    let store = builder.finish();
    if store.is_empty() {
        return Err(Error::message(format!("no CustomResourceDefinition in {folder}")));
    }
    Ok(Arc::new(store))
}
