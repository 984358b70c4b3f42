//! From text to logical lines: directives, comments, continuations, heredoc bodies.

use std::ops::Range;

use super::{Directive, Dockerfile};
use crate::text::Builder;
use crate::{Span, Spanned, Text};

/// The longest line `BuildKit` reads, in bytes without its line end.
const LONGEST_LINE: usize = 65_535;

/// An instruction's own lines joined to one.
#[derive(Debug)]
pub(super) struct Line {
    /// The joined text without the space around it.
    pub(super) text: Text,
    /// The lines with their ends.
    pub(super) lines: Range<usize>,
}

/// Reads a text line by line.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    at: usize,
    /// How many heredocs had no end so far.
    pub(super) unterminated: usize,
}

impl<'t> Lines<'t> {
    /// Starts behind a byte order mark and takes the directives at the top.
    pub(super) fn new(text: &'t str, tree: &mut Dockerfile) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut lines = Self { text, at, unterminated: 0 };
        lines.directives(tree);
        lines
    }

    /// The offset of the next line.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a position, to read what followed it otherwise.
    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// The next line with its end.
    pub(super) fn physical(&mut self) -> Option<Range<usize>> {
        let rest = self.text.as_bytes().get(self.at..).filter(|r| !r.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
        let range = self.at..self.at + length;
        self.at = range.end;
        Some(range)
    }

    fn directives(&mut self, tree: &mut Dockerfile) {
        loop {
            let start = self.at;
            let Some(range) = self.physical() else { return };
            let Some(directive) = directive(self.text, range, tree) else {
                self.at = start;
                return;
            };
            if tree.directive(&directive.name).is_some() {
                let message = format!(
                    "the directive `{}` stands twice; BuildKit allows each once: remove one of them",
                    directive.name
                );
                tree.errors.push(Spanned::new(message, directive.span));
            }
            if directive.name.eq_ignore_ascii_case("escape") {
                match &*directive.value {
                    "\\" => tree.escape = '\\',
                    "`" => tree.escape = '`',
                    other => {
                        let message = format!(
                            "`{other}` cannot be the escape character; only a backslash or a backtick can"
                        );
                        tree.errors.push(Spanned::new(message, directive.value.span()));
                    }
                }
            }
            tree.directives.push(directive);
        }
    }

    /// The next logical line; comments on the way go into the tree.
    pub(super) fn logical(&mut self, tree: &mut Dockerfile) -> Option<Line> {
        let first = loop {
            let range = self.physical()?;
            check_length(self.text, &range, tree);
            let content = self.text[range.clone()].trim_start();
            if content.starts_with('#') {
                self.comment(&range, tree);
            } else if !content.is_empty() {
                break range;
            }
        };
        let mut end = first.end;
        let trimmed = self.text[first.clone()].trim_end_matches(['\r', '\n']);
        let start = first.start + (trimmed.len() - trimmed.trim_start().len());
        let trimmed = trimmed.trim_start();
        let mut builder = Builder::new(tree.source, start);
        let (piece, mut continued) = continuation(trimmed, tree.escape);
        builder.push(piece, start);
        while continued {
            let Some(range) = self.physical() else { break };
            check_length(self.text, &range, tree);
            end = range.end;
            let line = self.text[range.clone()].trim_end_matches(['\r', '\n']);
            let content = line.trim_start();
            if content.starts_with('#') {
                self.comment(&range, tree);
                continue;
            }
            if content.is_empty() {
                tree.empty_continuations.push(Span::new(tree.source, range.start, range.start + line.len()));
                continue;
            }
            let (piece, more) = continuation(line, tree.escape);
            builder.push(piece, range.start);
            continued = more;
        }
        let text = builder.finish();
        let length = text.trim().len();
        let skipped = text.len() - text.trim_start().len();
        let text = if length == text.len() { text } else { text.slice(skipped..skipped + length) };
        Some(Line { text, lines: first.start..end })
    }

    fn comment(&self, line: &Range<usize>, tree: &mut Dockerfile) {
        let written = self.text[line.clone()].trim_end_matches(['\r', '\n']);
        let start = line.start + written.len() - written.trim_start().len();
        tree.comments.push(Span::new(tree.source, start, line.start + written.len()));
    }

    /// The lines up to the one that is `delimiter`, and that line; `None` where the text ends before it.
    pub(super) fn heredoc(
        &mut self,
        delimiter: &str,
        strip_tabs: bool,
        tree: &mut Dockerfile,
    ) -> Option<(Range<usize>, Range<usize>)> {
        let start = self.at;
        while let Some(range) = self.physical() {
            check_length(self.text, &range, tree);
            let line = self.text[range.clone()].trim_end_matches(['\r', '\n']);
            let stripped = if strip_tabs { line.trim_start_matches('\t') } else { line };
            if stripped == delimiter {
                return Some((start..range.start, range.start..range.start + line.len()));
            }
        }
        None
    }
}

/// A line without the escape character that continues it, and whether one did.
fn continuation(line: &str, escape: char) -> (&str, bool) {
    let Some(before) = line.trim_end_matches([' ', '\t']).strip_suffix(escape) else {
        return (line, false);
    };
    if before.ends_with(escape) { (line, false) } else { (before, true) }
}

/// Reads a line as a directive: `# name = value` of a known name.
fn directive(text: &str, range: Range<usize>, tree: &Dockerfile) -> Option<Directive> {
    let space = [' ', '\t', '\n', '\r', '\u{c}'];
    let line = text[range.clone()].trim_end_matches(['\r', '\n']);
    let content = line.trim_start();
    let start = range.start + line.len() - content.len();
    let after = content.strip_prefix('#')?.trim_start_matches(space);
    let length = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = &after[..length];
    if !["syntax", "escape", "check"].iter().any(|n| n.eq_ignore_ascii_case(name)) {
        return None;
    }
    let value = after[length..].trim_start_matches(space).strip_prefix('=')?;
    let mut trimmed = value.trim_matches(space);
    if trimmed.is_empty() {
        // Something has to be the value, and of nothing but space it is the last character.
        trimmed = &value[value.char_indices().next_back()?.0..];
    }
    let piece = |part: &str| {
        let at = part.as_ptr() as usize - text.as_ptr() as usize;
        let mut builder = Builder::new(tree.source, at);
        builder.push(part, at);
        builder.finish()
    };
    let (name, value) = (piece(name), piece(trimmed));
    let span = Span::new(tree.source, start, value.span().end as usize);
    Some(Directive { name, value, span })
}

fn check_length(text: &str, range: &Range<usize>, tree: &mut Dockerfile) {
    if range.len() <= LONGEST_LINE {
        return;
    }
    let line = &text[range.clone()];
    let line = line.strip_suffix('\n').unwrap_or(line);
    // A byte that is not UTF-8 is carried by a character of four bytes.
    let carried = line.chars().filter(|c| ('\u{f7880}'..='\u{f78ff}').contains(c)).count();
    let length = line.len() - carried * 3;
    if length > LONGEST_LINE {
        let message = format!(
            "this line has {length} bytes and BuildKit reads at most {LONGEST_LINE}: break it with a continuation"
        );
        tree.errors
            .push(Spanned::new(message, Span::new(tree.source, range.start, range.start + line.len())));
    }
}
