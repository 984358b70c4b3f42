//! From files to one merged mapping: variables, `extends`, `include`, override files.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::yaml::Yaml;
use seaworthy_syntax::{SourceId, Span};

use super::build::{Path, Resets, build, reset};
use super::canonical::{self, Base, Home};
use super::dotenv;
use super::interpolate::{Environment, Known, interpolate};
use super::item::{Item, Map, Value};
use super::merge::{merge, merge_maps, unique};
use super::normal::is_enabled;
use super::problem::{Problem, ProblemKind};
use super::{consistency, schema, typed, units, validate};
use crate::parse::{Files, Parse, normalise};
use crate::project::Origin;

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

/// Reads files by name: sources first, then texts that were asked for.
pub(super) struct Loader<'a> {
    parses: &'a [Parse],
    by_path: HashMap<&'a Utf8Path, usize>,
    files: &'a Files,
    /// Any file may be read: the machine is known.
    anywhere: bool,
    /// The directory that all sources lie in, where they do not lie below the one the run started in.
    above: Option<Utf8PathBuf>,
    /// What must be asked for.
    pub(super) wanted: BTreeSet<Utf8PathBuf>,
    foreign: HashMap<Utf8PathBuf, Rc<Yaml>>,
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
    Foreign(Rc<Yaml>),
}

impl<'a> Loader<'a> {
    pub(super) fn new(parses: &'a [Parse], files: &'a Files) -> Self {
        let by_path = parses.iter().enumerate().map(|(n, p)| (p.source.path.as_path(), n)).collect();
        let above = parses
            .iter()
            .map(|parse| parse.source.path.as_path())
            .filter(|path| is_above(path))
            .fold(None, |common: Option<&Utf8Path>, path| match common {
                None => path.parent(),
                Some(common) => common.ancestors().find(|directory| path.starts_with(directory)),
            });
        Self {
            parses,
            by_path,
            files,
            anywhere: false,
            above: above.filter(|directory| !directory.as_str().is_empty()).map(Utf8Path::to_owned),
            wanted: BTreeSet::new(),
            foreign: HashMap::new(),
        }
    }

    /// The source at a path.
    pub(super) fn source_of(&self, path: &Utf8Path) -> Option<SourceId> {
        Some(self.parses[*self.by_path.get(path)?].id)
    }

    fn text(&mut self, path: &Utf8Path) -> Found<Arc<str>> {
        if let Some(source) = self.by_path.get(path) {
            return Found::Here(Arc::clone(&self.parses[*source].source.text));
        }
        if self.files.has_asked(path) {
            return self.files.text(path).map_or(Found::Missing, |text| Found::Here(Arc::clone(text)));
        }
        let below = || self.above.as_ref().is_some_and(|directory| path.starts_with(directory));
        if is_above(path) && !self.anywhere && !below() {
            return Found::Outside;
        }
        self.wanted.insert(path.to_owned());
        Found::Unasked
    }

