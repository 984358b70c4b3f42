//! The lines of a source around a span, as they may be shown.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Origin, Snippet};

use super::super::places::{MASK, Places, unprintable};
use seaworthy_syntax::{Position, SourceId, Span};

/// The bytes of a line that are shown at most; of a longer one, those around the span are.
const LONGEST_LINE: usize = 600;

/// The lines of a span that are shown at most; of a longer one, the first is.
const MOST_LINES: u32 = 12;

/// The lines of a source around a span, as they may be shown.
pub(super) struct Excerpt {
    path: String,
    start: Position,
    source: SourceId,
    text: String,
    /// Where the span stands in the text.
    at: Range<usize>,
    /// Which bytes of the source became which of the text, in order.
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

impl Excerpt {
    pub(super) fn of(span: Span, places: &Places<'_>) -> Self {
        let start = places.start(span);
        let path = places.shown_path(span.source).into_owned();
        let mut excerpt =
            Self { path, start, source: span.source, text: String::new(), at: 0..0, pieces: Vec::new() };
        let (Some(lines), text) = (places.lines(span.source), places.text(span.source)) else {
            return excerpt;
        };
        let begin = text.floor_char_boundary(span.range().start);
        let mut end = text.floor_char_boundary(span.range().end).max(begin);
        // A span that ends with a line end does not reach into the next line.
        let mut last = lines.line(if end > begin { end - 1 } else { end } as u32);
        if last - start.line >= MOST_LINES {
            last = start.line;
            end = lines.line_range(text, last).end;
        }
        for line in start.line..=last {
            if line > start.line {
                excerpt.text.push('\n');
            }
            let whole = lines.line_range(text, line);
            let kept = window(text, &whole, begin);
            excerpt.push_cut(kept.start > whole.start, kept.start);
            excerpt.push(text, kept.clone(), places);
            excerpt.push_cut(kept.end < whole.end, kept.end);
        }
        excerpt.at = excerpt.to(begin)..excerpt.to(end).max(excerpt.to(begin));
        excerpt
    }

    /// Appends a part of a line without its secrets.
    fn push(&mut self, text: &str, range: Range<usize>, places: &Places<'_>) {
        let mut at = range.start;
        for secret in places.secrets(self.source, &range) {
            let hidden = secret.range().start.max(at)..secret.range().end.min(range.end);
            self.push_plain(text, at..hidden.start);
            let from = self.text.len();
            self.text.push_str(MASK);
            self.pieces.push((hidden.clone(), from..self.text.len()));
            at = hidden.end;
        }
        self.push_plain(text, at..range.end);
    }

    /// Appends a part of a line in which characters without a sign are replaced.
    fn push_plain(&mut self, text: &str, range: Range<usize>) {
        let Some(part) = text.get(range.clone()) else { return };
        let mut from = self.text.len();
        let mut at = range.start;
        for (offset, c) in
            part.char_indices().filter(|(_, c)| *c != '\t' && unprintable(*c) || *c == '\u{feff}')
        {
            let place = range.start + offset;
            self.text.push_str(&text[at..place]);
            self.pieces.push((at..place, from..self.text.len()));
            let shown = self.text.len();
            if c != '\u{feff}' {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
            at = place + c.len_utf8();
            self.pieces.push((place..at, shown..self.text.len()));
            from = self.text.len();
        }
        self.text.push_str(&text[at..range.end]);
        self.pieces.push((at..range.end, from..self.text.len()));
    }

    /// Says that a line is cut.
    fn push_cut(&mut self, cut: bool, at: usize) {
        if cut {
            let from = self.text.len();
            self.text.push_str(MASK);
            self.pieces.push((at..at, from..self.text.len()));
        }
    }

    /// Where a byte of the source went.
    fn to(&self, offset: usize) -> usize {
        let at = self.pieces.partition_point(|(from, _)| from.end < offset);
        let Some((from, to)) = self.pieces.get(at) else { return self.text.len() };
        let place = if from.len() == to.len() {
            to.start + offset.saturating_sub(from.start)
        } else if offset <= from.start {
            to.start
        } else {
            to.end
        };
        self.text.floor_char_boundary(place)
    }

    /// Where another span stands in this excerpt, if it does with all of it.
    pub(super) fn place(&self, span: Span) -> Option<Range<usize>> {
        let (first, last) = (self.pieces.first()?.0.start, self.pieces.last()?.0.end);
        let within = span.source == self.source && first <= span.range().start && span.range().end <= last;
        within.then(|| self.to(span.range().start)..self.to(span.range().end))
    }

    /// The lines with the span underlined, headed by path, line and column.
    pub(super) fn elements<'a>(&'a self, snippet: Snippet<'a, Annotation<'a>>) -> Vec<Element<'a>> {
        let before = self.text.get(..self.at.start).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let (line, at) = (self.start.line as usize, self.start.column as usize);
        if column == at {
            return vec![snippet.path(&self.path).into()];
        }
        // The library counts columns in the text it is given, from which something is left out here.
        vec![Origin::path(&self.path).line(line).char_column(at).into(), snippet.into()]
    }

    /// The lines with the span underlined.
    pub(super) fn snippet<'a>(
        &'a self,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Snippet<'a, Annotation<'a>> {
        Snippet::source(&self.text)
            .line_start(self.start.line as usize)
            .annotation(kind.span(self.at.clone()).label(label))
    }
}

/// The part of a line that is shown.
fn window(text: &str, line: &Range<usize>, at: usize) -> Range<usize> {
    if line.len() <= LONGEST_LINE {
        return line.clone();
    }
    let start = if line.contains(&at) { at.saturating_sub(LONGEST_LINE / 6) } else { line.start };
    let start = text.floor_char_boundary(start.max(line.start));
    start..text.floor_char_boundary((start + LONGEST_LINE).min(line.end))
}
