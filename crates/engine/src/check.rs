//! Runs the rules and orders what they found.

mod overlays;

use rayon::prelude::*;

use seaworthy_syntax::Span;

pub use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::measured::{Measured, Subject};
use crate::parse::Parse;
use crate::project::{Build, Container, Project, Stage, Workload, WorkloadId};
use crate::rule::{Check, Ctx, Rule};
use crate::schema::{self, Problem};
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

/// How many containers or workloads are looked at in one go.
const BATCH: usize = 64;

/// Checks a project.
pub fn check(project: &Project, config: &Config) -> Report {
    let rules = config.all_rules();
    let ours: Vec<_> = rules.iter().copied().filter(|rule| !rule.is_transformation()).collect();
    let mut diagnostics = Rules::of(ours.iter().copied()).run(project, config);
    overlays::apply(project, config, &ours, &mut diagnostics);
    let mut hidden: Vec<Span> = diagnostics.iter().flat_map(|d| &d.hidden).copied().collect();
    hidden.extend(unasked_secrets(project, config, &rules));
    diagnostics.extend(syntax_errors(project));
    diagnostics.retain_mut(|d| {
        if let Some(severity) = config.severity_of(d) {
            d.severity = severity;
        }
        config.wants(d)
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
    let rules = Rules::of(rules.iter().copied());
    let builds = builds.par_iter();
    let found = builds.flat_map_iter(|build| {
        let parts = wanted(build);
        let wanted = |rule: &Rule, stage: &Stage| match parts.get(stage.index) {
            Some(Part::Ships) => true,
            Some(Part::Below) => !rule.is_transformation(),
            // A secret is one wherever it stands.
            Some(Part::Apart) | None => SECRETS.contains(&rule.name),
        };
        let mut diagnostics = rules.on_stages(build, project, config, wanted);
        diagnostics.retain(|d| !d.aside);
        let mut report = Report { diagnostics: project.attribute(diagnostics), ..Report::default() };
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
    let found = Rules::of(unasked).run(project, config);
    found.into_iter().flat_map(|d| d.hidden).collect()
}

/// Runs one rule of the project. What comments silence is left out.
pub(crate) fn check_project(project: &Project, config: &Config, rule: &'static Rule) -> Vec<Diagnostic> {
    let diagnostics = Rules::of(std::iter::once(rule)).run(project, config);
    let mut report = Report { diagnostics, ..Report::default() };
    report.diagnostics.retain(|d| config.wants(d));
    let sources: std::collections::BTreeSet<_> = report.diagnostics.iter().map(|d| d.span.source).collect();
    for source in sources {
        suppress::silence(project, source, &mut report);
    }
    sorted(report.diagnostics)
}

/// Tells what was measured of containers that ran as findings. What comments silence is left out.
pub fn check_measured(project: &Project, config: &Config, measured: &[Measured]) -> Report {
    let mut diagnostics = Vec::new();
    let subjects = measured.iter().filter_map(|m| Subject::of(m, project));
    for subject in subjects {
        for rule in config.all_rules() {
            let Check::Measured(check) = rule.check else { continue };
            let mut ctx = Ctx::new(project, rule, config, &mut diagnostics);
            if let Some(at) = subject.at(project) {
                ctx.look_at(at.source);
                check(&subject, &mut ctx);
            }
        }
    }
    let diagnostics = project.attribute(diagnostics);
    let hidden = unasked_secrets(project, config, &[]).into_iter();
    let mut report = Report { diagnostics, suppressed: 0, hidden: hidden.collect() };
    report.diagnostics.retain_mut(|d| {
        if let Some(severity) = config.severity_of(d) {
            d.severity = severity;
        }
        config.runs(d.rule, d.span.source)
    });
    let sources: std::collections::BTreeSet<_> = report.diagnostics.iter().map(|d| d.span.source).collect();
    for source in sources {
        suppress::silence(project, source, &mut report);
    }
    report.diagnostics.retain(|d| config.reports(d.severity, d.span.source));
    Report { diagnostics: sorted(report.diagnostics), ..report }
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
    diagnostics.par_sort_by(|a, b| key(a).cmp(&key(b)));
    // The same service seen through two Compose projects says the same thing twice.
    diagnostics.dedup_by(|a, b| a.span == b.span && a.rule.name == b.rule.name && a.message == b.message);
    diagnostics
}

fn key(d: &Diagnostic) -> (Span, &str, &str, bool) {
    (d.span, d.rule.name, &d.message, d.fix.is_none())
}

/// What no parser accepts.
fn syntax_errors(project: &Project) -> Vec<Diagnostic> {
    let rule = rules::find("syntax-error").first().copied();
    let files = project.parses().iter().flat_map(Parse::errors);
    let rendered = project.rendered_parses().iter().flat_map(Parse::errors);
    let found = files.chain(rendered).filter_map(move |error| {
        let rule = rule?;
        Some(Diagnostic {
            rule,
            severity: rule.severity,
            message: error.value.clone(),
            span: error.span,
            related: Vec::new(),
            hidden: Vec::new(),
            ids: ids_of_error(rule, &error.value),
            aside: false,
            fix: None,
        })
    });
    project.attribute(found.collect())
}

/// What others call an error: a few have names of their own.
fn ids_of_error(rule: &'static Rule, message: &str) -> &'static [&'static str] {
    if message.contains("within ONBUILD") {
        &["DL1000", "DL3043"]
    } else if message.contains("before the first FROM") {
        &["DL1000", "DL3061"]
    } else {
        rule.aliases.get(..1).unwrap_or_default()
    }
}

/// Rules by what they look at.
#[derive(Default)]
struct Rules {
    stage: Vec<(&'static Rule, fn(&Stage, &mut Ctx<'_>))>,
    container: Vec<(&'static Rule, fn(&Container, &mut Ctx<'_>))>,
    workload: Vec<(&'static Rule, fn(&Workload, &mut Ctx<'_>))>,
    project: Vec<(&'static Rule, fn(&Project, &mut Ctx<'_>))>,
    schema: Vec<(&'static Rule, fn(&Project, &[Problem], &mut Ctx<'_>))>,
}

