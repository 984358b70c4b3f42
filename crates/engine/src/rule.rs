//! What a rule is.

use crate::config::{Config, Labels};
use crate::diagnostic::{Diagnostic, Fix, IntoEdits, Label, Safety};
use crate::images::Day;
use crate::measured::Subject;
use crate::project::{Container, Intent, Project, Stage, Workload};
use crate::rules;
use crate::schema::{Minor, Problem, ProblemKind};
use seaworthy_syntax::{SourceId, Span};

/// A rule: a value in a file of its own. Its page beside it is its documentation and its test.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case; it reads well after "allow".
    pub name: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// The release it came with.
    pub since: &'static str,
    /// Its page.
    pub docs: &'static str,
    /// The ids other tools give it, which work wherever its name does.
    pub aliases: &'static [&'static str],
    /// What it is about.
    pub category: Category,
    /// How much it matters where nothing says otherwise.
    pub severity: Severity,
    /// Whether it is on without being asked for.
    pub default: bool,
    /// Whether its findings come with a fix: a promise, tested.
    pub fix: FixKind,
    /// What it looks at.
    pub check: Check,
}

/// What a rule looks at: the function is called for each of these.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// A stage of a Dockerfile.
    Stage(fn(&Stage, &mut Ctx<'_>)),
    /// A Compose service or a container of a pod.
    Container(fn(&Container, &mut Ctx<'_>)),
    /// A Kubernetes object that holds a pod template.
    Workload(fn(&Workload, &mut Ctx<'_>)),
    /// The project as a whole, once.
    Project(fn(&Project, &mut Ctx<'_>)),
    /// The project as a whole, once, and what the API server would refuse in its objects.
    Schema(fn(&Project, &[Problem], &mut Ctx<'_>)),
    /// A stage that ships, of a Dockerfile whose Kubernetes variant is made. A finding with a fix is a change to be made;
    /// one without is a change that is left out, and its message says why. Checks and fixes never run it.
    Variant(fn(&Stage, &mut Ctx<'_>)),
    /// What was measured of a container that ran. Checks and fixes never run it.
    Measured(fn(&Subject<'_>, &mut Ctx<'_>)),
    /// Nothing: the engine itself reports it.
    Engine,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// It does not do what it says.
    Correctness,
    /// It gives away more than it must.
    Security,
    /// It fails, or stops badly, when things go wrong.
    Reliability,
    /// It is larger or slower than it needs to be.
    Efficiency,
    /// A matter of taste; off unless asked for.
    Style,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth doing when one is there anyway.
    Low,
    /// Worth a change of its own.
    Medium,
    /// It goes wrong in production sooner or later.
    High,
    /// It does not work, or gives away the host.
    Critical,
}

/// Whether a rule's findings come with a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixKind {
    /// Never.
    None,
    /// Where the place allows it.
    Sometimes,
    /// Always.
    Always,
}

/// What the containers are meant to run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Docker Engine, Docker Compose.
    Docker,
    /// Kubernetes.
    Kubernetes,
}

/// The rules that a word names: the one of this name, or all that have it as an alias: what another tool finds in one go
/// may be several rules here. An alias counts however that tool's releases spell it: `KSV-0012`, `ksv012`, `AVD-KSV-0012`.
pub fn find(word: &str) -> Vec<&'static Rule> {
    if let Ok(at) = rules::ALL.binary_search_by_key(&word, |rule| rule.name) {
        return vec![rules::ALL[at]];
    }
    let wanted = Id::of(word);
    let aliased = |rule: &&&Rule| rule.aliases.iter().any(|alias| Id::of(alias) == wanted);
    rules::ALL.iter().filter(aliased).copied().collect()
}

/// A word that names rules: the name of one, or another tool's id, which may mean only some findings of a rule.
#[derive(Clone, Debug)]
pub struct Named {
    /// The rules.
    pub rules: Vec<&'static Rule>,
    id: Option<Box<str>>,
}

impl Named {
    /// What a word names; `None` where no rule is called so.
    pub fn of(word: &str) -> Option<Self> {
        let rules = find(word);
        let name = rules.first()?.name == word;
        Some(Self { rules, id: (!name).then(|| word.into()) })
    }

    /// Whether it is another tool's id, not the name of a rule.
    pub fn is_id(&self) -> bool {
        self.id.is_some()
    }

    /// The word.
    pub fn word(&self) -> &str {
        self.id.as_deref().unwrap_or_else(|| self.rules.first().map_or("", |rule| rule.name))
    }

    /// Whether it names a rule, or some of its findings.
    pub fn names(&self, rule: &Rule) -> bool {
        self.rules.iter().any(|r| r.name == rule.name)
    }

    /// Whether it names every finding of a rule: no other id of the same tool does.
    pub fn names_all(&self, rule: &Rule) -> bool {
        let alone = |id: &str| {
            let head = Id::of(id).head;
            rule.aliases.iter().filter(|alias| Id::of(alias).head.eq_ignore_ascii_case(head)).count() < 2
        };
        self.names(rule) && self.id.as_deref().is_none_or(alone)
    }

    /// Whether it names a finding.
    pub fn covers(&self, diagnostic: &Diagnostic) -> bool {
        let means = |id: &str| diagnostic.ids.iter().any(|alias| Id::of(alias) == Id::of(id));
        self.names(diagnostic.rule) && self.id.as_deref().is_none_or(means)
    }
}

/// Another tool's id without what its releases spell differently.
struct Id<'a> {
    head: &'a str,
    number: &'a str,
}

impl<'a> Id<'a> {
    fn of(word: &'a str) -> Self {
        let word = match word.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("AVD-") => &word[4..],
            _ => word,
        };
        let head = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = word[head.len()..].trim_start_matches('0');
        Self { head: head.trim_end_matches('-'), number }
    }
}

impl PartialEq for Id<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number && self.head.eq_ignore_ascii_case(other.head)
    }
}

impl Rule {
    /// Whether it changes a Dockerfile into its Kubernetes variant: checks and fixes never run it.
    pub fn is_transformation(&self) -> bool {
        matches!(self.check, Check::Variant(_))
    }

    /// Whether it judges what was measured of containers that ran: checks and fixes never run it.
    pub fn is_measured(&self) -> bool {
        matches!(self.check, Check::Measured(_))
    }

    /// Whether some of its findings come with a fix.
    pub fn has_fix(&self) -> bool {
        self.fix != FixKind::None
    }

    /// Why its findings matter, in one sentence without the final stop: the first of its page's *Why it matters*.
    pub fn why(&self) -> &'static str {
        self.first_sentence("## Why it matters\n")
    }

    /// What to do about its findings, in one sentence without the final stop: the first of its page's *What to do*.
    pub fn remedy(&self) -> &'static str {
        self.first_sentence("## What to do\n")
    }

    fn first_sentence(&self, heading: &str) -> &'static str {
        let Some((_, section)) = self.docs.split_once(heading) else { return "" };
        let line = section.trim_start().lines().next().unwrap_or_default();
        line.split_once(". ").map_or(line, |(sentence, _)| sentence).trim_end_matches('.')
    }
}

impl Target {
    /// How much it matters that a right nobody needs is not taken away: what runs in a cluster runs beside others.
    pub(crate) fn hardening(self) -> Severity {
        match self {
            Self::Docker => Severity::Low,
            Self::Kubernetes => Severity::Medium,
        }
    }
}

impl FixKind {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sometimes => "sometimes",
            Self::Always => "always",
        }
    }
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 5] =
        [Self::Correctness, Self::Security, Self::Reliability, Self::Efficiency, Self::Style];

    /// The word in output and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Security => "security",
            Self::Reliability => "reliability",
            Self::Efficiency => "efficiency",
            Self::Style => "style",
        }
    }
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word in output and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What a rule's check works with: the whole project to read, and a place to report its subject.
pub struct Ctx<'a> {
    /// The project.
    pub project: &'a Project,
    rule: &'static Rule,
    found: &'a mut Vec<Diagnostic>,
    config: &'a Config,
    /// The source of the subject; `None` where the subject is the project.
    source: Option<SourceId>,
}

