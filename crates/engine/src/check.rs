//! Runs the rules and orders what they found.

use rayon::prelude::*;

use seaworthy_syntax::Span;

pub use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::parse::Parse;
use crate::project::{Build, Project, Stage, WorkloadId};
use crate::rule::{Check, Ctx, Rule};
use crate::{rules, suppress};

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The findings, sorted by source, place and rule; none twice.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings comments in the files silenced.
    pub suppressed: usize,
    /// Secrets, whether or not a finding is reported on them: what stands there is shown in no output.
    pub hidden: Vec<Span>,
}

/// Checks a project.
pub fn check(project: &Project, config: &Config) -> Report {
    let rules = config.all_rules();
    let (stage_rules, others): (Vec<&'static Rule>, Vec<&'static Rule>) =
        rules.iter().copied().partition(|r| matches!(r.check, Check::Stage(_)));
    let mut diagnostics: Vec<Diagnostic> =
        others.par_iter().flat_map_iter(|rule| run(rule, project, config)).collect();
    let builds = project.builds.par_iter();
    diagnostics
        .par_extend(builds.flat_map_iter(|build| stages(build, &stage_rules, project, config, |_, _| true)));
    let mut hidden: Vec<Span> = diagnostics.iter().flat_map(|d| &d.hidden).copied().collect();
    hidden.extend(unasked_secrets(project, config, &rules));
    diagnostics.extend(syntax_errors(project));
    diagnostics.retain_mut(|d| {
        if let Some(severity) = config.severity_of(d.rule, d.span.source) {
            d.severity = severity;
        }
        config.runs(d.rule, d.span.source)
    });
    let mut report = Report { diagnostics, suppressed: 0, hidden };
    // Which comments silence something does not depend on the least severity that is reported.
    suppress::apply(project, config, &mut report);
    let mut diagnostics = report.diagnostics;
    diagnostics.retain(|d| config.reports(d.severity, d.span.source));
    Report { diagnostics: sorted(diagnostics), ..report }
}

/// Runs rules of stages on those stages of some Dockerfiles that they are wanted for, and nothing else. What comments
/// silence is left out; nothing is said of those that silence nothing.
pub(crate) fn check_builds(
    project: &Project,
    config: &Config,
    rules: &[&'static Rule],
    builds: &[&Build],
    wanted: impl Fn(&Build) -> Vec<Part> + Sync,
) -> Report {
    let builds = builds.par_iter();
    let found = builds.flat_map_iter(|build| {
        let parts = wanted(build);
        let wanted = |rule: &Rule, stage: &Stage| match parts.get(stage.index) {
            Some(Part::Ships) => true,
            Some(Part::Below) => !rule.is_transformation(),
            Some(Part::Apart) | None => false,
        };
        let diagnostics = stages(build, rules, project, config, wanted);
        let mut report = Report { diagnostics, ..Report::default() };
        suppress::silence(project, build.source, &mut report);
        report.diagnostics
    });
    Report { diagnostics: sorted(found.collect()), ..Report::default() }
}

/// The rules that find secrets.
const SECRETS: [&str; 5] =
    ["credentials-in-url", "secret-build-argument", "secret-in-build", "secret-in-env", "secret-in-env-file"];

/// The secrets that only rules find which nobody asked for: other findings may stand in the same lines.
fn unasked_secrets(project: &Project, config: &Config, asked: &[&'static Rule]) -> Vec<Span> {
    let unasked =
        SECRETS.iter().flat_map(|name| rules::find(name)).filter(|r| !asked.iter().any(|a| a.name == r.name));
    let found = unasked.flat_map(|rule| match rule.check {
        Check::Stage(_) => {
            project.builds.iter().flat_map(|b| stages(b, &[rule], project, config, |_, _| true)).collect()
        }
        _ => run(rule, project, config),
    });
    found.flat_map(|d| d.hidden).collect()
}

/// What a stage is to the image that ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is that image.
    Ships,
    /// Its layers are in that image.
    Below,
    /// It helps to build it, or is there for something else.
    Apart,
}

fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)));
    // The same service seen through two Compose projects says the same thing twice.
    diagnostics.dedup_by(|a, b| a.span == b.span && a.rule.name == b.rule.name && a.message == b.message);
    diagnostics
}

fn key(d: &Diagnostic) -> (Span, &str, &str, bool) {
    (d.span, d.rule.name, &d.message, d.fix.is_none())
}

/// What no parser accepts.
fn syntax_errors(project: &Project) -> impl Iterator<Item = Diagnostic> {
    let rule = rules::find("syntax-error").first().copied();
    project.parses().iter().flat_map(Parse::errors).filter_map(move |error| {
        let rule = rule?;
        Some(Diagnostic {
            rule,
            severity: rule.severity,
            message: error.value.clone(),
            span: error.span,
            related: Vec::new(),
            hidden: Vec::new(),
            fix: None,
        })
    })
}

/// Runs the rules on the stages of one Dockerfile, so that its scripts are parsed once and kept no longer than that.
fn stages(
    build: &Build,
    rules: &[&'static Rule],
    project: &Project,
    config: &Config,
    wanted: impl Fn(&Rule, &Stage) -> bool,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for stage in &build.stages {
        for rule in rules.iter().filter(|rule| wanted(rule, stage)) {
            let (Check::Stage(check) | Check::Variant(check)) = rule.check else { continue };
            let mut ctx = Ctx::new(project, rule, config, &mut found);
            ctx.look_at(stage.source);
            check(stage, &mut ctx);
        }
        stage.forget_runs();
    }
    found
}

fn run(rule: &'static Rule, project: &Project, config: &Config) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut ctx = Ctx::new(project, rule, config, &mut found);
    match rule.check {
        Check::Container(check) => {
            for container in project.containers.iter().filter(|c| !is_patch(c.workload, project)) {
                ctx.look_at(container.place.source);
                check(container, &mut ctx);
            }
        }
        Check::Workload(check) => {
            for workload in project.workloads.iter().filter(|w| !is_patch(Some(w.id), project)) {
                ctx.look_at(workload.pod.place.source);
                check(workload, &mut ctx);
            }
        }
        Check::Project(check) => check(project, &mut ctx),
        Check::Stage(_) | Check::Variant(_) | Check::Engine => {}
    }
    found
}

/// A patch says only what it changes, so nothing can be missing from it.
fn is_patch(workload: Option<WorkloadId>, project: &Project) -> bool {
    workload.is_some_and(|w| project.workload(w).object(project).patch)
}
