//! Text that knows where each of its bytes comes from.

use std::rc::Rc;

/// The number of a file among those of a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Where a piece of text comes from: bytes of a file, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file; of no meaning for [`How::Nowhere`] and [`How::Generated`].
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// How the text came out of these bytes.
    pub how: How,
}

/// How a piece of text came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Nobody wrote it: a line end, a quote, a number that was counted.
    Nowhere,
    /// It stands there byte for byte.
    Verbatim,
    /// It was made of what stands there.
    Derived,
    /// It is another one each time: a random password, a certificate, the time.
    Generated,
}

impl Origin {
    /// That of text which nobody wrote.
    pub const NOWHERE: Self = Self { file: FileId(0), start: 0, end: 0, how: How::Nowhere };

    /// That of text which is another one each time.
    pub const GENERATED: Self = Self { how: How::Generated, ..Self::NOWHERE };

    /// Bytes that stand in a file as they are.
    pub fn verbatim(file: FileId, start: usize, end: usize) -> Self {
        Self { file, start: start as u32, end: end as u32, how: How::Verbatim }
    }

    /// The same bytes, which something else was made of.
    #[must_use]
    pub fn derived(self) -> Self {
        if self.how == How::Verbatim { Self { how: How::Derived, ..self } } else { self }
    }

    /// Whether it names bytes of a file.
    pub fn is_place(self) -> bool {
        matches!(self.how, How::Verbatim | How::Derived)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: u32,
    origin: Origin,
}

/// A text and its origins.
#[derive(Clone, Debug, Default)]
pub struct Text {
    text: String,
    /// Sorted; each reaches to the next. The first begins at 0.
    pieces: Vec<Piece>,
}

impl Text {
    /// The text of a file.
    pub fn of_file(file: FileId, text: &str) -> Self {
        Self::new(text, Origin::verbatim(file, 0, text.len()))
    }

