//! Makes the Kubernetes variant of each Dockerfile that ships.
//!
//! A transformation is a rule (`rules/variant/`). It and some rules of [`check`](crate::check()) whose fixes a variant wants
//! run to a fixpoint, as fixes do, on each Dockerfile in its place in the project, judged for Kubernetes.

pub(crate) mod aside;
pub(crate) mod name;
pub(crate) mod ships;
pub(crate) mod stamp;
pub(crate) mod step;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use rayon::prelude::*;
use seaworthy_syntax::{Kind, Source, SourceId, Span};

use crate::check::{Config, Report, check_builds, check_project};
use crate::diagnostic::{Diagnostic, Safety};
use crate::fix::{self, Dropped, Line, Run};
use crate::parse::Parse;
use crate::project::container::{Action, Probe};
use crate::project::dockerfile::Need;
use crate::project::{Build, Project};
use crate::rule::{Rule, Target};
use crate::rules;
pub use step::{Output, Status, path_of, wanted};
pub(crate) use step::{Pair, Relation, pairs};

/// The rules of `check` whose fixes, unsafe ones too, a variant gets as well.
const REUSED: [&str; 5] =
    ["log-init", "package-cache-kept", "stale-package-index", "useless-cleanup", "world-writable"];

/// The rule that says where secrets stand.
const SECRETS: &str = "secret-in-build";

/// What making variants came to.
#[derive(Debug)]
pub struct Made {
    /// The project, as it was.
    pub project: Project,
    /// The variants, in the order of their Dockerfiles.
    pub variants: Vec<Variant>,
    /// The Dockerfiles that get none.
    pub left_out: Vec<LeftOut>,
    /// Fixes that were left out since they are wrong: our own bugs.
    pub dropped: Vec<Dropped>,
    /// What stands in these places is a secret, which no report shows.
    pub secrets: Vec<Diagnostic>,
}

/// The variant of a Dockerfile.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The Dockerfile.
    pub source: SourceId,
    /// What the Dockerfile becomes, without a header.
    pub body: String,
    /// What was changed, in the order of the Dockerfile.
    pub changes: Vec<Change>,
    /// What was left out, in the order of the Dockerfile.
    pub omissions: Vec<Omission>,
    /// What the `HEALTHCHECK` that was taken out asks, where the variant listens.
    pub probe: Option<Probe>,
    /// What its image needs where it runs.
    pub needs: Needs,
    /// Its files: the variant and, where the Dockerfile has one of its own, its `.dockerignore`.
    pub outputs: Vec<Output>,
    /// Where the file that is there already does not say what the Dockerfile says, if others wrote or edited it.
    pub drift: Vec<Diagnostic>,
}

impl Variant {
    /// The variant's own file.
    pub fn output(&self) -> Option<&Output> {
        self.outputs.first()
    }
}

/// What the image of a variant needs where it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Who it runs as, by number, with the group where that is known; `None` where it goes on as root or is not known.
    pub user: Option<String>,
    /// The ports that it exposes, in order.
    pub ports: Vec<u16>,
    /// The directories that it writes to besides `/tmp`, whoever owns them: with a root that is read-only each takes a volume.
    pub writable: Vec<String>,
    /// The directories that it writes to and that files of the image lie in: a volume there has to be given those first.
    pub filled: Vec<String>,
}

/// A Dockerfile that gets no variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The Dockerfile.
    pub source: SourceId,
    /// The place in it that says so.
    pub span: Span,
    /// Why.
    pub reason: String,
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The transformation, or the rule whose fix was applied.
    pub rule: &'static str,
    /// What was done: "Start the program without a shell".
    pub title: String,
    /// Why.
    pub message: String,
    /// The place in the Dockerfile that it is about.
    pub span: Span,
}

/// A change that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    /// The transformation.
    pub rule: &'static str,
    /// Why it would be wrong.
    pub message: String,
    /// The place in the Dockerfile that it is about.
    pub span: Span,
}

/// Makes the variant of each Dockerfile that ships.
pub fn variant(project: Project, config: &Config) -> Made {
    variant_of(project, config, |_| true)
}

