//! Heredocs: found on a line, read from the lines that follow.

use std::ops::Range;

use super::lex::{self, Failure, Options};
use super::lines::Lines;
use super::{Dockerfile, Heredoc, Keyword};
use crate::text::Builder;
use crate::{Span, Spanned, Text};

/// How many heredocs without their delimiter are looked into before the rest of the file is taken for the last one's body.
const MOST_UNTERMINATED: usize = 16;

fn missing(name: &str) -> String {
    format!("the heredoc does not end: add a line with nothing but `{name}` behind its last line")
}

/// The start of a heredoc on a line.
#[derive(Debug)]
pub(super) struct Start {
    /// The delimiter without quotes.
    pub(super) name: String,
    expands: bool,
    strip_tabs: bool,
    descriptor: u32,
    /// Where it stands in the line.
    range: Range<usize>,
}

/// The heredoc that a word is, if it is one; the word begins at `at` of its line.
pub(super) fn start(word: &str, at: usize) -> Result<Option<Start>, Failure> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let Some(rest) = word[digits..].strip_prefix("<<") else { return Ok(None) };
    let (strip_tabs, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let rest = rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let range = at..at + word.len();
    let options = Options { skip_unset: true, ..Options::new('\\') };
    let failed = |(message, _): Failure| (message, range.clone());
    let mut words = lex::walk(rest, options, &lex::Unset).map_err(failed)?.words;
    if words.len() != 1 {
        return Ok(None);
    }
    let raw = lex::walk(rest, Options { raw_quotes: true, ..options }, &lex::Unset).map_err(failed)?.words;
    let quotes = |s: &str| s.bytes().filter(|b| matches!(b, b'\'' | b'"')).count();
    let Some((name, _)) = words.pop() else { return Ok(None) };
    let expands = raw.first().is_some_and(|(raw, _)| quotes(raw) == quotes(&name));
    let descriptor = word[..digits].parse().unwrap_or(0);
    Ok(Some(Start { name, expands, strip_tabs, descriptor, range }))
}

/// The heredocs that begin on a line.
pub(super) fn of_line(line: &Text) -> Result<Vec<(Start, Text)>, Failure> {
    let options = Options { raw_quotes: true, raw_escapes: true, skip_unset: true, ..Options::new('\\') };
    // A line that does not split into words has no heredocs for `BuildKit`.
    let Ok(walked) = lex::walk(line, options, &lex::Unset) else { return Ok(Vec::new()) };
    let mut starts = Vec::new();
    for (word, range) in walked.words {
        if let Some(found) = start(&word, range.start)? {
            let name = if let Some(at) = line[range.clone()].rfind(&found.name) {
                line.slice(range.start + at..range.start + at + found.name.len())
            } else {
                let mut builder = Builder::new(line.source(), line.offset(range.start));
                builder.push_decoded(&found.name, line.offset(range.start), range.len());
                builder.finish()
            };
            starts.push((Start { range, ..found }, name));
        }
    }
    Ok(starts)
}

/// Reads the body of a heredoc.
pub(super) fn read(
    line: &Text,
    (start, name): (Start, Text),
    lines: &mut Lines<'_>,
    tree: &mut Dockerfile,
) -> Heredoc {
    let file = tree.text.clone();
    let place = line.span_of(start.range);
    let first = lines.position();
    let (body, terminator) = lines.heredoc(&start.name, start.strip_tabs, tree).unwrap_or_else(|| {
        lines.unterminated += 1;
        // Looking on behind each of very many would take quadratic time.
        let (body, terminator, message) = if lines.unterminated <= MOST_UNTERMINATED {
            unterminated(&file, first, &start.name)
        } else {
            (first..file.len(), file.len()..file.len(), missing(&start.name))
        };
        tree.errors.push(Spanned::new(message, place));
        lines.rewind(line_end(&file, terminator.end));
        (body, terminator)
    });
    let mut builder = Builder::new(tree.source, body.start);
    if start.strip_tabs {
        let mut at = body.start;
        for line in file[body.clone()].split_inclusive('\n') {
            let kept = line.trim_start_matches('\t');
            builder.push(kept, at + line.len() - kept.len());
            at += line.len();
        }
    } else {
        builder.push(&file[body.clone()], body.start);
    }
    Heredoc {
        name,
        expands: start.expands,
        strip_tabs: start.strip_tabs,
        descriptor: start.descriptor,
        start: place,
        body: builder.finish(),
        body_span: Span::new(tree.source, body.start, body.end),
        terminator: Span::new(tree.source, terminator.start, terminator.end),
    }
}

fn line_end(file: &str, at: usize) -> usize {
    if file[at..].starts_with("\r\n") {
        at + 2
    } else if file[at..].starts_with('\n') {
        at + 1
    } else {
        at
    }
}

/// Where a heredoc without its delimiter most likely ends: at the delimiter with space around it, else before the next
/// line that begins with an instruction in capitals, else at the end of the file.
fn unterminated(file: &str, from: usize, name: &str) -> (Range<usize>, Range<usize>, String) {
    let mut at = from;
    let mut next = None;
    for line in file[from..].split_inclusive('\n') {
        let written = line.trim_end_matches(['\r', '\n']);
        if !name.is_empty() && written.trim() == name {
            let message = format!(
                "the heredoc does not end: its `{name}` has to stand alone on a line, without space around it"
            );
            return (from..at, at..at + written.len(), message);
        }
        let word = written.split([' ', '\t']).next().unwrap_or_default();
        if next.is_none()
            && word.len() < written.len()
            && Keyword::ALL.into_iter().any(|k| k.as_str() == word)
        {
            next = Some(at);
        }
        at += line.len();
    }
    let end = next.unwrap_or(file.len());
    (from..end, end..end, missing(name))
}
