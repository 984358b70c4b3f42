//! Applies fixes until nothing changes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;
use seaworthy_syntax::{Edit, Source, SourceId, Span, apply};

use crate::check::{Config, Report, check};
use crate::diagnostic::{Diagnostic, Safety};
use crate::parse::{Parse, parse};
use crate::project::Project;

/// The rounds after which fixing stops, whatever is left: each round applies at least one fix at each place, and no place
/// has so many findings.
const ROUNDS: usize = 256;

/// How many rounds in a row a rule's fixes may leave a source with as many of its findings as before.
const PATIENCE: u32 = 3;

/// What fixing came to.
#[derive(Debug)]
pub struct Fixed {
    /// The project that the sources come to.
    pub project: Project,
    /// All sources, in their order, with the texts they come to.
    pub sources: Vec<Source>,
    /// What is still found in them.
    pub report: Report,
    /// How often each rule's fix was applied.
    pub applied: BTreeMap<&'static str, usize>,
    /// Fixes that were left out since they are wrong: our own bugs.
    pub dropped: Vec<Dropped>,
    /// The secrets of the sources as they were: what stands there is shown in no output.
    pub hidden: Vec<Span>,
}

/// A rule's fixes for a source that were left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The rule they came from.
    pub rule: &'static str,
    /// The file they are for.
    pub source: SourceId,
    /// What is wrong with them: "it …".
    pub error: String,
}

/// A rule in a source.
type Place = (&'static str, SourceId);

/// Which findings a run of fixes is about, and how a project with new texts comes about.
pub(crate) trait Line {
    /// The least safety of the fixes that are applied.
    fn safety(&self) -> Safety;

    /// What is found: at first everywhere, later it may be left at the sources that changed.
    fn check(&mut self, project: &Project, changed: Option<&BTreeSet<SourceId>>) -> Report;

    /// The project with new trees of some sources.
    fn rebuild(&mut self, project: Project, trees: Vec<Parse>) -> Project;
}

/// A fix that was applied.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// The finding, in the texts of its round.
    pub(crate) diagnostic: Diagnostic,
    /// The round, from 0.
    pub(crate) round: usize,
}

/// A fix that is to be applied this round.
struct Chosen {
    diagnostic: Diagnostic,
    edits: Vec<Edit>,
}

impl Chosen {
    fn rule(&self) -> &'static str {
        self.diagnostic.rule.name
    }

    fn sources(&self) -> BTreeSet<SourceId> {
        self.edits.iter().map(|e| e.span.source).collect()
    }
}

/// Applies every fix of at least `safety`, checks again, and so on until nothing changes.
pub fn fix(project: Project, config: &Config, safety: Safety) -> Fixed {
    let mut line = Everything { config, safety, hidden: Vec::new() };
    let (project, report, run) = run(project, &mut line);
    let sources = project.parses().iter().map(|p| p.source.clone()).collect();
    let mut applied = BTreeMap::new();
    for fix in &run.applied {
        *applied.entry(fix.diagnostic.rule.name).or_default() += 1;
    }
    Fixed { project, sources, report, applied, dropped: run.dropped, hidden: line.hidden }
}

/// Every rule that is on, in all sources.
struct Everything<'c> {
    config: &'c Config,
    safety: Safety,
    hidden: Vec<Span>,
}

impl Line for Everything<'_> {
    fn safety(&self) -> Safety {
        self.safety
    }

    fn check(&mut self, project: &Project, changed: Option<&BTreeSet<SourceId>>) -> Report {
        let report = check(project, self.config);
        if changed.is_none() {
            self.hidden.clone_from(&report.hidden);
        }
        report
    }

    fn rebuild(&mut self, project: Project, trees: Vec<Parse>) -> Project {
        let (mut parses, files) = project.into_parts();
        for tree in trees {
            if let Some(place) = parses.get_mut(tree.id.0 as usize) {
                *place = tree;
            }
        }
        Project::of(parses, files)
    }
}

/// Applies fixes until nothing changes; the project they come to, what is found in it at last, and what was done.
///
/// Fixes of one round never touch each other: the later of two that overlap waits for the next round. A round's result
/// is parsed before it counts; where a file has an error that it had not, its fixes are tried one by one and the one to
/// blame is dropped for good. So is one that changes nothing, one that is offered again and again, and one that takes
/// back what another did.
pub(crate) fn run(project: Project, line: &mut impl Line) -> (Project, Report, Run) {
    let mut project = project;
    let mut run = Run::default();
    let safety = line.safety();
    let mut report = line.check(&project, None);
    for round in 0..ROUNDS {
        let chosen = run.choose(&report, &project, safety);
        if chosen.is_empty() {
            break;
        }
        let (trees, accepted) = run.settle(&project, chosen);
        if trees.is_empty() {
            // Everything was dropped: the next round has less to choose from.
            continue;
        }
        let before = offered(&report, safety);
        let changed: BTreeSet<SourceId> = trees.iter().map(|tree| tree.id).collect();
        let mut touched: BTreeSet<Place> = BTreeSet::new();
        let mut edits: BTreeMap<SourceId, Vec<Edit>> = BTreeMap::new();
        for fix in accepted {
            touched.extend(fix.sources().into_iter().map(|source| (fix.rule(), source)));
            for edit in fix.edits {
                edits.entry(edit.span.source).or_default().push(edit);
            }
            run.applied.push(Applied { diagnostic: fix.diagnostic, round });
        }
        for (source, mut edits) in edits {
            edits.sort();
            run.history.entry(source).or_default().push((round, edits));
        }
        project = line.rebuild(project, trees);
        report = line.check(&project, Some(&changed));
        let after = offered(&report, safety);
        for place in touched {
            run.watch(place, before.get(&place).copied(), after.get(&place).copied());
        }
    }
    (project, report, run)
}

