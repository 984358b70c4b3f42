//! Applies fixes until nothing changes.

use std::collections::BTreeMap;

use seaworthy_syntax::{Edit, Source, SourceId, apply};

use crate::check::{Config, Report, check};
use crate::diagnostic::Safety;
use crate::parse::{Parse, parse};
use crate::project::Project;

/// The rounds after which fixes that still change something are held to be at odds.
const ROUNDS: usize = 64;

/// What fixing came to.
#[derive(Debug)]
pub struct Fixed {
    /// All sources, in their order, with the texts they come to.
    pub sources: Vec<Source>,
    /// What is still found in them.
    pub report: Report,
    /// How often each rule's fix was applied.
    pub applied: BTreeMap<&'static str, usize>,
    /// Fixes that were dropped since they would have broken a file: our own bugs.
    pub dropped: Vec<Dropped>,
}

/// A fix that would have broken a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The rule it came from.
    pub rule: &'static str,
    /// The file it would have broken.
    pub source: SourceId,
    /// What the file would have been told.
    pub error: String,
}

/// A fix that is to be applied this round.
struct Chosen {
    rule: &'static str,
    edits: Vec<Edit>,
}

/// Applies every fix of at least `safety`, checks again, and so on until nothing changes.
///
/// Fixes of one round never touch each other: the later of two that overlap waits for the next round. A round's result
/// is parsed before it counts; where a file has an error that it had not, its fixes are tried one by one and the one to
/// blame is dropped for good.
pub fn fix(project: Project, config: &Config, safety: Safety) -> Fixed {
    let mut project = project;
    let mut applied = BTreeMap::new();
    let mut dropped: Vec<Dropped> = Vec::new();
    let mut report = check(&project, config);
    for _ in 0..ROUNDS {
        let chosen = choose(&report, &project, safety, &dropped);
        if chosen.is_empty() {
            break;
        }
        let (texts, accepted) = settle(&project, chosen, &mut dropped);
        if texts.is_empty() {
            // Everything was dropped: the next round has less to choose from.
            continue;
        }
        for rule in accepted {
            *applied.entry(rule).or_default() += 1;
        }
        let (parses, files) = project.into_parts();
        project = Project::of(reparse(parses, texts), files);
        report = check(&project, config);
    }
    let (parses, _) = project.into_parts();
    Fixed { sources: parses.into_iter().map(|p| p.source).collect(), report, applied, dropped }
}

/// The fixes of a report that can be applied together, in the order of the report.
fn choose(report: &Report, project: &Project, safety: Safety, dropped: &[Dropped]) -> Vec<Chosen> {
    let mut taken: BTreeMap<SourceId, Vec<(u32, u32)>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for diagnostic in &report.diagnostics {
        let Some(fix) = diagnostic.fix.as_ref().filter(|f| f.safety >= safety && f.safety > Safety::Manual)
        else {
            continue;
        };
        let mut edits = fix.edits.clone();
        edits.sort();
        edits.dedup();
        let blocked = edits.iter().any(|edit| {
            let source = edit.span.source;
            project.parse(source).is_none_or(|p| !p.errors().is_empty())
                || dropped.iter().any(|d| d.rule == diagnostic.rule.name && d.source == source)
                || taken.get(&source).is_some_and(|t| t.iter().any(|&(s, e)| touches(edit, s, e)))
        });
        if blocked || edits.windows(2).any(|w| touches(&w[1], w[0].span.start, w[0].span.end)) {
            continue;
        }
        for edit in &edits {
            taken.entry(edit.span.source).or_default().push((edit.span.start, edit.span.end));
        }
        chosen.push(Chosen { rule: diagnostic.rule.name, edits });
    }
    chosen
}

/// Whether an edit overlaps a range or meets it: two insertions at one place have no order of their own.
fn touches(edit: &Edit, start: u32, end: u32) -> bool {
    edit.span.start <= end && start <= edit.span.end
}

/// The texts after the chosen fixes, without those that break a file, and the rules whose fixes are in them.
fn settle(
    project: &Project,
    chosen: Vec<Chosen>,
    dropped: &mut Vec<Dropped>,
) -> (BTreeMap<SourceId, String>, Vec<&'static str>) {
    let refs: Vec<&Chosen> = chosen.iter().collect();
    let texts = edited(project, &refs);
    if breaks(project, &texts).is_none() {
        return (texts, chosen.iter().map(|c| c.rule).collect());
    }
    let mut kept: Vec<&Chosen> = Vec::new();
    for fix in &chosen {
        kept.push(fix);
        if let Some((source, error)) = breaks(project, &edited(project, &kept)) {
            kept.pop();
            dropped.push(Dropped { rule: fix.rule, source, error });
        }
    }
    (edited(project, &kept), kept.iter().map(|c| c.rule).collect())
}

/// The texts of the sources that fixes change.
fn edited(project: &Project, fixes: &[&Chosen]) -> BTreeMap<SourceId, String> {
    let mut edits: BTreeMap<SourceId, Vec<Edit>> = BTreeMap::new();
    for edit in fixes.iter().flat_map(|f| &f.edits) {
        edits.entry(edit.span.source).or_default().push(edit.clone());
    }
    edits
        .into_iter()
        .filter_map(|(id, mut edits)| {
            edits.sort();
            let old = &project.parse(id)?.source.text;
            let new = apply(old, &edits)?;
            (new != **old).then_some((id, new))
        })
        .collect()
}

/// The first source that has an error which it had not, and the error.
fn breaks(project: &Project, texts: &BTreeMap<SourceId, String>) -> Option<(SourceId, String)> {
    texts.iter().find_map(|(&id, text)| {
        let old = project.parse(id)?;
        let new = parse(id, old.source.with_text(text.as_str()));
        new.errors().first().map(|error| (id, error.value.clone()))
    })
}

fn reparse(parses: Vec<Parse>, mut texts: BTreeMap<SourceId, String>) -> Vec<Parse> {
    parses
        .into_iter()
        .map(|old| match texts.remove(&old.id) {
            Some(text) => parse(old.id, old.source.with_text(text)),
            None => old,
        })
        .collect()
}