impl<'a> Ctx<'a> {
    pub(crate) fn new(
        project: &'a Project,
        rule: &'static Rule,
        config: &'a Config,
        found: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { project, rule, found, config, source: None }
    }

    /// Makes a source that of the subject.
    pub(crate) fn look_at(&mut self, source: SourceId) {
        self.source = Some(source);
    }

    /// The target the user named, which overrides what the project's links tell.
    pub fn target(&self) -> Option<Target> {
        self.source.map_or(self.config.target, |source| self.config.target_of(source))
    }

    /// Whether somebody asks for findings that matter little in their place, so that looking for them is worth the time.
    pub(crate) fn asks_for_asides(&self) -> bool {
        self.source.is_none_or(|source| self.config.asks_for_asides(self.rule, source))
    }

    /// Today; `None` where nobody says.
    pub fn today(&self) -> Option<Day> {
        self.config.today
    }

    /// The registries that images of the subject may come from, as the user set them; empty for any.
    pub fn trusted_registries(&self) -> &'a [String] {
        let scope = self.source.and_then(|source| self.config.scope(source));
        scope.map_or(&[], |scope| &scope.trusted_registries)
    }

    /// Whether images may come from a registry; any may where the user names none.
    pub fn trusts(&self, registry: &str) -> bool {
        // `*`, `*.example.com`, `example.*` or the name itself; Docker Hub has two.
        let hub = |name: &str| matches!(name, "docker.io" | "hub.docker.com" | "index.docker.io");
        let matches = |pattern: &String| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(""), _) => true,
            (Some(end), _) => registry.ends_with(end),
            (_, Some(start)) => registry.starts_with(start),
            _ => pattern == registry || hub(pattern) && hub(registry),
        };
        let trusted = self.trusted_registries();
        trusted.is_empty() || trusted.iter().any(matches)
    }

    /// The labels that images have to have, as the user set them.
    pub fn labels(&self) -> Option<&'a Labels> {
        let scope = self.source.and_then(|source| self.config.scope(source));
        scope.map(|scope| &scope.labels)
    }

    /// All aliases of the rule, for a finding that all of them mean.
    pub fn all_ids(&self) -> &'static [&'static str] {
        self.rule.aliases
    }

    /// The release of Kubernetes that a manifest is meant for.
    pub(crate) fn kubernetes_of(&self, source: SourceId) -> Minor {
        self.config.kubernetes_of(source)
    }

    /// Reports what the API server refuses, as far as it is of a kind.
    pub(crate) fn refused(&mut self, problems: &[Problem], kind: ProblemKind) {
        for problem in problems.iter().filter(|p| p.kind == kind) {
            let mut finding = self.report(problem.span, problem.message.clone());
            if problem.beyond {
                // No schema tells.
                finding.ids(&[]);
            }
            if let Some((title, edit)) = &problem.fix {
                finding.fix(problem.safety, title.clone(), Some(edit.clone()));
            }
        }
    }

    /// Reports a finding at the narrowest place that is wrong.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> Finding<'_> {
        let at = self.found.len();
        self.found.push(Diagnostic {
            rule: self.rule,
            severity: self.rule.severity,
            message: message.into(),
            span,
            related: Vec::new(),
            hidden: Vec::new(),
            ids: self.rule.aliases,
            aside: false,
            fix: None,
        });
        Finding { project: self.project, fixes: self.config.fixes, diagnostic: &mut self.found[at] }
    }
}

