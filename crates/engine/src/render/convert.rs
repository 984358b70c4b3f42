//! What converting came to, in the formats that people and programs read.

mod json;
mod markdown;
mod text;

use std::io::{self, Write};

use super::places::Places;
use crate::check::Report;
use crate::convert::folder::Folder;
use crate::convert::{Fate, Plan, Platform, Row, To};
use crate::project::Project;
use crate::project::compose::{Problem, ProblemKind};
use crate::variant::Status;

pub use super::variant::Format;

/// What is told of a conversion.
#[derive(Clone, Copy, Debug)]
pub struct Conversion<'a> {
    /// The project.
    pub project: &'a Project,
    /// What was made.
    pub plan: &'a Plan,
    /// What Compose refuses or warns of.
    pub problems: &'a [Problem],
    /// What it was written as.
    pub to: To,
    /// Where it is to run.
    pub platform: Platform,
    /// The folder that it was made for; `None` where it was printed.
    pub folder: Option<&'a Folder>,
    /// Whether the folder was written.
    pub done: bool,
    /// Whether keys are told that Kubernetes has too.
    pub verbose: bool,
}

/// Writes what converting came to. `color` counts for [`Format::Text`] alone.
///
/// # Errors
/// Those of the writer.
pub fn render(
    conversion: &Conversion<'_>,
    format: Format,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let hidden = Report { hidden: conversion.plan.hidden.clone(), ..Report::default() };
    let places = Places::of(&hidden, conversion.project);
    match format {
        Format::Text => text::write(conversion, &places, color, out),
        Format::Json => json::write(conversion, &places, out),
        Format::Markdown => markdown::write(conversion, &places, out),
    }
}

impl Conversion<'_> {
    /// How many keys had a fate.
    fn count(&self, fate: Fate) -> usize {
        self.plan.carried.rows.iter().filter(|row| row.fate == fate).count()
    }

    /// The rows to show.
    fn rows(&self) -> impl Iterator<Item = &Row> {
        let rows = &self.plan.carried.rows;
        rows.iter().filter(|row| self.verbose || row.fate != Fate::Mapped)
    }

    /// What Compose refuses or takes otherwise than it is meant. What a variable is nobody needs to know here.
    fn problems(&self) -> impl Iterator<Item = &Problem> {
        let told = |kind: ProblemKind| {
            !matches!(
                kind,
                ProblemKind::UnsetVariable | ProblemKind::RequiredVariable | ProblemKind::Obsolete
            )
        };
        self.problems.iter().filter(move |problem| told(problem.kind))
    }

    /// Those that no row tells of.
    fn further_problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems().filter(|problem| !problem.kind.is_refused())
    }

    /// The last line: how much there is of each.
    fn summary(&self) -> String {
        let services = self.plan.services.iter().filter(|service| service.enabled).count();
        let mut line = format!(
            "{}: {} mapped, {} approximated, {} refused",
            count(services, "service"),
            count(self.count(Fate::Mapped), "key"),
            self.count(Fate::Approximated),
            self.count(Fate::Refused)
        );
        let keys = self.plan.to_fill.len();
        if keys > 0 {
            line.push_str(&format!("; {} to fill", count(keys, "key")));
        }
        if let Some(folder) = self.folder {
            let parts = [
                (Status::New, "written", "to be written"),
                (Status::Stale, "written anew", "to be written anew"),
                (Status::Current, "unchanged", "unchanged"),
                (Status::Edited, "edited by hand, left as they are", "edited by hand, left as they are"),
                (Status::Conflict, "edited by hand, not overwritten", "edited by hand, not overwritten"),
                (Status::Foreign, "of others, not overwritten", "of others, not overwritten"),
            ];
            let mut parts: Vec<String> = parts
                .into_iter()
                .filter_map(|(status, done, open)| {
                    let files = folder.files.iter().filter(|file| file.status == status).count();
                    (files > 0).then(|| format!("{files} {}", if self.done { done } else { open }))
                })
                .collect();
            if !folder.gone.is_empty() {
                parts.push(format!("{} removed", folder.gone.len()));
            }
            line.push_str(&format!("; {}: {}", count(folder.files.len(), "file"), parts.join(", ")));
        }
        line
    }
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The command that makes a Secret or ConfigMap, with keys in place of values.
fn command(plan: &Plan, object: &str) -> Option<String> {
    let keys: Vec<_> = plan.to_fill.iter().filter(|key| key.object == object).collect();
    let kind = if keys.first()?.secret { "secret generic" } else { "configmap" };
    let literals: Vec<String> =
        keys.iter().map(|key| format!(" \\\n  --from-literal={}=…", key.key)).collect();
    Some(format!("kubectl --namespace {} create {kind} {object}{}", plan.name, literals.concat()))
}

/// The Secrets and ConfigMaps that somebody has to make, each once.
fn objects_to_make(plan: &Plan) -> Vec<&str> {
    let mut objects: Vec<&str> = plan.to_fill.iter().map(|key| key.object.as_str()).collect();
    objects.sort_unstable();
    objects.dedup();
    objects
}