impl Rules {
    fn of(rules: impl Iterator<Item = &'static Rule>) -> Self {
        let mut sorted = Self::default();
        for rule in rules {
            match rule.check {
                Check::Stage(check) | Check::Variant(check) => sorted.stage.push((rule, check)),
                Check::Container(check) => sorted.container.push((rule, check)),
                Check::Workload(check) => sorted.workload.push((rule, check)),
                Check::Project(check) => sorted.project.push((rule, check)),
                Check::Schema(check) => sorted.schema.push((rule, check)),
                // Whoever ran something says so to `check_measured`.
                Check::Measured(_) | Check::Engine => {}
            }
        }
        sorted
    }

    /// Runs them on everything.
    fn run(&self, project: &Project, config: &Config) -> Vec<Diagnostic> {
        let whole = self.project.par_iter().flat_map_iter(|(rule, check)| {
            let mut found = Vec::new();
            check(project, &mut Ctx::new(project, rule, config, &mut found));
            found
        });
        // Looked at once for all of them.
        let problems = if self.schema.is_empty() { Vec::new() } else { schema::check(project, config) };
        let schema = self.schema.par_iter().flat_map_iter(|(rule, check)| {
            let mut found = Vec::new();
            check(project, &problems, &mut Ctx::new(project, rule, config, &mut found));
            found
        });
        let containers = project.containers.par_chunks(BATCH);
        let containers = containers.flat_map_iter(|some| self.on_containers(some, project, config));
        let workloads = project.workloads.par_chunks(BATCH);
        let workloads = workloads.flat_map_iter(|some| self.on_workloads(some, project, config));
        let builds = project.builds.par_iter();
        let builds = builds.flat_map_iter(|build| self.on_stages(build, project, config, |_, _| true));
        let found = whole.chain(schema).chain(containers).chain(workloads).chain(builds).collect();
        project.attribute(suppress::silence_rendered(project, config, found))
    }

    /// Runs those of stages on one Dockerfile, so that its scripts are parsed once and kept no longer than that.
    fn on_stages(
        &self,
        build: &Build,
        project: &Project,
        config: &Config,
        wanted: impl Fn(&Rule, &Stage) -> bool,
    ) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for stage in &build.stages {
            stage.remember();
            for (rule, check) in self.stage.iter().filter(|(rule, _)| wanted(rule, stage)) {
                let mut ctx = Ctx::new(project, rule, config, &mut found);
                ctx.look_at(stage.source);
                check(stage, &mut ctx);
            }
            stage.forget();
        }
        found
    }

    fn on_containers(&self, some: &[Container], project: &Project, config: &Config) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for container in some.iter().filter(|c| !is_patch(c.workload, project)) {
            for (rule, check) in &self.container {
                let mut ctx = Ctx::new(project, rule, config, &mut found);
                ctx.look_at(container.place.source);
                check(container, &mut ctx);
            }
        }
        found
    }

    fn on_workloads(&self, some: &[Workload], project: &Project, config: &Config) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for workload in some.iter().filter(|w| !is_patch(Some(w.id), project)) {
            for (rule, check) in &self.workload {
                let mut ctx = Ctx::new(project, rule, config, &mut found);
                ctx.look_at(workload.pod.place.source);
                check(workload, &mut ctx);
            }
        }
        found
    }
}

/// A patch says only what it changes, so nothing can be missing from it.
fn is_patch(workload: Option<WorkloadId>, project: &Project) -> bool {
    workload.is_some_and(|w| project.workload(w).object(project).patch)
}
