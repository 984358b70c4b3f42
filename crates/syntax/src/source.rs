//! A file's text, places in it, and changes to it.

use std::sync::Arc;

use camino::Utf8PathBuf;

/// The number of a source in the run it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// What a file is, told by its name and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Dockerfile or Containerfile.
    Dockerfile,
    /// A Compose file, also an override or an included one.
    Compose,
    /// Kubernetes objects, as YAML or JSON, in one or several documents.
    Manifest,
    /// A Helm template: YAML only after rendering.
    Chart,
    /// A GitHub, Gitea or GitLab CI workflow.
    Workflow,
    /// A `.dockerignore`.
    Ignore,
    /// Variables for Compose or a program: `.env`.
    Env,
}

/// A file's text.
///
/// Bytes that are not UTF-8 are kept: [`Source::from_bytes`] carries each of them as a private-use character, and
/// [`Source::to_bytes`] turns them back, so an edit elsewhere in the file leaves them as they were.
#[derive(Clone, Debug)]
pub struct Source {
    /// A label for messages; nothing opens it here.
    pub path: Utf8PathBuf,
    /// What the file is.
    pub kind: Kind,
    /// The text, with its byte order mark and its line ends.
    pub text: Arc<str>,
    /// Whether some bytes of the file are carried as private-use characters.
    escaped: bool,
}

/// The private-use characters that stand for the bytes 0x80 to 0xFF of a file that is not UTF-8.
const ESCAPE_BASE: u32 = 0xF_7800;

impl Source {
    /// A source from text.
    pub fn new(path: impl Into<Utf8PathBuf>, kind: Kind, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), kind, text: text.into(), escaped: false }
    }

    /// A source from a file's bytes, whatever they are.
    pub fn from_bytes(path: impl Into<Utf8PathBuf>, kind: Kind, bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(path, kind, text),
            Err(error) => {
                let bytes = error.into_bytes();
                let mut text = String::with_capacity(bytes.len() + 16);
                for chunk in bytes.utf8_chunks() {
                    let mut valid = chunk.valid();
                    // A private-use character that stands in the file itself must not come back as a byte.
                    while let Some(at) = valid.find(|c| escaped_byte(c).is_some()) {
                        let (before, rest) = valid.split_at(at);
                        let length = rest.chars().next().map_or(0, char::len_utf8);
                        text.push_str(before);
                        let bytes = rest[..length].bytes();
                        text.extend(bytes.filter_map(|b| char::from_u32(ESCAPE_BASE + u32::from(b))));
                        valid = &rest[length..];
                    }
                    text.push_str(valid);
                    text.extend(
                        chunk.invalid().iter().filter_map(|&b| char::from_u32(ESCAPE_BASE + u32::from(b))),
                    );
                }
                Self { path: path.into(), kind, text: text.into(), escaped: true }
            }
        }
    }

    /// The same file with another text.
    #[must_use]
    pub fn with_text(&self, text: impl Into<Arc<str>>) -> Self {
        Self { path: self.path.clone(), kind: self.kind, text: text.into(), escaped: self.escaped }
    }

    /// Whether the file is UTF-8 throughout.
    pub fn is_utf8(&self) -> bool {
        !self.escaped
    }

    /// The bytes to write.
    pub fn to_bytes(&self) -> Vec<u8> {
        if !self.escaped {
            return self.text.as_bytes().to_vec();
        }
        let mut bytes = Vec::with_capacity(self.text.len());
        let mut buffer = [0; 4];
        for c in self.text.chars() {
            match escaped_byte(c) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
            }
        }
        bytes
    }

    /// The offset in the file of an offset in [`Source::text`]; the two differ only in a file that is not UTF-8.
    pub fn file_offset(&self, offset: u32) -> u32 {
        if !self.escaped {
            return offset;
        }
        let head = &self.text[..offset as usize];
        let carried = head.chars().filter(|&c| escaped_byte(c).is_some()).count() as u32;
        // A private-use character of this plane takes four bytes and stands for one.
        offset - carried * 3
    }
}

/// The bytes of the file whose text [`Source::from_bytes`] made, where they are no UTF-8; `None` for any other text.
pub fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let source = Source { path: Utf8PathBuf::new(), kind: Kind::Env, text: text.into(), escaped: true };
    text.contains(|c| escaped_byte(c).is_some()).then(|| source.to_bytes())
}

fn escaped_byte(c: char) -> Option<u8> {
    (u32::from(c)).checked_sub(ESCAPE_BASE).and_then(|n| u8::try_from(n).ok()).filter(|b| *b >= 0x80)
}

/// A range of bytes in a source, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source it lies in.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// A span from two byte offsets.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start: start as u32, end: end as u32 }
    }

    /// The bytes as a range, to index a text with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The text it covers.
    pub fn of(self, text: &str) -> &str {
        &text[self.range()]
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `other` lies within it.
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// The replacement of a span by a text; an insertion where the span is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// The text after edits, which must be sorted, disjoint and of this text's source.
///
/// Returns `None` where they are not.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|e| e.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        out.push_str(text.get(at..range.start)?);
        text.get(range.clone())?;
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// The index of a text; `\n`, `\r\n` and a lone `\r` end a line.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts }
    }

    /// The line of an offset, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&s| s <= offset) as u32
    }

    /// The position of an offset. A byte order mark takes no column.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.starts.partition_point(|&s| s <= offset);
        let start = self.starts[line - 1] as usize;
        let before = text.get(start..offset as usize).unwrap_or_default();
        let before = if line == 1 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line: line as u32, column: before.chars().count() as u32 + 1 }
    }

    /// The bytes of a line (from 1) without its line end.
    pub fn line_range(&self, text: &str, line: u32) -> std::ops::Range<usize> {
        let start = self.starts.get(line as usize - 1).map_or(text.len(), |s| *s as usize);
        let end = self.starts.get(line as usize).map_or(text.len(), |s| *s as usize);
        start..start + text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The number of lines.
    pub fn lines(&self) -> u32 {
        self.starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        let bytes = b"FROM a\n# caf\xe9 \xc3\xa9 \xff\n".to_vec();
        let source = Source::from_bytes("Dockerfile", Kind::Dockerfile, bytes.clone());
        assert!(!source.is_utf8());
        assert_eq!(source.to_bytes(), bytes);
        assert_eq!(source.file_offset(source.text.len() as u32), bytes.len() as u32);
        let bytes = [b"\xff".as_slice(), "a\u{f7890}b".as_bytes()].concat();
        assert_eq!(Source::from_bytes("Dockerfile", Kind::Dockerfile, bytes.clone()).to_bytes(), bytes);
    }

    #[test]
    fn positions_count_characters() {
        let text = "\u{feff}a\r\né=b\rc\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 3), Position { line: 1, column: 1 });
        assert_eq!(index.position(text, text.find('b').unwrap() as u32), Position { line: 2, column: 3 });
        assert_eq!(index.position(text, text.find('c').unwrap() as u32), Position { line: 3, column: 1 });
        assert_eq!(&text[index.line_range(text, 2)], "é=b");
    }
}
