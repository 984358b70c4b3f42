//! Makes the Kubernetes variant of each Dockerfile that ships.
//!
//! A transformation is a rule (`rules/variant/`). It and some rules of [`check`](crate::check) whose fixes a variant wants
//! run to a fixpoint, as fixes do, on each Dockerfile in its place in the project, judged for Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use seaworthy_syntax::{SourceId, Span};

use crate::check::{Config, Report, check_builds};
use crate::diagnostic::{Diagnostic, Safety};
use crate::fix::{self, Dropped, Line, Run};
use crate::parse::{Parse, parse};
use crate::project::{Build, Project};
use crate::rule::{Rule, Target};
use crate::rules;

/// The rules of `check` whose fixes, unsafe ones too, a variant gets as well.
const REUSED: [&str; 6] = [
    "late-ownership",
    "log-init",
    "package-cache-kept",
    "stale-package-index",
    "useless-cleanup",
    "world-writable",
];

/// What making variants came to.
#[derive(Debug)]
pub struct Made {
    /// The project, as it was.
    pub project: Project,
    /// The variants, in the order of their Dockerfiles.
    pub variants: Vec<Variant>,
    /// Fixes that were left out since they are wrong: our own bugs.
    pub dropped: Vec<Dropped>,
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
    let sources: BTreeSet<SourceId> = project.builds.iter().map(|b| b.source).collect();
    let rules: Vec<&'static Rule> = rules::ALL
        .iter()
        .copied()
        .filter(|rule| rule.is_transformation() || REUSED.contains(&rule.name))
        .collect();
    let config = Config { target: Some(Target::Kubernetes), ..config.clone() };
    let mut line = Varying { config, rules, sources, originals: BTreeMap::new(), last: BTreeMap::new() };
    let (mut project, _, run) = fix::run(project, &mut line);
    let Varying { sources, originals, mut last, .. } = line;
    let bodies: BTreeMap<SourceId, String> =
        sources.iter().map(|id| (*id, project.source_text(*id).to_owned())).collect();
    let mut changes = changes(&run);
    let variants = bodies
        .into_iter()
        .map(|(source, body)| Variant {
            source,
            body,
            changes: changes.remove(&source).unwrap_or_default(),
            omissions: omissions(last.remove(&source).unwrap_or_default(), &run),
        })
        .collect();
    project.replace_dockerfiles(originals.into_values().collect());
    Made { project, variants, dropped: run.dropped }
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
    /// The trees as they were, of the Dockerfiles that changed.
    originals: BTreeMap<SourceId, Parse>,
    /// What was found in each when it was last looked at.
    last: BTreeMap<SourceId, Vec<Diagnostic>>,
}

impl Line for Varying {
    fn safety(&self) -> Safety {
        Safety::Unsafe
    }

    fn check(&mut self, project: &Project, changed: Option<&BTreeSet<SourceId>>) -> Report {
        let changed = changed.unwrap_or(&self.sources);
        let builds: Vec<&Build> = project.builds.iter().filter(|b| changed.contains(&b.source)).collect();
        let mut report = check_builds(project, &self.config, &self.rules, &builds);
        report.diagnostics.retain(|d| self.config.runs(d.rule, d.span.source));
        for source in changed {
            self.last.remove(source);
        }
        for diagnostic in &report.diagnostics {
            self.last.entry(diagnostic.span.source).or_default().push(diagnostic.clone());
        }
        report
    }

    fn rebuild(&mut self, mut project: Project, texts: BTreeMap<SourceId, String>) -> Project {
        let texts: Vec<(SourceId, String)> = texts.into_iter().collect();
        let parses = texts
            .into_par_iter()
            .filter_map(|(id, text)| Some(parse(id, project.parse(id)?.source.with_text(text))))
            .collect();
        for old in project.replace_dockerfiles(parses) {
            self.originals.entry(old.id).or_insert(old);
        }
        project
    }
}
