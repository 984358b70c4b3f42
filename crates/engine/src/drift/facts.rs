//! What the instructions of a stage come to, one by one, and what of it a variant may change.

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::Span;
use seaworthy_syntax::dockerfile::{Arguments, CopySource, Instruction, Transfer, Word};

use super::command::has_moved;
use super::installs::{self, What};
use crate::parse::normalise;
use crate::project::dockerfile::{Step, UseKind};
use crate::project::{Base, Build, Project, Stage, State};
use crate::secret;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Package,
    Group,
    Requirements,
    Install,
    Copy,
    Arg,
    Env,
    Port,
}

/// Something that a stage says: that something has a value.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    /// The tool that installs, or the stage or image that is copied from.
    scope: String,
    /// As it is written.
    name: String,
    /// What the name comes to, where it is known.
    known_name: Option<String>,
    value: String,
    known_value: Option<String>,
    pub(super) span: Span,
}

/// What some stages of a build say. `canonical` gives the number of a stage that is the same on both sides.
pub(super) fn facts(
    project: &Project,
    build: &Build,
    stages: &[usize],
    canonical: impl Fn(usize) -> Option<usize>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    if stages.first() == Some(&0)
        && let Some(tree) = project.dockerfile(build.source)
    {
        for instruction in tree.globals() {
            if let Arguments::Arg(definitions) = &instruction.arguments {
                for definition in definitions {
                    let value = definition.default.as_ref().map(|w| plain(&w.text)).unwrap_or_default();
                    set(&mut facts, Kind::Arg, "global", &definition.name.text, value, None, definition.span);
                }
            }
        }
    }
    for stage in stages.iter().filter_map(|index| build.stages.get(*index)) {
        for step in stage.walk(project).filter(|step| step.instruction.onbuild.is_none()) {
            instruction(project, stage, step, &canonical, &mut facts);
        }
        for run in stage.runs(project) {
            for installed in installs::of(&run) {
                let kind = match installed.what {
                    What::Package => Kind::Package,
                    What::Group => Kind::Group,
                    What::Requirements => Kind::Requirements,
                    What::Project => Kind::Install,
                };
                let fact = Fact {
                    kind,
                    scope: installed.tool.into(),
                    name: plain(installed.name),
                    known_name: None,
                    value: plain(installed.version),
                    known_value: None,
                    span: installed.span,
                };
                if !facts.iter().any(|f| f.has_same_name(&fact) && f.has_same_value(&fact)) {
                    facts.push(fact);
                }
            }
        }
        stage.forget();
    }
    facts
}

/// Sets what has one value at a time: the last counts.
fn set(
    facts: &mut Vec<Fact>,
    kind: Kind,
    scope: &str,
    name: &str,
    value: String,
    known_value: Option<String>,
    span: Span,
) {
    facts.retain(|fact| (fact.kind, fact.scope.as_str(), fact.name.as_str()) != (kind, scope, name));
    let (scope, name) = (scope.to_owned(), name.to_owned());
    facts.push(Fact { kind, scope, known_name: None, name, value, known_value, span });
}

fn instruction(
    project: &Project,
    stage: &Stage,
    step: Step<'_>,
    canonical: &impl Fn(usize) -> Option<usize>,
    facts: &mut Vec<Fact>,
) {
    let known = |word: &Word| word.expand(&step.before).ok().and_then(|e| e.value);
    match &step.instruction.arguments {
        Arguments::Arg(definitions) => {
            for definition in definitions {
                let value = definition.default.as_ref().map(|w| plain(&w.text)).unwrap_or_default();
                let known = definition.default.as_ref().and_then(known);
                set(facts, Kind::Arg, "", &definition.name.text, value, known, definition.span);
            }
        }
        Arguments::Env(pairs) => {
            for pair in pairs {
                let value = plain(&pair.value.text);
                set(facts, Kind::Env, "", &pair.name.text, value, known(&pair.value), pair.span);
            }
        }
        Arguments::Expose(words) => {
            for word in words {
                let expanded = word.expand(&step.before).ok().map(|e| e.words).unwrap_or_default();
                let known_name = (!expanded.is_empty()).then(|| {
                    let ports: Vec<&str> = expanded.iter().map(|w| w.trim_end_matches("/tcp")).collect();
                    ports.join(" ")
                });
                let fact = Fact {
                    kind: Kind::Port,
                    scope: String::new(),
                    name: plain(&word.text).trim_end_matches("/tcp").to_owned(),
                    known_name,
                    value: String::new(),
                    known_value: None,
                    span: word.span,
                };
                if !facts.iter().any(|f| f.has_same_name(&fact)) {
                    facts.push(fact);
                }
            }
        }
        Arguments::Copy(transfer) | Arguments::Add(transfer) => {
            let from = stage
                .uses
                .iter()
                .find(|u| u.instruction == step.index && u.kind == UseKind::Copy)
                .map(|u| match &u.from {
                    Base::Stage(index) => match canonical(*index) {
                        Some(index) => format!("stage {index}"),
                        None => project.text(u.span).to_owned(),
                    },
                    _ => project.text(u.span).to_owned(),
                })
                .unwrap_or_default();
            copies(step.before, transfer, &from, facts);
        }
        _ => {}
    }
}

