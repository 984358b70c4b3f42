//! Documents about a project, for people who decide: an audit, the strategy of building two families of images, and a plan.
//!
//! Every number is counted and every box is ticked by what was found; nothing is typed.

mod audit;
mod checklist;
mod plan;
mod strategy;

use std::collections::BTreeMap;
use std::io::{self, Write};

use seaworthy_syntax::dockerfile::Instruction;
use seaworthy_syntax::{Kind, SourceId, Span};

use super::markdown::cell;
use super::places::Places;
use crate::check::Report;
use crate::project::Project;
use crate::rule::{Category, Rule};
use crate::variant::Made;
use crate::workflow;

pub use plan::Counts;

/// What a document is written from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// What a check found.
    pub report: &'a Report,
    /// What a check with every rule on found: no box is ticked since nobody looked.
    pub strict: &'a Report,
    /// The variants, and the project.
    pub made: &'a Made,
    /// The workflow that builds both families; `None` where nothing ships.
    pub workflow: Option<&'a workflow::Made>,
}

/// Writes what is wrong, Dockerfile by Dockerfile and file by file, with a checklist.
///
/// # Errors
/// Those of the writer.
pub fn audit(sources: Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    audit::write(sources, out)
}

/// Writes which images are built from what, for whom, and how their two families differ.
///
/// # Errors
/// Those of the writer.
pub fn strategy(sources: Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    strategy::write(sources, out)
}

/// Writes what to do in which order, and what fixes would leave to do by hand.
///
/// # Errors
/// Those of the writer.
pub fn plan(sources: Sources<'_>, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    plan::write(sources, counts, out)
}

/// What a finding is about, for people who read of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Security,
    Stop,
    Redundancy,
    Layers,
    Correctness,
    Reliability,
    Efficiency,
    Style,
}

impl Class {
    fn of(rule: &Rule) -> Self {
        match rule.name {
            "exec-command"
            | "exec-script"
            | "shell-form-command"
            | "shell-wrapped-command"
            | "graceful-timeout"
            | "unhandled-stop"
            | "short-stop-grace"
            | "no-stop-grace"
            | "long-pre-stop" => Self::Stop,
            "healthcheck-moved" | "shipped-tests" | "copied-tests" | "useless-cleanup" => Self::Redundancy,
            "package-cache-kept"
            | "late-ownership"
            | "language-caches"
            | "recommended-packages"
            | "discarded-build-cache" => Self::Layers,
            "numeric-user"
            | "owned-paths"
            | "readable-home"
            | "readable-files"
            | "readable-tools"
            | "unprivileged-port"
            | "unprivileged-server" => Self::Security,
            _ => match rule.category {
                Category::Correctness => Self::Correctness,
                Category::Security => Self::Security,
                Category::Reliability => Self::Reliability,
                Category::Efficiency => Self::Efficiency,
                Category::Style => Self::Style,
            },
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Stop => "graceful stop",
            Self::Redundancy => "redundancy",
            Self::Layers => "layers",
            Self::Correctness => "correctness",
            Self::Reliability => "reliability",
            Self::Efficiency => "efficiency",
            Self::Style => "style",
        }
    }
}

impl<'a> Sources<'a> {
    /// The places of the project, which know what stands in them and is shown to nobody.
    fn places(self) -> Places<'a> {
        let mut hidden = self.report.hidden.clone();
        hidden.extend(self.made.secrets.iter().flat_map(|d| &d.hidden));
        let secrets = Report { diagnostics: self.report.diagnostics.clone(), hidden, suppressed: 0 };
        Places::of(&secrets, &self.made.project)
    }
}

/// The lines of a span, as people write them: `78`, `74–75`.
fn lines(places: &Places<'_>, span: Span) -> String {
    let text = places.text(span.source).get(span.range()).unwrap_or_default();
    let end = Span { end: span.start + text.trim_end().len() as u32, ..span };
    let (first, last) = (places.start(span).line, places.end(end).line);
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

/// What is said of a place, in a cell of a table, without what is secret.
fn said(places: &Places<'_>, message: &str, at: Span) -> String {
    cell(&places.shown_message(message, at))
}

/// The instruction of a Dockerfile that a place is in.
fn instruction(project: &Project, span: Span) -> Option<&Instruction> {
    let file = project.dockerfile(span.source)?;
    file.instructions
        .iter()
        .find(|i| i.span.start <= span.start && span.start < i.span.end.max(i.span.start + 1))
}

/// How many sources of each kind there are, in words.
fn read(project: &Project) -> String {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for parse in project.parses() {
        *kinds.entry(parse.source.kind).or_default() += 1;
    }
    let words = [
        (Kind::Dockerfile, "Dockerfile"),
        (Kind::Compose, "Compose file"),
        (Kind::Manifest, "manifest"),
        (Kind::Workflow, "workflow"),
    ];
    let parts: Vec<String> =
        words.iter().filter_map(|(kind, word)| kinds.get(kind).map(|n| counted(*n, word))).collect();
    parts.join(", ")
}

fn counted(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// The place of a finding: `path:line`.
fn place(places: &Places<'_>, span: Span) -> String {
    format!("{}:{}", places.shown_path(span.source), places.start(span).line)
}

/// Whether a source is of a kind.
fn is(project: &Project, source: SourceId, kind: Kind) -> bool {
    project.parse(source).is_some_and(|p| p.source.kind == kind)
}