/// A finding that was just reported, to say more of it.
pub struct Finding<'a> {
    project: &'a Project,
    fixes: bool,
    diagnostic: &'a mut Diagnostic,
}

impl Finding<'_> {
    /// Adds a place that explains the finding.
    pub fn related(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.diagnostic.related.push(Label { span, message: message.into() });
        self
    }

    /// Grades it for the place it stands in.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.diagnostic.severity = severity;
        self
    }

    /// Says which of the rule's aliases mean this finding, where not all do.
    pub fn ids(&mut self, ids: &'static [&'static str]) -> &mut Self {
        self.diagnostic.ids = ids;
        self
    }

    /// Marks it as what matters little in its place: it is left out but for those who ask for the rule by another tool's id,
    /// or for all rules.
    pub fn aside(&mut self, aside: bool) -> &mut Self {
        self.diagnostic.aside = aside;
        self
    }

    /// Hides what stands at a place, a secret, from every output of the report.
    pub fn hide(&mut self, secret: Span) -> &mut Self {
        self.diagnostic.hidden.push(secret);
        self
    }

    /// Offers edits that mend it; nothing where there are none.
    ///
    /// The title says what applying it does, in the imperative and without a final stop: "Drop all capabilities".
    pub fn fix(&mut self, safety: Safety, title: impl Into<String>, edits: impl IntoEdits) -> &mut Self {
        if self.fixes
            && let Some(edits) = edits.into_edits().filter(|e| !e.is_empty())
        {
            self.diagnostic.fix = Some(Fix { title: title.into(), safety, edits });
        }
        self
    }

    /// Offers a change of a container, in whatever way its format writes it; nothing where it cannot.
    pub fn set(
        &mut self,
        safety: Safety,
        title: impl Into<String>,
        container: &Container,
        intent: &Intent,
    ) -> &mut Self {
        let project = self.project;
        // What an agent of the node needs, only its maker knows.
        let kept = safety == Safety::Unsafe && intent.takes_rights() && container.works_on_node(project);
        self.fix(safety, title, || if kept { None } else { project.set(container, intent) })
    }
}
