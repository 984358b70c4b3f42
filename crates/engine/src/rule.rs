//! What a rule is.

use crate::diagnostic::Diagnostic;
use crate::project::{Container, Project, Stage, Workload};
use seaworthy_syntax::Span;

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
    target: Option<Target>,
}

impl<'a> Ctx<'a> {
    pub(crate) fn new(
        project: &'a Project,
        rule: &'static Rule,
        target: Option<Target>,
        found: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { project, rule, found, target }
    }

    /// The target the user named, which overrides what the project's links tell.
    pub fn target(&self) -> Option<Target> {
        self.target
    }

    /// Reports a finding at the narrowest place that is wrong.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.found.len();
        self.found.push(Diagnostic {
            rule: self.rule,
            severity: self.rule.severity,
            message: message.into(),
            span,
            related: Vec::new(),
            fix: None,
        });
        &mut self.found[at]
    }
}