/// How many fixes each rule offers in each source.
fn offered(report: &Report, safety: Safety) -> BTreeMap<Place, usize> {
    let mut counts = BTreeMap::new();
    for diagnostic in &report.diagnostics {
        if let Some(fix) = diagnostic.fix.as_ref().filter(|f| f.safety >= safety) {
            let sources: BTreeSet<SourceId> = fix.edits.iter().map(|e| e.span.source).collect();
            for source in sources {
                *counts.entry((diagnostic.rule.name, source)).or_default() += 1;
            }
        }
    }
    counts
}

/// What the rounds so far came to.
#[derive(Default)]
pub(crate) struct Run {
    /// The fixes that were applied, in the order of their rounds.
    pub(crate) applied: Vec<Applied>,
    /// Fixes that were left out since they are wrong.
    pub(crate) dropped: Vec<Dropped>,
    /// The edits of each source, round by round, sorted.
    history: BTreeMap<SourceId, Vec<(usize, Vec<Edit>)>>,
    dropped_at: HashSet<Place>,
    /// Rounds in a row in which a rule's fixes for a source mended nothing.
    idle: BTreeMap<Place, u32>,
    /// Every text that a source had, as a hash.
    seen: HashSet<(SourceId, u64)>,
}

impl Run {
    /// Where a place of a round's texts stood at first. What a fix wrote stood nowhere: it gives the place it replaced.
    pub(crate) fn origin(&self, span: Span, round: usize) -> Span {
        let rounds = self.history.get(&span.source).map(Vec::as_slice).unwrap_or_default();
        rounds.iter().rev().filter(|(earlier, _)| *earlier < round).fold(span, |span, (_, edits)| {
            let start = before(edits, span.start, false);
            Span { start, end: before(edits, span.end, true).max(start), ..span }
        })
    }

    fn drop(&mut self, rule: &'static str, source: SourceId, error: impl Into<String>) {
        if self.dropped_at.insert((rule, source)) {
            self.dropped.push(Dropped { rule, source, error: error.into() });
        }
    }

    /// Drops fixes that are applied and offered again.
    fn watch(&mut self, place: Place, before: Option<usize>, after: Option<usize>) {
        if after < before || after.is_none() {
            self.idle.remove(&place);
            return;
        }
        let idle = self.idle.entry(place).or_default();
        *idle += 1;
        if *idle == PATIENCE {
            self.drop(place.0, place.1, "does not mend what it is for");
        }
    }

    /// The fixes of a report that can be applied together, in the order of the report.
    fn choose(&mut self, report: &Report, project: &Project, safety: Safety) -> Vec<Chosen> {
        let mut taken: BTreeMap<SourceId, BTreeMap<u32, u32>> = BTreeMap::new();
        let mut chosen = Vec::new();
        for diagnostic in &report.diagnostics {
            let rule = diagnostic.rule.name;
            let applies = |safety_of: Safety| safety_of >= safety && safety_of > Safety::Manual;
            let Some(fix) = diagnostic.fix.as_ref().filter(|f| applies(f.safety)) else { continue };
            let mut edits = fix.edits.clone();
            edits.sort();
            edits.dedup();
            let blocked = edits.iter().any(|edit| {
                let source = edit.span.source;
                project.parse(source).is_none_or(|p| !p.errors().is_empty())
                    || self.dropped_at.contains(&(rule, source))
                    || taken.get(&source).is_some_and(|taken| is_taken(taken, edit))
            });
            if blocked {
                continue;
            }
            if let Some((source, error)) = fault(project, &edits) {
                self.drop(rule, source, error);
                continue;
            }
            for edit in &edits {
                let taken = taken.entry(edit.span.source).or_default();
                let end = taken.entry(edit.span.start).or_insert(edit.span.end);
                *end = edit.span.end.max(*end);
            }
            chosen.push(Chosen { diagnostic: diagnostic.clone(), edits });
        }
        chosen
    }