/// Makes the variants of the Dockerfiles that ship and are asked for, by their paths. All of the project says what ships
/// and how, so that what is asked for changes no variant.
pub fn variant_of(project: Project, config: &Config, asked: impl Fn(&Utf8Path) -> bool) -> Made {
    let (mut sources, mut left_out) = choose(&project);
    let is_asked = |id: SourceId| project.parse(id).is_some_and(|parse| asked(&parse.source.path));
    sources.retain(|id| is_asked(*id));
    left_out.retain(|left| is_asked(left.source));
    let rules: Vec<&'static Rule> = rules::ALL
        .iter()
        .copied()
        .filter(|rule| rule.is_transformation() || REUSED.contains(&rule.name))
        .filter(|rule| sources.iter().any(|source| config.runs(rule, *source)))
        .collect();
    // What it finds is shown nowhere; nothing of it is mended here.
    let rules = rules.into_iter().chain(rules::find(SECRETS)).collect();
    let config = Config { target: Some(Target::Kubernetes), ..config.clone() };
    let mut line = Varying {
        config,
        rules,
        sources,
        originals: BTreeMap::new(),
        last: BTreeMap::new(),
        secrets: Vec::new(),
    };
    let (mut project, _, run) = fix::run(project, &mut line);
    let Varying { config, sources, originals, mut last, secrets, .. } = line;
    let bodies: Vec<(SourceId, String, Needs)> = sources
        .par_iter()
        .map(|id| (*id, project.source_text(*id).to_owned(), needs(&project, *id)))
        .collect();
    project.restore_dockerfiles(originals.into_values().collect());
    let mut changes = changes(&run);
    let pairs = pairs(&project);
    let drift = drift(&project, &config, &pairs);
    let variants: Vec<Variant> = bodies
        .into_iter()
        .filter_map(|(source, body, needs)| {
            let mut changes = changes.remove(&source).unwrap_or_default();
            let (outputs, ignored) = outputs(&project, &config, source, &body, &pairs)?;
            changes.extend(ignored);
            changes.sort_by_key(|change| change.span);
            Some(Variant {
                source,
                probe: probe(&project, source, &changes),
                changes,
                needs,
                omissions: omissions(last.remove(&source).unwrap_or_default(), &run),
                outputs,
                drift: drift.iter().filter(|(of, _)| *of == source).map(|(_, d)| d.clone()).collect(),
                body,
            })
        })
        .collect();
    Made { project, variants, left_out, dropped: run.dropped, secrets }
}

/// What the health check of a Dockerfile asks, on the port that the server listens on in its variant.
fn probe(project: &Project, source: SourceId, changes: &[Change]) -> Option<Probe> {
    let stage = project.builds.iter().find(|b| b.source == source)?.last()?;
    let mut probe = stage.end().healthcheck().value()?.understood(stage.end());
    let moves = changes.iter().any(|c| c.rule == "unprivileged-port");
    let port = probe.port().filter(|port| *port < 1024 && moves);
    match &mut probe.action {
        Action::None => return None,
        Action::Http { port: at, .. } | Action::Tcp(at) => {
            if let Some(port) = port {
                *at = unprivileged(port).to_string();
            }
        }
        _ => {}
    }
    Some(probe)
}

/// What the image needs that a Dockerfile makes, as it is in the project.
fn needs(project: &Project, source: SourceId) -> Needs {
    let build = project.builds.iter().find(|b| b.source == source);
    let Some(stage) = build.and_then(Build::last) else { return Needs::default() };
    stage.remember();
    let identity = stage.identity(project).ok().flatten();
    let mut ports: Vec<u16> = stage.end().ports().map(|port| port.container).collect();
    ports.sort_unstable();
    ports.dedup();
    let written = identity.as_ref().map(|who| stage.written_directories(project, who)).unwrap_or_default();
    let (filled, writable) = written.into_iter().partition(|path| stage.holds_content(project, path));
    stage.forget();
    Needs {
        user: identity.filter(|who| who.need == Need::Nothing).map(|who| who.owner()),
        ports,
        writable,
        filled,
    }
}

/// The port that takes the place of one under 1024: 80 becomes 8080.
pub(crate) fn unprivileged(port: u16) -> u16 {
    8000 + port
}

