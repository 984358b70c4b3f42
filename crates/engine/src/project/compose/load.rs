//! From files to one merged mapping: variables, `extends`, `include`, override files.

mod environment;
mod extends;
mod implied;
mod include;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::yaml::Yaml;
use seaworthy_syntax::{SourceId, Span};

use super::build::{Path, build, reset};
use super::canonical::{self, Base, Home};
use super::dotenv;
use super::interpolate::{Environment, Known, interpolate};
use super::item::{Item, Map, Value};
use super::merge::{merge_maps, unique};
use super::normal::is_enabled;
use super::problem::{Problem, ProblemKind};
use super::{consistency, schema, typed, validate};
use crate::parse::{Files, Parse, normalise};

/// How many files may include or extend one after another.
const MAX_CHAIN: usize = 64;

/// What the machine that runs Compose adds; a repository alone knows nothing of it.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The absolute directory that relative paths and the project's name are taken from.
    pub directory: Option<String>,
    /// What `~` stands for; `None` leaves it as it is.
    pub home: Option<Home>,
    /// The environment, which counts before `.env`. Where it is known, a variable that is nowhere is empty as Compose has
    /// it; where it is not, the variable is unknown.
    pub variables: Option<Vec<(String, String)>>,
    /// The profiles that are started; `*` for all. None leaves it to `COMPOSE_PROFILES`.
    pub profiles: Vec<String>,
}

/// A project as it is merged.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) model: Item,
    pub(super) name: String,
    pub(super) problems: Vec<Problem>,
    /// The profiles that `.env` or the host starts.
    pub(super) profiles: Vec<String>,
    /// Sources that were included, and sources that were extended.
    pub(super) included: BTreeSet<SourceId>,
    pub(super) extended: BTreeSet<SourceId>,
}

/// What can be read by name: sources first, then texts that were asked for.
pub(super) struct Library<'a> {
    parses: &'a [Parse],
    /// By their normal paths.
    by_path: HashMap<&'a str, usize>,
    files: &'a Files,
    /// The directory that all sources lie in, where they do not lie below the one the run started in.
    above: Option<Utf8PathBuf>,
}

/// Loads a project.
pub(super) struct Loader<'a> {
    library: &'a Library<'a>,
    /// Any file may be read: the machine is known.
    anywhere: bool,
    /// What must be asked for.
    pub(super) wanted: BTreeSet<Utf8PathBuf>,
    foreign: HashMap<Utf8PathBuf, Arc<Yaml>>,
}

/// A text by name.
enum Found<T> {
    Here(T),
    /// There is no such file.
    Missing,
    /// It was not asked for yet.
    Unasked,
    /// It lies outside.
    Outside,
}

/// A YAML file.
enum Tree<'a> {
    Source(SourceId, &'a Yaml),
    Foreign(Arc<Yaml>),
}

impl<'a> Library<'a> {
    pub(super) fn new(parses: &'a [Parse], files: &'a Files) -> Self {
        let by_path = parses.iter().enumerate().map(|(n, p)| (p.source.path.as_str(), n)).collect();
        let above = parses
            .iter()
            .map(|parse| parse.source.path.as_path())
            .filter(|path| is_above(path))
            .fold(None, |common: Option<&Utf8Path>, path| match common {
                None => path.parent(),
                Some(common) => common.ancestors().find(|directory| path.starts_with(directory)),
            });
        let above = above.filter(|directory| !directory.as_str().is_empty()).map(Utf8Path::to_owned);
        Self { parses, by_path, files, above }
    }

    fn parse(&self, path: &Utf8Path) -> Option<&'a Parse> {
        Some(&self.parses[*self.by_path.get(path.as_str())?])
    }

    /// The source at a path.
    pub(super) fn source_of(&self, path: &Utf8Path) -> Option<SourceId> {
        Some(self.parse(path)?.id)
    }
}

impl<'a> Loader<'a> {
    pub(super) fn new(library: &'a Library<'a>) -> Self {
        Self { library, anywhere: false, wanted: BTreeSet::new(), foreign: HashMap::new() }
    }

