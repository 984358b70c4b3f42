//! Text that was taken out of a file and still knows where each of its bytes stands there.

use std::fmt;
use std::ops::Range;

use crate::{SourceId, Span};

/// A piece of a file as its reader sees it: continuations joined, comments between them dropped, escapes decoded.
///
/// Every range of it gives the span in the file it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    value: Box<str>,
    source: SourceId,
    /// The place of byte 0.
    start: u32,
    /// Where the file goes on elsewhere: from byte `.0` of the value the place is `.1`.
    breaks: Vec<(u32, u32)>,
}

impl Text {
    /// A text that stands at one place of a file byte for byte.
    pub fn new(value: impl Into<Box<str>>, source: SourceId, start: u32) -> Self {
        Self { value: value.into(), source, start, breaks: Vec::new() }
    }

    /// Other characters at the same places, something that is filled in later masked for example; unchanged where the
    /// length differs.
    #[must_use]
    pub fn masked(self, value: impl Into<Box<str>>) -> Self {
        let value = value.into();
        if value.len() == self.value.len() { Self { value, ..self } } else { self }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The source it was taken from.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// Whether it stands in the file byte for byte, so that [`Text::span`] covers nothing else.
    pub fn is_verbatim(&self) -> bool {
        self.breaks.is_empty()
    }

    /// Where byte `at` of the text stands in the file.
    pub fn offset(&self, at: usize) -> usize {
        let at = at as u32;
        let (from, place) = match self.breaks.partition_point(|b| b.0 <= at) {
            0 => (0, self.start),
            n => self.breaks[n - 1],
        };
        (place + (at - from)) as usize
    }

    /// Where it stands, from its first byte to its last.
    pub fn span(&self) -> Span {
        self.span_of(0..self.value.len())
    }

    /// Where a range of it stands. A range across a continuation gives the span that covers both sides; an empty
    /// range gives an empty span.
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let start = self.offset(range.start);
        let end = if range.end > range.start { self.offset(range.end - 1) + 1 } else { start };
        Span::new(self.source, start, end.max(start))
    }

    /// A range of it as a text of its own.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let start = self.offset(range.start) as u32;
        let (first, last) = (range.start as u32, range.end as u32);
        let from = self.breaks.partition_point(|b| b.0 <= first);
        let breaks =
            self.breaks[from..].iter().take_while(|b| b.0 < last).map(|b| (b.0 - first, b.1)).collect();
        Self { value: self.value[range].into(), source: self.source, start, breaks }
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{}", &*self.value, self.start)
    }
}

/// Puts a [`Text`] together from pieces of a file.
#[derive(Debug)]
pub(crate) struct Builder {
    value: String,
    source: SourceId,
    start: u32,
    breaks: Vec<(u32, u32)>,
    /// The place right behind the last piece.
    next: u32,
}

impl Builder {
    /// An empty text that would stand at `start`.
    pub(crate) fn new(source: SourceId, start: usize) -> Self {
        Self { value: String::new(), source, start: start as u32, breaks: Vec::new(), next: start as u32 }
    }

    /// Appends a piece that stands at `place`.
    pub(crate) fn push(&mut self, piece: &str, place: usize) {
        if piece.is_empty() {
            return;
        }
        let place = place as u32;
        if self.value.is_empty() {
            self.start = place;
        } else if place != self.next {
            self.breaks.push((self.value.len() as u32, place));
        }
        self.value.push_str(piece);
        self.next = place + piece.len() as u32;
    }

    /// Appends a range of another text.
    pub(crate) fn push_text(&mut self, text: &Text, range: Range<usize>) {
        let mut at = range.start;
        let from = text.breaks.partition_point(|b| b.0 as usize <= at);
        for next in text.breaks[from..].iter().map(|b| b.0 as usize).take_while(|b| *b < range.end) {
            self.push(&text.value[at..next], text.offset(at));
            at = next;
        }
        self.push(&text.value[at..range.end], text.offset(at));
    }

    /// Appends text that is written otherwise in the file (an escape); its first byte stands at `place`.
    pub(crate) fn push_decoded(&mut self, decoded: &str, place: usize, written: usize) {
        self.push(decoded, place);
        if written != decoded.len() {
            self.next = u32::MAX;
        }
    }

    pub(crate) fn finish(self) -> Text {
        Text {
            value: self.value.into_boxed_str(),
            source: self.source,
            start: self.start,
            breaks: self.breaks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_give_spans_across_breaks() {
        let file = "ab\\\n  cd\nef";
        let mut builder = Builder::new(SourceId(0), 0);
        builder.push("ab", 0);
        builder.push("  cd", 4);
        let text = builder.finish();
        assert_eq!(text.as_str(), "ab  cd");
        assert_eq!(text.span_of(4..6).of(file), "cd");
        assert_eq!(text.span_of(1..5).of(file), "b\\\n  c");
        assert_eq!(text.span_of(2..2).range(), 4..4);
        let tail = text.slice(1..5);
        assert_eq!((tail.as_str(), tail.span().of(file)), ("b  c", "b\\\n  c"));
        assert!(text.slice(2..6).is_verbatim());
        let mut copy = Builder::new(SourceId(0), 0);
        copy.push_text(&text, 0..6);
        assert_eq!(copy.finish(), text);
    }
}
