//! Lines and columns of spans, and what of the sources may be shown.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use seaworthy_syntax::{LineIndex, Position, SourceId, Span};

use crate::check::Report;
use crate::diagnostic::{Diagnostic, Fix};
use crate::project::Project;

/// What stands for a secret.
pub(super) const MASK: &str = "…";

/// The places of a project's sources.
pub(super) struct Places<'p> {
    project: &'p Project,
    sources: Vec<Lines>,
    secrets: BTreeMap<SourceId, Secrets<'p>>,
}

/// The lines of a source.
#[derive(Default)]
struct Lines {
    index: OnceLock<LineIndex>,
    /// How many characters stand before every [`STEP`]th byte: in a file of one long line no finding counts it all again.
    characters: OnceLock<Vec<u32>>,
}

/// The bytes that are counted at most to know a column.
const STEP: usize = 1024;

/// What of a source is shown nowhere.
#[derive(Default)]
struct Secrets<'p> {
    /// Sorted and disjoint.
    spans: Vec<Span>,
    /// What stands there, without quotes; the longest first, so that none is left in part.
    values: Vec<&'p str>,
}

impl<'p> Places<'p> {
    pub(super) fn of(report: &Report, project: &'p Project) -> Self {
        let sources = project.parses().iter().map(|_| Lines::default()).collect();
        let found = report.diagnostics.iter().flat_map(|d| &d.hidden);
        let hidden: BTreeSet<Span> = found.chain(&report.hidden).copied().collect();
        let mut secrets: BTreeMap<SourceId, Secrets<'p>> = BTreeMap::new();
        for span in hidden.into_iter().filter(|s| !project.text(*s).is_empty()) {
            let known = secrets.entry(span.source).or_default();
            let value = project.text(span).trim_matches(['"', '\'']);
            // A shorter text stands everywhere: to mask it says more than it hides.
            if value.chars().count() >= 3 {
                known.values.push(value);
            }
            match known.spans.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => known.spans.push(span),
            }
        }
        for known in secrets.values_mut() {
            known.values.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
            known.values.dedup();
        }
        Self { project, sources, secrets }
    }

    /// The number of files that were checked.
    pub(super) fn files(&self) -> usize {
        self.sources.len()
    }

    /// The path of a source.
    pub(super) fn path(&self, source: SourceId) -> &'p str {
        self.project.parse(source).map_or("", |p| p.source.path.as_str())
    }

    /// The path of a source for people, without control characters.
    pub(super) fn shown_path(&self, source: SourceId) -> Cow<'p, str> {
        visible(Cow::Borrowed(self.path(source)))
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
        let line = index.line(offset);
        let text = self.text(source);
        let range = index.line_range(text, line);
        let (start, offset) = (range.start, offset as usize);
        if offset - start <= STEP {
            return index.position(text, offset as u32);
        }
        let column = self.characters(source, offset) - self.characters(source, start) + 1;
        let mark = u32::from(line == 1 && text.starts_with('\u{feff}'));
        Position { line, column: column - mark }
    }

    /// How many characters stand before a byte of a source.
    fn characters(&self, source: SourceId, offset: usize) -> u32 {
        let bytes = self.text(source).as_bytes();
        // Every character has one byte that continues none.
        let count = |bytes: &[u8]| bytes.iter().filter(|b| **b & 0xc0 != 0x80).count() as u32;
        let table = self.sources[source.0 as usize].characters.get_or_init(|| {
            let steps = bytes.chunks(STEP).scan(0, |sum, chunk| {
                let before = *sum;
                *sum += count(chunk);
                Some(before)
            });
            steps.collect()
        });
        let step = (offset / STEP).min(table.len().saturating_sub(1));
        table.get(step).copied().unwrap_or(0) + bytes.get(step * STEP..offset).map_or(0, count)
    }

    /// The byte of the file that an offset of a source stands for.
    pub(super) fn file_offset(&self, source: SourceId, offset: u32) -> u32 {
        self.project.parse(source).map_or(offset, |p| p.source.file_offset(offset))
    }

    /// A message on a place without the secrets of its source.
    pub(super) fn message<'m>(&self, message: &'m str, at: Span) -> Cow<'m, str> {
        let mut message = Cow::Borrowed(message);
        let secrets = self.secrets.get(&at.source);
        for value in secrets.iter().flat_map(|s| &s.values) {
            if message.contains(value) && self.may_be_it(value, at) {
                message = Cow::Owned(message.replace(value, MASK));
            }
        }
        message
    }

    /// A message for people: also without control characters, which a terminal would obey.
    pub(super) fn shown_message<'m>(&self, message: &'m str, at: Span) -> Cow<'m, str> {
        visible(self.message(message, at))
    }

    /// A finding's fix, where its edits tell no secret.
    pub(super) fn fix<'d>(&self, diagnostic: &'d Diagnostic) -> Option<&'d Fix> {
        diagnostic.fix.as_ref().filter(|fix| {
            fix.edits.iter().all(|edit| {
                let secrets = self.secrets.get(&edit.span.source);
                let tells = |value: &&str| edit.text.contains(value) && self.may_be_it(value, edit.span);
                secrets.is_none_or(|s| !s.values.iter().any(tells))
            })
        })
    }

    /// Whether the value of a secret, said of a place, may come from the secret: a plain word such as `postgres` stands
    /// for the image and the user as well, and to mask it there tells what the password is.
    fn may_be_it(&self, value: &str, at: Span) -> bool {
        !value.bytes().all(|b| b.is_ascii_alphabetic()) || !self.secrets(at.source, &at.range()).is_empty()
    }

    /// The secrets of a source that lie in a range of it, sorted.
    pub(super) fn secrets(&self, source: SourceId, range: &std::ops::Range<usize>) -> &[Span] {
        let Some(Secrets { spans, .. }) = self.secrets.get(&source) else { return &[] };
        let first = spans.partition_point(|s| s.end as usize <= range.start);
        let end = spans.partition_point(|s| (s.start as usize) < range.end);
        spans.get(first..end).unwrap_or_default()
    }
}

/// A text without control characters and without the private-use characters that carry bytes which are no UTF-8.
pub(super) fn visible(text: Cow<'_, str>) -> Cow<'_, str> {
    // Almost every text is plain.
    if text.bytes().all(|b| (b' '..0x7f).contains(&b)) || !text.contains(unprintable) {
        return text;
    }
    let shown = text.chars().map(|c| match c {
        '\n' | '\r' | '\t' => ' ',
        c if unprintable(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    });
    Cow::Owned(shown.collect())
}

/// Whether a character controls the terminal, the direction of the text among others, or has no sign.
pub(super) fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{f0000}'..='\u{ffffd}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Files, parse};
    use seaworthy_syntax::{Kind, Source};

    #[test]
    fn columns_of_long_lines_are_those_of_short_ones() {
        let text = format!("\u{feff}{}\r\n{}\n", "é1".repeat(2000), "a→".repeat(3000));
        let source = Source::new("a.yaml", Kind::Ignore, text.as_str());
        let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
        let places = Places::of(&Report::default(), &project);
        let index = LineIndex::new(&text);
        for (offset, _) in text.char_indices() {
            let offset = offset as u32;
            assert_eq!(places.position(SourceId(0), offset), index.position(&text, offset), "{offset}");
        }
        let end = text.len() as u32;
        assert_eq!(places.position(SourceId(0), end), Position { line: 3, column: 1 });
    }
}