/// The Dockerfiles that get a variant, and those that do not.
fn choose(project: &Project) -> (BTreeSet<SourceId>, Vec<LeftOut>) {
    let (mut chosen, mut left_out) = (Vec::new(), Vec::new());
    for build in &project.builds {
        let Some(parse) = project.parse(build.source) else { continue };
        // What is a variant already, made or written by hand, is compared with what it is a variant of.
        if stamp::read(&parse.source.text).is_some() || is_twin(project, &parse.source.path) {
            continue;
        }
        match ships::left_out(project, build) {
            Some((span, reason)) => left_out.push(LeftOut { source: build.source, span, reason }),
            None => chosen.push((build, name::of(&parse.source.path))),
        }
    }
    let mut meeting: BTreeMap<String, Vec<SourceId>> = BTreeMap::new();
    for (build, path) in &chosen {
        // Not every file system tells letters from capitals.
        meeting.entry(path.as_str().to_ascii_lowercase()).or_default().push(build.source);
    }
    let mut sources = BTreeSet::new();
    for (build, path) in chosen {
        let all = meeting.get(&path.as_str().to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let other = all.iter().find(|id| **id != build.source).and_then(|id| project.parse(*id));
        let (Some(other), Some(span)) = (other, build.last().and_then(|s| s.from_span(project))) else {
            sources.insert(build.source);
            continue;
        };
        let reason = format!(
            "its variant and that of {} would both be called {path}; rename one of the two",
            other.source.path
        );
        left_out.push(LeftOut { source: build.source, span, reason });
    }
    left_out.sort_by_key(|left| left.source);
    (sources, left_out)
}

/// Whether a Dockerfile is the hand-written variant of another.
fn is_twin(project: &Project, path: &Utf8Path) -> bool {
    name::is_for_kubernetes(path)
        && project.builds.iter().filter_map(|b| project.parse(b.source)).any(|other| {
            let source = &other.source.path;
            name::are_twins(source, path) || name::of(source) == path
        })
}

/// Where variants that others wrote or edited say something else than their Dockerfiles, each with the Dockerfile.
fn drift(project: &Project, config: &Config, pairs: &[Pair<'_>]) -> Vec<(SourceId, Diagnostic)> {
    let by_hand =
        |twin: SourceId| pairs.iter().find(|p| p.twin.source == twin && p.relation == Relation::ByHand);
    if !pairs.iter().any(|pair| pair.relation == Relation::ByHand) {
        return Vec::new();
    }
    let Some(rule) = rules::find("variant-drift").first().copied() else { return Vec::new() };
    let found = check_project(project, config, rule).into_iter();
    let of = |d: &Diagnostic| {
        let places = std::iter::once(d.span.source).chain(d.related.iter().map(|label| label.span.source));
        places.filter_map(by_hand).map(|pair| pair.source.source).next()
    };
    found.filter_map(|diagnostic| Some((of(&diagnostic)?, diagnostic))).collect()
}

/// The files of a variant, and what its `.dockerignore` changes.
fn outputs(
    project: &Project,
    config: &Config,
    source: SourceId,
    body: &str,
    pairs: &[Pair<'_>],
) -> Option<(Vec<Output>, Option<Change>)> {
    let parse = project.parse(source)?;
    let from = &parse.source;
    // A variant that somebody wrote may be called otherwise.
    let written = pairs.iter().find(|pair| pair.source.source == source);
    let written = written.and_then(|pair| project.parse(pair.twin.source)).map(|twin| &twin.source.path);
    let path = written.cloned().unwrap_or_else(|| name::of(&from.path));
    let existing = step::existing(project, &path, Kind::Dockerfile);
    let at = stamp::place(parse.dockerfile()?);
    let mut outputs = vec![step::output(from, body, path.clone(), at, existing)];

    let build = project.builds.iter().find(|b| b.source == source)?;
    let rule = rules::find("shipped-tests").first().copied().filter(|rule| config.runs(rule, source));
    let aside = rule.and_then(|rule| Some((rule, aside::of(project, build)?)));
    let aside = aside.filter(|(_, aside)| !aside.free.is_empty());
    let own = step::existing(project, &step::ignore_file(&from.path), Kind::Ignore);
    // BuildKit reads the one beside the Dockerfile instead of that of the context.
    let of_context = || {
        let path = build.context()?.ignore_file.as_deref()?;
        step::existing(project, path, Kind::Ignore)
    };
    let base = own.or_else(|| of_context().filter(|_| aside.is_some()));
    if base.is_none() && aside.is_none() {
        return Some((outputs, None));
    }
    let path = step::ignore_file(&path);
    let existing = step::existing(project, &path, Kind::Ignore);
    let mut text = base.as_ref().map(|base| base.text.to_string()).unwrap_or_default();
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let change = aside.map(|(rule, aside)| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str("# What only tests and developers need.\n");
        for name in &aside.free {
            text.push_str(name);
            text.push('\n');
        }
        let names: Vec<String> = aside.free.iter().map(|name| format!("`{name}`")).collect();
        let file = path.file_name().unwrap_or_default();
        Change {
            rule: rule.name,
            title: format!("Leave {} out by `{file}`", names.join(", ")),
            message: "all of the context is copied, and nothing that runs in the image needs this".into(),
            span: aside.span,
        }
    });
    // What is made without a `.dockerignore` is made of the Dockerfile.
    let base = base.unwrap_or_else(|| Source::new(from.path.clone(), Kind::Ignore, from.text.clone()));
    outputs.push(step::output(&base, &text, path, at, existing));
    Some((outputs, change))
}

/// What was done to each Dockerfile, in its order.
fn changes(run: &Run) -> BTreeMap<SourceId, Vec<Change>> {
    let mut changes: BTreeMap<SourceId, Vec<Change>> = BTreeMap::new();
    for applied in &run.applied {
        let Diagnostic { rule, message, span, fix, .. } = &applied.diagnostic;
        let title = fix.as_ref().map(|fix| fix.title.clone()).unwrap_or_default();
        let span = run.origin(*span, applied.round);
        let change = Change { rule: rule.name, title, message: message.clone(), span };
        changes.entry(span.source).or_default().push(change);
    }
    for changes in changes.values_mut() {
        changes.sort_by_key(|change| change.span);
        changes.dedup();
    }
    changes
}

/// What the transformations left out, in the order of the Dockerfile.
fn omissions(found: Vec<Diagnostic>, run: &Run) -> Vec<Omission> {
    let left_out = |d: &Diagnostic| d.rule.is_transformation() && d.fix.is_none();
    let mut omissions: Vec<Omission> = found
        .into_iter()
        .filter(left_out)
        .map(|d| Omission { rule: d.rule.name, span: run.origin(d.span, usize::MAX), message: d.message })
        .collect();
    omissions.sort_by_key(|omission| omission.span);
    omissions.dedup();
    omissions
}

/// The transformations, in the Dockerfiles that are varied.
struct Varying {
    config: Config,
    rules: Vec<&'static Rule>,
    sources: BTreeSet<SourceId>,
    /// The Dockerfiles that changed as they were: their trees, and what they build.
    originals: BTreeMap<SourceId, (Parse, Build)>,
    /// Where secrets stood at first.
    secrets: Vec<Diagnostic>,
    /// What was found in each when it was last looked at.
    last: BTreeMap<SourceId, Vec<Diagnostic>>,
}

impl Line for Varying {
    fn safety(&self) -> Safety {
        Safety::Unsafe
    }

    fn check(&mut self, project: &Project, changed: Option<&BTreeSet<SourceId>>) -> Report {
        let is_first = changed.is_none();
        let changed = changed.unwrap_or(&self.sources);
        let builds: Vec<&Build> = project.builds.iter().filter(|b| changed.contains(&b.source)).collect();
        let mut report =
            check_builds(project, &self.config, &self.rules, &builds, |b| ships::parts(project, b));
        let (secrets, found) = report.diagnostics.into_iter().partition(|d| d.rule.name == SECRETS);
        report.diagnostics = found;
        if is_first {
            self.secrets = secrets;
        }
        report.diagnostics.retain(|d| self.config.runs(d.rule, d.span.source));
        for source in changed {
            self.last.remove(source);
        }
        for diagnostic in &report.diagnostics {
            self.last.entry(diagnostic.span.source).or_default().push(diagnostic.clone());
        }
        report
    }

    fn rebuild(&mut self, mut project: Project, trees: Vec<Parse>) -> Project {
        for old in project.replace_dockerfiles(trees) {
            self.originals.entry(old.0.id).or_insert(old);
        }
        project
    }
}