    fn text(&mut self, path: &Utf8Path) -> Found<Arc<str>> {
        if let Some(parse) = self.library.parse(path) {
            return Found::Here(Arc::clone(&parse.source.text));
        }
        let files = self.library.files;
        if files.has_asked(path) {
            return files.text(path).map_or(Found::Missing, |text| Found::Here(Arc::clone(text)));
        }
        let below = || self.library.above.as_ref().is_some_and(|directory| path.starts_with(directory));
        if is_above(path) && !self.anywhere && !below() {
            return Found::Outside;
        }
        self.wanted.insert(path.to_owned());
        Found::Unasked
    }

    fn tree(&mut self, path: &Utf8Path) -> Found<Tree<'a>> {
        if let Some(parse) = self.library.parse(path)
            && let Some(yaml) = parse.yaml()
        {
            return Found::Here(Tree::Source(parse.id, yaml));
        }
        if let Some(yaml) = self.foreign.get(path) {
            return Found::Here(Tree::Foreign(Arc::clone(yaml)));
        }
        match self.text(path) {
            Found::Here(text) => {
                let yaml = Arc::new(Yaml::parse(SourceId(u32::MAX), &text));
                self.foreign.insert(path.to_owned(), Arc::clone(&yaml));
                Found::Here(Tree::Foreign(yaml))
            }
            Found::Missing => Found::Missing,
            Found::Unasked => Found::Unasked,
            Found::Outside => Found::Outside,
        }
    }

    /// The variables of a directory's `.env`, and what is wrong with it.
    pub(super) fn dotenv(&mut self, directory: &Utf8Path, host: &Host) -> (Environment, Option<String>) {
        let mut env = Environment::default();
        env.complete = host.variables.is_some();
        for (name, text) in host.variables.iter().flatten() {
            env.set(name.clone(), Known { text: text.clone(), unknown: false });
        }
        let Found::Here(text) = self.text(&directory.join(".env")) else { return (env, None) };
        let read = dotenv::read(&text, HashMap::new(), &|name| env.get(name));
        env.add(read.variables);
        (env, read.error)
    }

    /// Loads a chain of files as one project.
    pub(super) fn load(&mut self, chain: &[Utf8PathBuf], directory: &Utf8Path, host: &Host) -> Loaded {
        let first = chain.first().and_then(|path| self.library.source_of(path));
        let at = Span { source: first.unwrap_or(SourceId(0)), start: 0, end: 0 };
        self.anywhere = host.directory.is_some();
        let (mut env, error) = self.dotenv(directory, host);
        let mut run = Run {
            at,
            problems: Vec::new(),
            included: BTreeSet::new(),
            extended: BTreeSet::new(),
            extended_files: HashMap::new(),
            frames: 0,
            incomplete: false,
            home: host.home.as_ref(),
        };
        if let Some(error) = error {
            run.say(ProblemKind::InvalidEnvFile, at, format!(".env: {error}"));
        }
        let name = self.name(chain, directory, host, &env, &mut run);
        if !name.is_empty() {
            env.set("COMPOSE_PROJECT_NAME", Known { text: name.clone(), unknown: false });
        }
        let relative = host.directory.clone().unwrap_or_else(|| directory.as_str().to_owned());
        let frame = Frame { id: 0, env: &env, directory, relative: &relative, included: Vec::new() };
        let mut model = self.files(chain, &frame, None, &mut run);
        if model.is_empty() {
            run.say(ProblemKind::MissingKey, at, "the file is empty".to_owned());
        }
        implied::normalize(&mut model, &name);
        let mut model = Item::implied(Value::Map(model));
        typed::typed(&mut model, &schema::PROJECT, &mut run.problems);
        let mut profiles = host.profiles.clone();
        if profiles.is_empty()
            && let Some(text) = env.text("COMPOSE_PROFILES")
        {
            profiles.extend(text.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()));
        }
        // On a machine that is known, what is not started is not looked at.
        let looked_at = |service: &Item| !env.complete || is_enabled(service, &profiles);
        self.environments(&mut model, &env, &looked_at, &mut run);
        consistency::check(&model, &profiles, &looked_at, run.incomplete, at, &mut run.problems);
        run.problems.sort_by(|a, b| (a.span, a.kind, &a.message).cmp(&(b.span, b.kind, &b.message)));
        run.problems.dedup();
        model.shrink();
        Loaded {
            model,
            name,
            problems: run.problems,
            profiles,
            included: run.included,
            extended: run.extended,
        }
    }

    /// The project's name: of `.env`, of the last file that has one, or of the directory.
    fn name(
        &mut self,
        chain: &[Utf8PathBuf],
        directory: &Utf8Path,
        host: &Host,
        env: &Environment,
        run: &mut Run<'_>,
    ) -> String {
        if let Some(name) = env.text("COMPOSE_PROJECT_NAME") {
            if project_name(name) != name {
                let message =
                    format!("invalid project name {name:?}: lowercase letters, digits, - and _ only");
                run.say(ProblemKind::InvalidValue, run.at, message);
            }
            return name.to_owned();
        }
        let mut written = None;
        for path in chain {
            let Found::Here(tree) = self.tree(path) else { continue };
            for root in tree.yaml().documents().flatten() {
                if let Some(name) = root.get("name")
                    && let Some(text) = name.scalar()
                    && !text.is_empty()
                {
                    let out = interpolate(&text, &|name| env.get(name));
                    written = Some((project_name(&out.text), name.span(), out.unknown.is_empty()));
                }
            }
        }
        match written {
            Some((name, ..)) if !name.is_empty() => name,
            Some((_, span, known)) => {
                if known || env.complete {
                    run.say(
                        ProblemKind::InvalidValue,
                        span,
                        "the project's name comes to nothing".to_owned(),
                    );
                }
                String::new()
            }
            None => {
                let directory = host.directory.as_deref().unwrap_or(directory.as_str());
                project_name(directory.rsplit('/').next().unwrap_or_default())
            }
        }
    }

    /// Loads files over each other.
    fn files(
        &mut self,
        paths: &[Utf8PathBuf],
        frame: &Frame<'_>,
        via: Option<Span>,
        run: &mut Run<'_>,
    ) -> Map {
        let mut map = Map::new();
        for path in paths {
            let tree = match self.tree(path) {
                Found::Here(tree) => tree,
                Found::Missing => {
                    run.say(
                        ProblemKind::MissingFile,
                        via.unwrap_or(run.at),
                        format!("there is no file {path}"),
                    );
                    continue;
                }
                Found::Outside => {
                    let message = format!("{path} lies outside of the repository and is not read");
                    run.say(ProblemKind::OutsideFile, via.unwrap_or(run.at), message);
                    run.incomplete = true;
                    continue;
                }
                Found::Unasked => {
                    run.incomplete = true;
                    continue;
                }
            };
            if let (Tree::Source(id, _), Some(_)) = (&tree, via) {
                run.included.insert(*id);
            }
            self.file(path, &tree, &mut map, frame, via, run);
        }
        canonical::defaults(&mut map);
        validate::contents(&map, &mut run.problems);
        let base = Base { directory: frame.relative, home: run.home };
        canonical::resolve_paths(&mut map, &base, &mut run.problems);
        inherit(&mut map, frame.env);
        map
    }

    /// Loads a file over what is there.
    fn file(
        &mut self,
        path: &Utf8Path,
        tree: &Tree<'a>,
        map: &mut Map,
        frame: &Frame<'_>,
        via: Option<Span>,
        run: &mut Run<'_>,
    ) {
        let via = tree.via(via, run);
        for root in tree.yaml().documents() {
            let Some(root) = root else {
                run.say(
                    ProblemKind::InvalidValue,
                    via.unwrap_or(run.at),
                    "a document must be a mapping".to_owned(),
                );
                continue;
            };
            let built = build(root, frame.env, via, &mut run.problems);
            let Value::Map(mut file) = built.root.value else {
                if let Some(span) = built.root.at {
                    run.say(ProblemKind::InvalidValue, span, "the top level must be a mapping".to_owned());
                }
                continue;
            };
            self.extends(&mut file, &built.resets, path, frame, run);
            reset(map, &[], &built.resets);
            self.includes(&mut file, &built.resets, path, frame, run);
            merge_maps(map, file, &Path::ROOT, &mut run.problems);
            unique(map, &Path::ROOT, &mut run.problems);
            validate::validate(map, &mut run.problems);
            map.remove("version");
            canonical::canonical(map, &mut run.problems);
            unique(map, &Path::ROOT, &mut run.problems);
        }
    }
}