    /// A text of one origin.
    pub fn new(text: impl Into<String>, origin: Origin) -> Self {
        let text = text.into();
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece { start: 0, origin }] };
        let mut new = Self { text, pieces };
        new.settle();
        new
    }

    /// What says verbatim and is as long as its bytes stays so; anything else was made of them.
    fn settle(&mut self) {
        if let [piece] = &mut self.pieces[..]
            && piece.origin.how == How::Verbatim
            && (piece.origin.end - piece.origin.start) as usize != self.text.len()
        {
            piece.origin.how = How::Derived;
        }
    }

    /// A text that nobody wrote.
    pub fn made(text: impl Into<String>) -> Self {
        Self::new(text, Origin::NOWHERE)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The pieces with their ranges.
    pub fn pieces(&self) -> impl DoubleEndedIterator<Item = (std::ops::Range<usize>, Origin)> + '_ {
        self.pieces_from(0)
    }

    fn pieces_from(
        &self,
        first: usize,
    ) -> impl DoubleEndedIterator<Item = (std::ops::Range<usize>, Origin)> + '_ {
        (first..self.pieces.len()).map(|n| {
            let end = self.pieces.get(n + 1).map_or(self.text.len(), |p| p.start as usize);
            (self.pieces[n].start as usize..end, self.pieces[n].origin)
        })
    }

    /// The pieces that overlap a range, each cut to it; verbatim ones name just the bytes that are left of them.
    pub fn within(
        &self,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (std::ops::Range<usize>, Origin)> + '_ {
        let first = self.pieces.partition_point(|p| p.start as usize <= range.start).saturating_sub(1);
        self.pieces_from(first).take_while(move |(piece, _)| piece.start < range.end).filter_map(
            move |(piece, origin)| {
                let (start, end) = (piece.start.max(range.start), piece.end.min(range.end));
                (start < end).then(|| (start..end, cut(origin, piece.start, start, end)))
            },
        )
    }

    /// The origin of a range, as [`Text::origin`] tells that of all.
    pub fn origin_of(&self, range: std::ops::Range<usize>) -> Origin {
        let mut pieces = self.within(range.clone());
        match (pieces.next(), pieces.next()) {
            (Some((_, origin)), None) => origin,
            (None, _) => {
                Origin { end: self.origin_at(range.start).start, ..self.origin_at(range.start) }.derived()
            }
            _ => self.slice(range).origin(),
        }
    }

    /// What stands at an offset, or before it at the end.
    pub fn origin_at(&self, offset: usize) -> Origin {
        let at = self.pieces.partition_point(|p| p.start as usize <= offset);
        at.checked_sub(1).map_or(Origin::NOWHERE, |at| self.pieces[at].origin)
    }

    /// The one origin that all of it has, or what comes nearest: generated where any of it is, the only place that any of
    /// it was written at, nowhere otherwise.
    pub fn origin(&self) -> Origin {
        let mut only: Option<Origin> = None;
        for piece in &self.pieces {
            if piece.origin.how == How::Generated {
                return Origin::GENERATED;
            }
            if !piece.origin.is_place() {
                continue;
            }
            match &mut only {
                None => only = Some(piece.origin),
                Some(all)
                    if all.file == piece.origin.file
                        && piece.origin.how == all.how
                        && piece.origin.start >= all.end =>
                {
                    all.end = piece.origin.end;
                    all.how = How::Derived;
                }
                Some(all) if *all == piece.origin => {}
                Some(_) => return Origin::NOWHERE,
            }
        }
        only.unwrap_or(Origin::NOWHERE)
    }

    /// Appends a text.
    pub fn push(&mut self, other: &Self) {
        let at = self.text.len() as u32;
        self.text.push_str(&other.text);
        for piece in &other.pieces {
            self.push_piece(at + piece.start, piece.origin);
        }
    }

    /// Appends a range of another text.
    pub fn push_range(&mut self, other: &Self, range: std::ops::Range<usize>) {
        let Some(slice) = other.text.get(range.clone()) else { return };
        let at = self.text.len() as u32;
        self.text.push_str(slice);
        for (piece, origin) in other.within(range.clone()) {
            self.push_piece(at + (piece.start - range.start) as u32, origin);
        }
    }

    /// Appends text of one origin.
    pub fn push_str(&mut self, text: &str, origin: Origin) {
        if text.is_empty() {
            return;
        }
        let at = self.text.len() as u32;
        self.text.push_str(text);
        self.push_piece(at, origin);
    }

    /// Appends what nobody wrote.
    pub fn push_made(&mut self, text: &str) {
        self.push_str(text, Origin::NOWHERE);
    }

    fn push_piece(&mut self, start: u32, origin: Origin) {
        if let Some(last) = self.pieces.last_mut() {
            let goes_on = origin.how == How::Verbatim
                && last.origin.how == How::Verbatim
                && last.origin.file == origin.file
                && last.origin.end == origin.start
                && last.origin.end - last.origin.start == start - last.start;
            if goes_on {
                last.origin.end = origin.end;
                return;
            }
            if last.origin == origin && origin.how != How::Verbatim {
                return;
            }
        }
        self.pieces.push(Piece { start, origin });
    }

    /// A range of it.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let mut out = Self::default();
        out.push_range(self, range);
        out
    }

    /// Another text that was made of this one.
    #[must_use]
    pub fn remade(&self, text: impl Into<String>) -> Self {
        let text = text.into();
        if text == self.text {
            return self.clone();
        }
        Self::new(text, self.origin().derived())
    }

    /// With a text in place of each of its occurrences, as [`str::replace`].
    #[must_use]
    pub fn replace(&self, old: &str, new: &Self) -> Self {
        let mut out = Self::default();
        let mut at = 0;
        for (found, _) in self.text.match_indices(old) {
            out.push_range(self, at..found);
            out.push(new);
            at = found + old.len();
        }
        out.push_range(self, at..self.text.len());
        out
    }

    /// The part that is left of it when a shorter part of its own text is taken.
    #[must_use]
    pub fn part(&self, part: &str) -> Self {
        let at = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if at <= self.text.len() && at + part.len() <= self.text.len() {
            return self.slice(at..at + part.len());
        }
        self.remade(part)
    }
}

fn cut(origin: Origin, piece: usize, start: usize, end: usize) -> Origin {
    if origin.how != How::Verbatim {
        return origin;
    }
    let first = origin.start + (start - piece) as u32;
    Origin { start: first, end: first + (end - start) as u32, ..origin }
}

impl From<Text> for Rc<str> {
    fn from(text: Text) -> Self {
        text.text.into()
    }
}