/// What a `COPY` or `ADD` copies, source by source.
fn copies(state: State<'_>, transfer: &Transfer, from: &str, facts: &mut Vec<Fact>) {
    let to = plain(&transfer.destination.text);
    let known_to = transfer.destination.expand(&state).ok().and_then(|e| e.value);
    let several = transfer.sources.len() > 1;
    for source in &transfer.sources {
        let (word, heredoc) = match source {
            CopySource::Path(word) => (word, false),
            CopySource::Heredoc { word, .. } => (word, true),
        };
        let known = word.expand(&state).ok().and_then(|e| e.value);
        let name = path(&plain(&word.text));
        let target = |to: &str| {
            let work = state.workdir().value().map_or("/", String::as_str);
            let directory = to.ends_with('/') || to.ends_with('.') || several;
            let absolute = normalise(&Utf8Path::new(work).join(to));
            // A file lands in a directory under its name; what a directory holds lands there itself.
            let file = Utf8Path::new(&name)
                .file_name()
                .filter(|n| heredoc || n.trim_start_matches('.').contains('.') && !n.contains('*'));
            match file.filter(|_| directory) {
                Some(file) => absolute.join(file).into_string(),
                None => absolute.into_string().trim_end_matches('/').to_owned(),
            }
        };
        facts.push(Fact {
            kind: Kind::Copy,
            scope: from.to_owned(),
            known_name: known.as_deref().map(path),
            value: target(&to),
            known_value: known_to.as_deref().map(target),
            name,
            span: word.span,
        });
    }
}

/// A source of `COPY` without what does not count.
fn path(source: &str) -> String {
    let path = normalise(Utf8Path::new(source.trim_start_matches('/')));
    if path == Utf8PathBuf::new() { ".".into() } else { path.into_string() }
}

/// A text without quotes around it, and with variables written in one way.
pub(super) fn plain(text: &str) -> String {
    let quoted = |q: char| text.strip_prefix(q).and_then(|t| t.strip_suffix(q)).filter(|t| !t.contains(q));
    let text = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, variable) = (&rest[..at], &rest[at + 2..]);
        out.push_str(before);
        let end = variable.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(variable.len());
        let after = variable[end..].strip_prefix('}');
        // `${a}b` is not `$ab`.
        let simple = after
            .filter(|after| end > 0 && !after.starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric()));
        if let Some(after) = simple {
            out.push('$');
            out.push_str(&variable[..end]);
            rest = after;
        } else {
            out.push_str("${");
            rest = variable;
        }
    }
    out.push_str(rest);
    out
}

impl Fact {
    pub(super) fn has_same_name(&self, other: &Self) -> bool {
        (self.kind, &self.scope, &self.name) == (other.kind, &other.scope, &other.name)
    }

    pub(super) fn comes_to_same_name(&self, other: &Self) -> bool {
        (self.kind, &self.scope) == (other.kind, &other.scope)
            && self.known_name.is_some()
            && self.known_name == other.known_name
    }

    /// Whether the two say the same: in the same words, or by what they come to.
    pub(super) fn has_same_value(&self, other: &Self) -> bool {
        self.value == other.value || self.known_value.is_some() && self.known_value == other.known_value
    }