impl Tree<'_> {
    fn yaml(&self) -> &Yaml {
        match self {
            Tree::Source(_, yaml) => yaml,
            Tree::Foreign(yaml) => yaml,
        }
    }

    /// What stands for the places of a text that is no source.
    fn via(&self, via: Option<Span>, run: &Run<'_>) -> Option<Span> {
        match self {
            Tree::Source(..) => None,
            Tree::Foreign(_) => via.or(Some(run.at)),
        }
    }
}

/// What one project collects while it is loaded.
struct Run<'r> {
    /// Where a problem of no place stands.
    at: Span,
    problems: Vec<Problem>,
    included: BTreeSet<SourceId>,
    extended: BTreeSet<SourceId>,
    extended_files: HashMap<(usize, Utf8PathBuf), Option<Arc<extends::Extended>>>,
    frames: usize,
    /// A file that says more was not read.
    incomplete: bool,
    home: Option<&'r Home>,
}

impl Run<'_> {
    fn say(&mut self, kind: ProblemKind, span: Span, message: String) {
        self.problems.push(Problem { kind, span, message });
    }

    /// The label of a path that was resolved.
    fn label(path: &str) -> Utf8PathBuf {
        normalise(Utf8Path::new(path))
    }
}

/// A project or a part of it that is included: its variables and directories.
struct Frame<'f> {
    id: usize,
    env: &'f Environment,
    /// Where the names of files start.
    directory: &'f Utf8Path,
    /// Where relative paths start, as the project around it sees it.
    relative: &'f str,
    /// The files around it.
    included: Vec<Utf8PathBuf>,
}

