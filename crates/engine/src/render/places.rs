//! Lines and columns of spans, and what of the sources may be shown.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use seaworthy_syntax::{LineIndex, Position, SourceId, Span};

use crate::check::Report;
use crate::project::Project;

/// What stands for a secret.
const MASK: &str = "…";

/// The places of a project's sources.
pub(super) struct Places<'p> {
    project: &'p Project,
    sources: Vec<Lines>,
    /// The secrets of each source, sorted and disjoint.
    hidden: HashMap<SourceId, Vec<Span>>,
}

/// The lines of a source.
#[derive(Default)]
struct Lines {
    index: OnceCell<LineIndex>,
    /// The place that was asked for last: findings are sorted, so the next is mostly a little further on.
    last: Cell<Option<(u32, Position)>>,
}

impl<'p> Places<'p> {
    pub(super) fn of(report: &Report, project: &'p Project) -> Self {
        let sources = project.parses().iter().map(|_| Lines::default()).collect();
        let mut spans: Vec<Span> = report.diagnostics.iter().flat_map(|d| &d.hidden).copied().collect();
        spans.sort();
        let mut hidden: HashMap<SourceId, Vec<Span>> = HashMap::new();
        for span in spans.into_iter().filter(|s| s.start < s.end) {
            let known = hidden.entry(span.source).or_default();
            match known.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => known.push(span),
            }
        }
        Self { project, sources, hidden }
    }

    /// The path of a source.
    pub(super) fn path(&self, source: SourceId) -> &'p str {
        self.project.parse(source).map_or("", |p| p.source.path.as_str())
    }

    /// The whole text of a source.
    pub(super) fn text(&self, source: SourceId) -> &'p str {
        self.project.parse(source).map_or("", |p| &p.source.text)
    }

    /// The lines of a source.
    pub(super) fn lines(&self, source: SourceId) -> Option<&LineIndex> {
        let lines = self.sources.get(source.0 as usize)?;
        Some(lines.index.get_or_init(|| LineIndex::new(self.text(source))))
    }

    /// Where a span begins.
    pub(super) fn start(&self, span: Span) -> Position {
        self.position(span.source, span.start)
    }

    /// Where a span ends: behind its last character.
    pub(super) fn end(&self, span: Span) -> Position {
        self.position(span.source, span.end)
    }

    fn position(&self, source: SourceId, offset: u32) -> Position {
        let Some(index) = self.lines(source) else { return Position { line: 1, column: 1 } };
        let last = &self.sources[source.0 as usize].last;
        let text = self.text(source);
        let position = match last.get() {
            // Counting on from the last place keeps a file of one long line from being counted again for each finding.
            Some((from, at)) if from <= offset && index.line(offset) == at.line => {
                let more = text.get(from as usize..offset as usize).unwrap_or_default();
                Position { line: at.line, column: at.column + more.chars().count() as u32 }
            }
            _ => index.position(text, offset),
        };
        last.set(Some((offset, position)));
        position
    }
}