    /// What it is, at the beginning of a message.
    pub(super) fn what(&self) -> String {
        let Self { kind, scope, name, value, .. } = self;
        match kind {
            Kind::Package => format!("the {scope} {} `{name}`", kind.as_str()),
            Kind::Group if name.starts_with('-') => format!("{scope}'s {} `{name}`", kind.as_str()),
            Kind::Group => format!("{scope}'s {} `{value} {name}`", kind.as_str()),
            Kind::Requirements => format!("{scope}'s {} `{name}`", kind.as_str()),
            Kind::Install => format!("the {} by {scope}", kind.as_str()),
            Kind::Copy if scope.is_empty() => format!("the {} of `{name}`", kind.as_str()),
            Kind::Copy => format!("the {} of `{name}` from another stage or image", kind.as_str()),
            Kind::Arg | Kind::Env => format!("{} `{name}`", kind.as_str()),
            Kind::Port => format!("the {} `{name}`", kind.as_str()),
        }
    }

    /// Whether its value is shown to nobody.
    fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Arg | Kind::Env) && secret::is_secret_name(&self.name)
    }

    /// What it says, after "it".
    pub(super) fn says(&self) -> String {
        match self.kind {
            _ if self.is_secret() => "has a value of its own".into(),
            Kind::Copy => format!("goes to `{}`", self.value),
            Kind::Package if self.value.is_empty() => "has no version".into(),
            Kind::Package => format!("has the version `{}`", self.value),
            _ if self.value.is_empty() => "has no value".into(),
            _ => format!("is `{}`", self.value),
        }
    }

    /// What the other side says, after its name.
    pub(super) fn says_there(&self) -> String {
        match self.kind {
            _ if self.is_secret() => "another".into(),
            Kind::Copy => format!("to `{}`", self.value),
            _ if self.value.is_empty() => "none".into(),
            _ => format!("`{}`", self.value),
        }
    }

    /// Whether a copy is part of a copy of the other side.
    pub(super) fn is_covered(&self, others: &[Self]) -> bool {
        let wider = |other: &Self| {
            if other.kind != Kind::Copy || other.scope != self.scope {
                return false;
            }
            let below = match other.name.as_str() {
                "." => Some(Utf8Path::new(&self.name)),
                name => Utf8Path::new(&self.name).strip_prefix(name).ok(),
            };
            let Some(below) = below.filter(|b| !b.as_str().is_empty() && *b != ".") else { return false };
            let whole = Utf8Path::new(&other.value).join(below);
            whole == self.value || whole.parent().is_some_and(|p| p == self.value)
        };
        self.kind == Kind::Copy && others.iter().any(wider)
    }

    fn is_about_a_port(&self, other: &Self) -> bool {
        matches!(self.kind, Kind::Env | Kind::Arg)
            && self.name.to_ascii_uppercase().contains("PORT")
            && has_moved(
                self.known_value.as_deref().unwrap_or(&self.value),
                other.known_value.as_deref().unwrap_or(&other.value),
            )
    }
}

/// Variables that say where a program without rights keeps what it writes, or that nothing is kept.
const HOMES: [&str; 30] = [
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "PLAYWRIGHT_BROWSERS_PATH",
    "PUPPETEER_CACHE_DIR",
    "HF_HOME",
    "HF_HUB_CACHE",
    "TRANSFORMERS_CACHE",
    "SENTENCE_TRANSFORMERS_HOME",
    "TORCH_HOME",
    "NLTK_DATA",
    "MPLCONFIGDIR",
    "NUMBA_CACHE_DIR",
    "TIKTOKEN_CACHE_DIR",
    "EASYOCR_MODULE_PATH",
    "TLDEXTRACT_CACHE",
    "MODELSCOPE_CACHE",
    "npm_config_cache",
    "NPM_CONFIG_CACHE",
    "NPM_CONFIG_UPDATE_NOTIFIER",
    "COREPACK_HOME",
    "YARN_CACHE_FOLDER",
    "CARGO_HOME",
    "GOCACHE",
    "PIP_NO_CACHE_DIR",
    "UV_NO_CACHE",
    "UV_CACHE_DIR",
    "PYTHONDONTWRITEBYTECODE",
    "ASPNETCORE_HTTP_PORTS",
];

/// Packages that pass signals on, give a program one right, or make a user.
const TOOLS: [&str; 7] = ["tini", "dumb-init", "libcap2-bin", "libcap", "shadow", "passwd", "shadow-utils"];

/// Directories and files that are there for tests.
const TESTS: [&str; 11] = [
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "conftest.py",
    "pytest.ini",
    "tox.ini",
    "testdata",
];