    /// The trees after the chosen fixes, without those that break a file, and the fixes that are in them.
    fn settle(&mut self, project: &Project, chosen: Vec<Chosen>) -> (Vec<Parse>, Vec<Chosen>) {
        let mut kept = Vec::new();
        let mut trees = Vec::new();
        let mut broken: BTreeSet<SourceId> = BTreeSet::new();
        for (id, tree) in self.parsed(project, edited(project, &chosen)) {
            match tree {
                Ok(tree) => trees.push(tree),
                Err(_) => _ = broken.insert(id),
            }
        }
        if broken.is_empty() {
            kept = chosen;
        } else {
            let (suspects, innocent): (Vec<_>, Vec<_>) =
                chosen.into_iter().partition(|fix| !fix.sources().is_disjoint(&broken));
            kept.extend(innocent);
            for fix in suspects {
                let sources = fix.sources();
                let rule = fix.rule();
                kept.push(fix);
                let here = edited_in(project, &kept, Some(&sources));
                let error =
                    here.iter().find_map(|(id, text)| Some((*id, self.tree(project, *id, text).err()?)));
                if let Some((source, error)) = error {
                    kept.pop();
                    self.drop(rule, source, error);
                }
            }
            let texts = edited(project, &kept);
            trees = self.parsed(project, texts).into_iter().filter_map(|(_, tree)| tree.ok()).collect();
        }
        for tree in &trees {
            if let Some(old) = project.parse(tree.id) {
                self.seen.insert((tree.id, hash(&old.source.text)));
            }
            self.seen.insert((tree.id, hash(&tree.source.text)));
        }
        (trees, kept)
    }

    /// The trees of new texts.
    fn parsed(
        &self,
        project: &Project,
        texts: BTreeMap<SourceId, String>,
    ) -> Vec<(SourceId, Result<Parse, String>)> {
        let texts: Vec<(SourceId, String)> = texts.into_iter().collect();
        texts.into_par_iter().map(|(id, text)| (id, self.tree(project, id, &text))).collect()
    }

    /// The tree of a source's new text, or why the source must not become that.
    fn tree(&self, project: &Project, id: SourceId, text: &str) -> Result<Parse, String> {
        let old = project.parse(id).ok_or("is for no file")?;
        if self.seen.contains(&(id, hash(text))) {
            return Err("takes back what another fix did".into());
        }
        let new = parse(id, old.source.with_text(text));
        match new.errors().first() {
            Some(error) => Err(format!("would break the file ({})", error.value)),
            None => Ok(new),
        }
    }
}

/// Where a place of a text stood before some edits, sorted and disjoint, were applied.
fn before(edits: &[Edit], place: u32, is_end: bool) -> u32 {
    let mut grown: i64 = 0;
    for edit in edits {
        let start = i64::from(edit.span.start) + grown;
        let end = start + edit.text.len() as i64;
        let place = i64::from(place);
        if place < start || is_end && place == start {
            break;
        }
        if place < end || is_end && place == end {
            return if is_end { edit.span.end } else { edit.span.start };
        }
        grown = end - i64::from(edit.span.end);
    }
    u32::try_from(i64::from(place) - grown).unwrap_or(0)
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether an edit overlaps a range that is taken or meets it: two insertions at one place have no order of their own.
fn is_taken(taken: &BTreeMap<u32, u32>, edit: &Edit) -> bool {
    // Ranges that are taken do not meet, so the last that begins before the edit's end is also the last that ends.
    taken.range(..=edit.span.end).next_back().is_some_and(|(_, end)| edit.span.start <= *end)
}

/// What is wrong with the edits of one fix, whatever they come to.
fn fault(project: &Project, edits: &[Edit]) -> Option<(SourceId, &'static str)> {
    let first = edits.first()?.span.source;
    // Two insertions at one place have no order of their own.
    let meets = |w: &[Edit]| {
        let (a, b) = (w[0].span, w[1].span);
        a.source == b.source && (b.start < a.end || a.start == b.start)
    };
    if edits.windows(2).any(meets) {
        return Some((first, "changes one place in two ways"));
    }
    let outside = |edit: &&Edit| {
        project.parse(edit.span.source).is_none_or(|p| p.source.text.get(edit.span.range()).is_none())
    };
    if let Some(edit) = edits.iter().find(outside) {
        return Some((edit.span.source, "points outside of the file"));
    }
    edits.iter().all(|edit| project.text(edit.span) == edit.text).then_some((first, "changes nothing"))
}

/// The texts of the sources that fixes change.
fn edited(project: &Project, fixes: &[Chosen]) -> BTreeMap<SourceId, String> {
    edited_in(project, fixes, None)
}

/// The texts of the sources that fixes change, of these sources alone where there are some.
fn edited_in(
    project: &Project,
    fixes: &[Chosen],
    sources: Option<&BTreeSet<SourceId>>,
) -> BTreeMap<SourceId, String> {
    let mut edits: BTreeMap<SourceId, Vec<Edit>> = BTreeMap::new();
    for edit in fixes.iter().flat_map(|f| &f.edits) {
        if sources.is_none_or(|sources| sources.contains(&edit.span.source)) {
            edits.entry(edit.span.source).or_default().push(edit.clone());
        }
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