    fn tree(&mut self, path: &Utf8Path) -> Found<Tree<'a>> {
        if let Some(source) = self.by_path.get(path)
            && let parse = &self.parses[*source]
            && let Some(yaml) = parse.yaml()
        {
            return Found::Here(Tree::Source(parse.id, yaml));
        }
        if let Some(yaml) = self.foreign.get(path) {
            return Found::Here(Tree::Foreign(Rc::clone(yaml)));
        }
        match self.text(path) {
            Found::Here(text) => {
                let yaml = Rc::new(Yaml::parse(SourceId(u32::MAX), &text));
                self.foreign.insert(path.to_owned(), Rc::clone(&yaml));
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
        let at = chain.first().and_then(|path| self.by_path.get(path.as_path())).map_or(
            Span { source: SourceId(0), start: 0, end: 0 },
            |source| Span { source: self.parses[*source].id, start: 0, end: 0 },
        );
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
        normalize(&mut model, &name);
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

    fn extends(
        &mut self,
        file: &mut Map,
        resets: &Resets,
        path: &Utf8Path,
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) {
        let Some(Value::Map(services)) = file.get_mut("services").map(|item| &mut item.value) else { return };
        let names: Vec<String> = services
            .iter()
            .filter(|(_, service)| service.as_map().is_some_and(|map| map.contains_key("extends")))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            if let Some(merged) = self.extend(&name, services, resets, path, frame, &mut Vec::new(), run) {
                services.insert(name, merged);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a chain of extends carries along")]
    fn extend(
        &mut self,
        name: &str,
        services: &mut Map,
        resets: &Resets,
        path: &Utf8Path,
        frame: &Frame<'_>,
        chain: &mut Vec<(Utf8PathBuf, String)>,
        run: &mut Run<'_>,
    ) -> Option<Item> {
        let service = services.get(name)?.clone();
        let Some(extends) = service.as_map().and_then(|map| map.get("extends")) else {
            return Some(service).filter(|s| !s.is_null());
        };
        let span = extends.span().unwrap_or(run.at);
        let (reference, file) = match &extends.value {
            Value::Str(reference) => (reference.clone(), None),
            Value::Map(map) => {
                if let Some(reference) = map.get("service").and_then(Item::as_str) {
                    (reference.to_owned(), extends.get("file").filter(|file| file.as_str().is_some()))
                } else {
                    run.say(ProblemKind::MissingKey, span, "extends needs a service".to_owned());
                    return Some(service);
                }
            }
            _ => return Some(service),
        };
        let step = (path.to_owned(), name.to_owned());
        if chain.contains(&step) || chain.len() >= MAX_CHAIN {
            run.say(ProblemKind::Cycle, span, format!("{name} extends itself by way of {reference}"));
            return Some(service);
        }
        chain.push(step);
        let base = if let Some(file) = file {
            let at = file.span().unwrap_or(span);
            let extended = self.extended_file(file.as_str().unwrap_or_default(), at, frame, run)?;
            if !extended.services.contains_key(&reference) {
                let message = format!("cannot extend {reference}: {} has no such service", extended.path);
                run.say(ProblemKind::Undefined, span, message);
                chain.pop();
                return Some(service);
            }
            let mut services = extended.services.clone();
            self.extend(&reference, &mut services, &extended.resets, &extended.path, frame, chain, run)
        } else if services.contains_key(&reference) {
            let merged = self.extend(&reference, services, resets, path, frame, chain, run);
            if let Some(merged) = &merged {
                services.insert(reference.clone(), merged.clone());
            }
            merged
        } else {
            run.say(
                ProblemKind::Undefined,
                span,
                format!("cannot extend {reference}: there is no such service in {path}"),
            );
            None
        };
        chain.pop();
        let Some(Value::Map(mut base)) = base.map(|mut base| {
            mark_extended(&mut base);
            base.value
        }) else {
            return Some(service);
        };
        reset(&mut base, &["services", name], resets);
        let mut merged = service;
        let Value::Map(own) = std::mem::take(&mut merged.value) else { return None };
        let services = Path::ROOT.key("services");
        merge_maps(&mut base, own, &services.key("x"), &mut run.problems);
        base.remove("extends");
        merged.value = Value::Map(base);
        Some(merged)
    }

    /// The services of a file that is extended, in their long forms.
    fn extended_file(
        &mut self,
        name: &str,
        at: Span,
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) -> Option<Rc<Extended>> {
        let path = frame.locate(name);
        if let Some(extended) = run.extended_files.get(&(frame.id, path.clone())) {
            return extended.clone();
        }
        let tree = match self.tree(&path) {
            Found::Here(tree) => Some(tree),
            Found::Missing => {
                run.say(ProblemKind::MissingFile, at, format!("there is no file {path}"));
                None
            }
            Found::Outside => {
                let message = format!("{path} lies outside of the repository and is not read");
                run.say(ProblemKind::OutsideFile, at, message);
                run.incomplete = true;
                None
            }
            Found::Unasked => {
                run.incomplete = true;
                None
            }
        };
        let extended = tree.map(|tree| {
            if let Tree::Source(id, _) = tree {
                run.extended.insert(id);
            }
            let via = tree.via(Some(at), run);
            let mut map = Map::new();
            let mut resets = Resets::new();
            for root in tree.yaml().documents().flatten() {
                let built = build(root, frame.env, via, &mut run.problems);
                let Value::Map(file) = built.root.value else { continue };
                reset(&mut map, &[], &built.resets);
                merge_maps(&mut map, file, &Path::ROOT, &mut run.problems);
                unique(&mut map, &Path::ROOT, &mut run.problems);
                canonical::canonical(&mut map, &mut run.problems);
                unique(&mut map, &Path::ROOT, &mut run.problems);
                resets = built.resets;
            }
            let directory = relative(frame.directory, path.parent().unwrap_or(Utf8Path::new("")));
            let base = Base { directory: &directory, home: run.home };
            canonical::resolve_paths(&mut map, &base, &mut run.problems);
            let services = match map.remove("services").map(|item| item.value) {
                Some(Value::Map(services)) => services,
                _ => Map::new(),
            };
            Rc::new(Extended { path: path.clone(), services, resets })
        });
        run.extended_files.insert((frame.id, path), extended.clone());
        extended
    }

    fn includes(
        &mut self,
        file: &mut Map,
        resets: &Resets,
        path: &Utf8Path,
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) {
        let Some(include) = file.remove("include") else { return };
        validate::include(&include, &mut run.problems);
        for entry in include.items() {
            let at = entry.span().unwrap_or(run.at);
            let (paths, directory, env_files) = match &entry.value {
                Value::Str(_) => (vec![entry], None, Vec::new()),
                Value::Map(_) => (
                    texts(entry.get("path")),
                    entry.get("project_directory").and_then(Item::as_str),
                    texts(entry.get("env_file")),
                ),
                _ => continue,
            };
            let remote =
                |text: &str| text.contains("://") || text.starts_with("git@") || text.starts_with("oci:");
            if paths.iter().filter_map(|p| p.as_str()).any(remote) {
                run.say(ProblemKind::OutsideFile, at, "what is fetched is not read".to_owned());
                run.incomplete = true;
                continue;
            }
            let files: Vec<Utf8PathBuf> =
                paths.iter().filter_map(|p| p.as_str()).map(|p| frame.locate(p)).collect();
            let Some(main) = files.first() else { continue };
            let mut included = frame.included.clone();
            included.push(path.to_owned());
            if included.contains(main) || included.len() >= MAX_CHAIN {
                run.say(ProblemKind::Cycle, at, format!("{main} is included by itself"));
                continue;
            }
            let directory = match directory {
                Some(directory) => frame.locate(directory),
                None => main.parent().unwrap_or(Utf8Path::new("")).to_owned(),
            };
            let env = self.included_environment(&directory, &env_files, frame, run);
            run.frames += 1;
            let inner = Frame {
                id: run.frames,
                env: &env,
                directory: &directory,
                relative: &relative(frame.directory, &directory),
                included,
            };
            let imported = self.files(&files, &inner, Some(at), run);
            for kind in ["services", "volumes", "networks", "secrets", "configs", "models"] {
                import(kind, &imported, file, resets, run);
            }
        }
    }

    /// The variables of an included project: the outer ones count first.
    fn included_environment(
        &mut self,
        directory: &Utf8Path,
        env_files: &[&Item],
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) -> Environment {
        let mut env = frame.env.clone();
        let mut paths: Vec<(Utf8PathBuf, Option<Span>)> = Vec::new();
        for file in env_files {
            match file.as_str() {
                None | Some("/dev/null") => {}
                Some(name) => paths.push((frame.locate(name), file.span())),
            }
        }
        if env_files.is_empty() {
            paths.push((directory.join(".env"), None));
        }
        let mut variables = HashMap::new();
        for (path, at) in paths {
            match self.text(&path) {
                Found::Here(text) => {
                    let read = dotenv::read(&text, variables, &|name| env.get(name));
                    variables = read.variables;
                    if let Some(error) = read.error {
                        run.say(
                            ProblemKind::InvalidEnvFile,
                            at.unwrap_or(run.at),
                            format!("{path}: {error}"),
                        );
                    }
                }
                Found::Missing => {
                    if let Some(at) = at {
                        run.say(ProblemKind::MissingFile, at, format!("there is no file {path}"));
                    }
                }
                Found::Unasked => {}
                Found::Outside => {
                    if let Some(at) = at {
                        let message = format!("{path} lies outside of the repository and is not read");
                        run.say(ProblemKind::OutsideFile, at, message);
                    }
                }
            }
        }
        env.add(variables);
        env
    }

    /// Gives each service the variables of its `env_file`s and the labels of its `label_file`s.
    fn environments(
        &mut self,
        model: &mut Item,
        env: &Environment,
        looked_at: &dyn Fn(&Item) -> bool,
        run: &mut Run<'_>,
    ) {
        let Some(services) =
            model.as_map_mut().and_then(|m| m.get_mut("services")).and_then(Item::as_map_mut)
        else {
            return;
        };
        for service in services.values_mut().filter(|service| looked_at(service)).filter_map(Item::as_map_mut)
        {
            if let Some(args) = service
                .get_mut("build")
                .and_then(Item::as_map_mut)
                .and_then(|build| build.get_mut("args"))
                .and_then(Item::as_map_mut)
            {
                resolve(args, env);
            }
            let mut own = match service.remove("environment") {
                Some(mut item) => {
                    if let Some(map) = item.as_map_mut() {
                        resolve(map, env);
                    }
                    item
                }
                None => Item::default(),
            };
            self.env_files(service, &mut own, env, run);
            if !own.is_null() {
                service.insert("environment".to_owned(), own);
            }
            self.label_files(service, run);
        }
    }

    fn env_files(&mut self, service: &Map, own: &mut Item, env: &Environment, run: &mut Run<'_>) {
        let Some(files) = service.get("env_file") else { return };
        let known = |item: &Item| {
            item.as_str().map(|text| Known { text: text.to_owned(), unknown: item.is_unknown() })
        };
        let written: HashMap<String, Known> = own
            .as_map()
            .into_iter()
            .flatten()
            .filter_map(|(name, item)| Some((name.clone(), known(item)?)))
            .collect();
        let mut variables = written.clone();
        let mut from: HashMap<String, Item> = HashMap::new();
        for entry in files.items() {
            let Some(path) = entry.get("path") else { continue };
            let at = path.span().unwrap_or(run.at);
            let Some(text) = path.as_str().filter(|_| !path.is_unknown()) else { continue };
            if let Some(format) = entry.get("format").and_then(Item::as_str)
                && format != ".env"
            {
                run.say(ProblemKind::InvalidValue, at, format!("unsupported env_file format {format:?}"));
                continue;
            }
            let label = Run::label(text);
            match self.text(&label) {
                Found::Here(text) => {
                    let read = dotenv::read(&text, variables.clone(), &|name| {
                        env.get(name).or_else(|| written.get(name))
                    });
                    for (name, value) in &read.variables {
                        if variables.get(name) != Some(value) {
                            from.insert(name.clone(), path.clone());
                        }
                    }
                    variables = read.variables;
                    if let Some(error) = read.error {
                        run.say(ProblemKind::InvalidEnvFile, at, format!("{label}: {error}"));
                    }
                }
                Found::Missing => {
                    if entry.get("required").and_then(Item::as_bool) != Some(false) {
                        run.say(ProblemKind::MissingFile, at, format!("there is no env file {label}"));
                    }
                }
                Found::Outside => {
                    let message = format!("{label} lies outside of the repository and is not read");
                    run.say(ProblemKind::OutsideFile, at, message);
                }
                Found::Unasked => {}
            }
        }
        if variables.is_empty() {
            return;
        }
        if own.is_null() {
            own.value = Value::Map(Map::new());
        }
        let Some(own) = own.as_map_mut() else { return };
        for (name, value) in variables {
            own.entry(name).or_insert_with_key(|name| {
                let mut item = from.get(name).map_or_else(Item::default, |path| path.with(Value::Null));
                item.unknown = if value.unknown { vec![0] } else { Vec::new() };
                item.value = Value::Str(value.text);
                item
            });
        }
    }

    fn label_files(&mut self, service: &mut Map, run: &mut Run<'_>) {
        let Some(files) = service.get("label_file").cloned() else { return };
        let mut labels: HashMap<String, Known> = HashMap::new();
        for file in files.items() {
            let (Some(text), Some(at)) = (file.as_str(), file.span()) else { continue };
            let label = Run::label(text);
            match self.text(&label) {
                Found::Here(text) => {
                    let read = dotenv::read(&text, HashMap::new(), &|name| labels.get(name));
                    labels.extend(read.variables);
                }
                Found::Missing => {
                    run.say(ProblemKind::MissingFile, at, format!("there is no label file {label}"));
                }
                Found::Unasked | Found::Outside => {}
            }
        }
        if labels.is_empty() {
            return;
        }
        let own = service.entry("labels".to_owned()).or_insert_with(|| files.with(Value::Map(Map::new())));
        let Some(own) = own.as_map_mut() else { return };
        for (name, value) in labels {
            own.entry(name).or_insert_with(|| files.with(Value::Str(value.text)));
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

/// A file that is extended.
#[derive(Debug)]
struct Extended {
    path: Utf8PathBuf,
    services: Map,
    resets: Resets,
}

/// What one project collects while it is loaded.
struct Run<'r> {
    /// Where a problem of no place stands.
    at: Span,
    problems: Vec<Problem>,
    included: BTreeSet<SourceId>,
    extended: BTreeSet<SourceId>,
    extended_files: HashMap<(usize, Utf8PathBuf), Option<Rc<Extended>>>,
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

fn texts(item: Option<&Item>) -> Vec<&Item> {
    match item {
        Some(item) if item.as_str().is_some() => vec![item],
        Some(item) => item.items().iter().filter(|i| i.as_str().is_some()).collect(),
        None => Vec::new(),
    }
}

fn mark_extended(item: &mut Item) {
    item.origin = Origin::Extends;
    match &mut item.value {
        Value::List(list) => list.iter_mut().for_each(mark_extended),
        Value::Map(map) => map.values_mut().for_each(mark_extended),
        _ => {}
    }
}

/// Brings what an included project defines into the file that includes it, which counts first.
fn import(kind: &str, imported: &Map, file: &mut Map, resets: &Resets, run: &mut Run<'_>) {
    let Some(from) = imported.get(kind).and_then(Item::as_map) else { return };
    let to = file.entry(kind.to_owned()).or_insert_with(|| Item::implied(Value::Map(Map::new())));
    if to.is_null() {
        to.value = Value::Map(Map::new());
    }
    let Some(to) = to.as_map_mut() else { return };
    for (name, item) in from {
        let mut item = item.clone();
        if let Some(own) = to.remove(name) {
            if let Some(map) = item.as_map_mut() {
                reset(map, &[kind, name], resets);
            }
            let root = Path::ROOT.key(kind);
            item = merge(item, own, &root.key(name), &mut run.problems);
        }
        to.insert(name.clone(), item);
    }
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

/// Gives variables without value the value they have in the environment.
fn resolve(map: &mut Map, env: &Environment) {
    for (name, item) in map {
        if item.is_null()
            && let Some(known) = env.get(name)
        {
            let unknown = if known.unknown { vec![0] } else { Vec::new() };
            *item = Item { unknown, ..item.with(Value::Str(known.text.clone())) };
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

/// What is implied: the default network, the names of resources, the dependencies that links and shared namespaces make.
fn normalize(model: &mut Map, name: &str) {
    let mut uses_default = false;
    if let Some(services) = model.get_mut("services").and_then(Item::as_map_mut) {
        for service in services.values_mut() {
            if service.is_null() {
                service.value = Value::Map(Map::new());
            }
            let Some(service) = service.as_map_mut() else { continue };
            uses_default |= default_network(service);
            normalize_service(service);
        }
    }
    if uses_default {
        let networks =
            model.entry("networks".to_owned()).or_insert_with(|| Item::implied(Value::Map(Map::new())));
        if networks.is_null() {
            networks.value = Value::Map(Map::new());
        }
        if let Some(networks) = networks.as_map_mut() {
            networks.entry("default".to_owned()).or_default();
        }
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
        let Some(resources) = model.get_mut(kind).and_then(Item::as_map_mut) else { continue };
        for (key, resource) in resources {
            if resource.is_null() {
                resource.value = Value::Map(Map::new());
            }
            let Some(map) = resource.as_map_mut() else { continue };
            if map.get("name").is_none_or(Item::is_null) {
                let external = map.get("external").is_some_and(|e| e.as_bool() == Some(true));
                let text = if external { key.clone() } else { format!("{name}_{key}") };
                map.insert("name".to_owned(), Item::text(text));
            }
        }
    }
    model.insert("name".to_owned(), Item::text(name));
}

fn default_network(service: &mut Map) -> bool {
    if service.contains_key("provider") || service.contains_key("network_mode") {
        return false;
    }
    let networks = service.entry("networks".to_owned()).or_default();
    if networks.as_map().is_some_and(|map| !map.is_empty()) {
        return networks.as_map().is_some_and(|map| map.contains_key("default"));
    }
    networks.value = Value::Map(Map::from([("default".to_owned(), Item::default())]));
    true
}

fn normalize_service(service: &mut Map) {
    if let Some(policy) = service.get_mut("pull_policy")
        && policy.as_str() == Some("if_not_present")
    {
        policy.value = Value::Str("missing".to_owned());
    }
    if let Some(build) = service.get_mut("build").and_then(Item::as_map_mut) {
        if build.get("context").is_none_or(Item::is_null) {
            build.insert("context".to_owned(), Item::text("."));
        }
        let inline = build.get("dockerfile_inline").is_some_and(|i| !i.is_null());
        if !inline && build.get("dockerfile").is_none_or(Item::is_null) {
            build.insert("dockerfile".to_owned(), Item::text("Dockerfile"));
        }
    }
    if let Some(Value::List(volumes)) = service.get_mut("volumes").map(|v| &mut v.value) {
        for volume in volumes.iter_mut().filter_map(Item::as_map_mut) {
            if let Some(Value::Str(target)) = volume.get_mut("target").map(|t| &mut t.value) {
                *target = units::clean(target);
            }
        }
    }
    let mut implied: Vec<(Item, String, bool)> = Vec::new();
    let strings = |key: &str| service.get(key).map(Item::items).unwrap_or_default();
    for link in strings("links") {
        let Some(text) = link.as_str() else { continue };
        let mut parts = text.split(':');
        let name = match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(_), None) => name,
            _ => text,
        };
        implied.push((link.clone(), name.to_owned(), true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(item) = service.get(key)
            && let Some(name) = item.as_str().and_then(|text| text.strip_prefix("service:"))
        {
            implied.push((item.clone(), name.to_owned(), true));
        }
    }
    for from in strings("volumes_from") {
        let Some(text) = from.as_str().filter(|text| !text.starts_with("container:")) else { continue };
        let name = text.split(':').next().unwrap_or_default();
        implied.push((from.clone(), name.to_owned(), false));
    }
    if implied.is_empty() {
        return;
    }
    let depends_on =
        service.entry("depends_on".to_owned()).or_insert_with(|| Item::implied(Value::Map(Map::new())));
    let Some(depends_on) = depends_on.as_map_mut() else { return };
    for (from, name, restart) in implied {
        depends_on.entry(name).or_insert_with(|| {
            from.with(Value::Map(Map::from([
                ("condition".to_owned(), Item::text("service_started")),
                ("required".to_owned(), Item::implied(Value::Bool(true))),
                ("restart".to_owned(), Item::implied(Value::Bool(restart))),
            ])))
        });
    }
}
