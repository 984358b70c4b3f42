//! Runs the rules and orders what they found.

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::project::Project;
use crate::rule::{Check, Ctx, Rule, Severity, Target};
use crate::rules;

/// What the user asked for, as meant.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rules that run, sorted by name.
    pub rules: Vec<&'static Rule>,
    /// The least severity that is reported.
    pub severity: Severity,
    /// The target the user named.
    pub target: Option<Target>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: rules::ALL.iter().copied().filter(|r| r.default).collect(),
            severity: Severity::Low,
            target: None,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The findings, sorted by source, place and rule; none twice.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings comments in the files silenced.
    pub suppressed: usize,
}

/// Checks a project.
pub fn check(project: &Project, config: &Config) -> Report {
    let mut diagnostics: Vec<Diagnostic> =
        config.rules.par_iter().flat_map_iter(|rule| run(rule, project, config)).collect();
    diagnostics.retain(|d| d.severity >= config.severity);
    diagnostics.sort_by(|a, b| {
        (a.span, a.rule.name, &a.message, a.fix.is_none()).cmp(&(
            b.span,
            b.rule.name,
            &b.message,
            b.fix.is_none(),
        ))
    });
    // The same service seen through two Compose projects says the same thing twice.
    diagnostics.dedup_by(|a, b| a.span == b.span && a.rule.name == b.rule.name && a.message == b.message);
    Report { diagnostics, suppressed: 0 }
}

fn run(rule: &'static Rule, project: &Project, config: &Config) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut ctx = Ctx::new(project, rule, config.target, &mut found);
    match rule.check {
        Check::Stage(check) => {
            project.builds.iter().flat_map(|b| &b.stages).for_each(|stage| check(stage, &mut ctx));
        }
        // A patch says only what it changes, so nothing can be missing from it.
        Check::Container(check) => project
            .containers
            .iter()
            .filter(|c| c.workload.is_none_or(|w| !project.workload(w).object(project).patch))
            .for_each(|c| check(c, &mut ctx)),
        Check::Workload(check) => {
            project.workloads.iter().filter(|w| !w.object(project).patch).for_each(|w| check(w, &mut ctx))
        }
        Check::Project(check) => check(project, &mut ctx),
        Check::Engine => {}
    }
    found
}