impl Frame<'_> {
    fn locate(&self, name: &str) -> Utf8PathBuf {
        normalise(&self.directory.join(name))
    }
}

/// Whether a path leads out of the directory that the run started in.
fn is_above(path: &Utf8Path) -> bool {
    path.is_absolute() || path.starts_with("..")
}

/// The path from a directory to another, both below the same one.
fn relative(from: &Utf8Path, to: &Utf8Path) -> String {
    if to.is_absolute() && !from.is_absolute() {
        return to.as_str().to_owned();
    }
    let mut from = from.components().peekable();
    let mut to = to.components().peekable();
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let up = from.map(|_| "..");
    let parts: Vec<&str> = up.chain(to.map(|c| c.as_str())).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Gives names in a list of variables the values they have.
fn inherit(map: &mut Map, env: &Environment) {
    let services = map.get_mut("services").and_then(Item::as_map_mut).into_iter().flat_map(Map::values_mut);
    for service in services.filter_map(Item::as_map_mut) {
        let Some(Value::List(list)) = service.get_mut("environment").map(|e| &mut e.value) else { continue };
        for item in list {
            let Some(name) = item.as_str() else { continue };
            if let Some(known) = env.get(name) {
                let text = format!("{name}={}", known.text);
                let unknown = if known.unknown { vec![text.len() as u32] } else { Vec::new() };
                *item = Item { unknown, ..item.with(Value::Str(text)) };
            }
        }
    }
}

/// A name as Compose makes a project's of it: lowercase letters, digits, `-` and `_`, none of the last two in front.
pub(super) fn project_name(text: &str) -> String {
    let name: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    name.trim_start_matches(['_', '-']).to_owned()
}