/// Whether a variant may say something else of one thing.
pub(super) fn may_change(source: &Fact, twin: &Fact) -> bool {
    let home = source.kind == Kind::Env && HOMES.contains(&source.name.as_str());
    let known = source.known_value.as_deref().unwrap_or(&source.value);
    home || source.is_about_a_port(twin) || source.kind == Kind::Copy && is_roots(known)
}

/// Whether a path lies in root's home, which a program that is not root cannot enter.
pub(super) fn is_roots(path: &str) -> bool {
    path.strip_prefix("/root").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a variant may go without something.
pub(super) fn may_be_left_out(fact: &Fact, project: &Project, source: &Build) -> bool {
    match fact.kind {
        Kind::Copy => {
            let path = Utf8Path::new(&fact.name);
            path.components().any(|c| TESTS.contains(&c.as_str()))
                || path.file_name().is_some_and(|n| {
                    n.contains(".test.") || n.contains(".spec.") || n.starts_with("jest.config")
                })
        }
        // What only the probe of a `HEALTHCHECK` needs goes with it.
        Kind::Package => {
            source.stages.iter().flat_map(|s| s.instructions(project)).any(|i| {
                matches!(i.arguments, Arguments::Healthcheck(_))
                    && project
                        .text(i.span)
                        .split(|c: char| !c.is_alphanumeric() && c != '-')
                        .any(|w| w == fact.name)
            }) || matches!(fact.name.as_str(), "sudo" | "gosu" | "su-exec")
        }
        Kind::Group => matches!(fact.name.as_str(), "dev" | "test" | "tests" | "--dev" | "--development"),
        Kind::Env => fact.name == "PYTHONDONTWRITEBYTECODE",
        _ => false,
    }
}

/// Whether a variant may have something of its own.
pub(super) fn may_be_added(fact: &Fact, project: &Project, twin: &Build) -> bool {
    match fact.kind {
        // A server that listened on a port of its image's below 1024 is told the other one by a command.
        Kind::Port => {
            let port = fact.known_name.as_deref().unwrap_or(&fact.name);
            let is_told = |i: &Instruction| {
                matches!(i.arguments, Arguments::Run(_)) && project.text(i.span).contains(port)
            };
            port.parse::<u16>().is_ok_and(|port| port >= 1024)
                && twin.last().is_some_and(|stage| stage.instructions(project).iter().any(is_told))
        }
        Kind::Env => HOMES.contains(&fact.name.as_str()),
        Kind::Package => TOOLS.contains(&fact.name.as_str()),
        // Less for developers.
        Kind::Group => {
            matches!(fact.name.as_str(), "--production" | "--prod" | "--no-dev")
                || matches!(fact.value.as_str(), "--omit" | "--without" | "--no-group") && fact.name == "dev"
        }
        _ => false,
    }
}

/// Takes out ports below 1024 and those they moved to.
pub(super) fn take_moved_ports(ours: &mut Vec<&Fact>, theirs: &mut Vec<&Fact>) {
    let port = |fact: &Fact| fact.known_name.clone().unwrap_or_else(|| fact.name.clone());
    ours.retain(|fact| {
        let moved = |t: &&Fact| t.kind == Kind::Port && has_moved(&port(fact), &port(t));
        let at = theirs.iter().position(moved).filter(|_| fact.kind == Kind::Port);
        at.map(|at| theirs.remove(at)).is_none()
    });
}

/// Takes out what was replaced: of one tool one option, list or port on each side, or one source of a copy.
pub(super) fn take_replaced<'f>(
    ours: &mut Vec<&'f Fact>,
    theirs: &mut Vec<&'f Fact>,
    replaced: &mut Vec<(&'f Fact, &'f Fact)>,
) {
    let is_alike = |a: &Fact, b: &Fact| {
        let by_value = match a.kind {
            Kind::Group | Kind::Copy => a.has_same_value(b),
            Kind::Requirements | Kind::Port => true,
            _ => false,
        };
        by_value && (a.kind, &a.scope) == (b.kind, &b.scope)
    };
    ours.retain(|fact| {
        // A test that is left out stands for nothing, and what is part of something wider is there.
        if TESTS.iter().any(|test| fact.name.contains(test)) || fact.name == "." {
            return true;
        }
        let mut alike = theirs.iter().enumerate().filter(|(_, other)| is_alike(fact, other));
        let (Some((at, _)), None) = (alike.next(), alike.next()) else { return true };
        replaced.push((fact, theirs.remove(at)));
        false
    });
}
