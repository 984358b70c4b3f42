//! Unified diffs that `patch -p0` applies and that show no secret.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use seaworthy_engine::Source;
use seaworthy_engine::syntax::Span;
use similar::{DiffTag, TextDiff};

use super::stdout;
use crate::error::Error;

/// The unchanged lines around a change.
const CONTEXT: usize = 3;

/// What stands for a secret.
const MASK: &str = "…";

/// Prints what changes: what there is, if anything, and what is to be there. `secrets` has those of a file before and after.
/// Returns how many of the lines that change hold one, and so are not shown as they are in the file.
///
/// # Errors
/// Those of standard output.
pub(crate) fn print(
    changes: &[(Option<&Source>, &Source)],
    secrets: &dyn Fn(&Source) -> [Vec<Span>; 2],
) -> Result<usize, Error> {
    let mut out = stdout();
    let color = std::io::stdout().is_terminal();
    let mut masked = 0;
    for (old, new) in changes {
        let (text, lines) = text_of(*old, new, &secrets(new), color);
        masked += lines;
        if color {
            out.write_all(text.as_bytes())?;
        } else {
            // Bytes that are no text come out as they are in the file.
            out.write_all(&new.with_text(text).to_bytes())?;
        }
    }
    out.flush()?;
    Ok(masked)
}

fn text_of(
    before: Option<&Source>,
    after: &Source,
    secrets: &[Vec<Span>; 2],
    color: bool,
) -> (String, usize) {
    let diff = TextDiff::from_lines(before.map_or("", |old| &*old.text), &*after.text);
    let old = Side::new(diff.old_slices(), &secrets[0]);
    let new = Side::new(diff.new_slices(), &secrets[1]);
    let styled = |style: Style| if color { style } else { Style::new() };
    let (bold, cyan) = (styled(Style::new().bold()), styled(AnsiColor::Cyan.on_default()));
    let (red, green) = (styled(AnsiColor::Red.on_default()), styled(AnsiColor::Green.on_default()));
    let name = after.path.as_str();
    let from = before.map_or("/dev/null", |_| name);
    let mut text = format!("{bold}--- {from}{bold:#}\n{bold}+++ {name}{bold:#}\n");
    let mut masked = 0;
    let changed: Vec<Part> = diff
        .ops()
        .iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| Part { old: op.old_range(), new: op.new_range() })
        .collect();
    for hunk in hunks(&changed, &old) {
        let (first, last) = (hunk.parts[0], hunk.parts[hunk.parts.len() - 1]);
        let from = first.old.start - hunk.before..last.old.end + hunk.after;
        let to = first.new.start - hunk.before..last.new.end + hunk.after;
        _ = writeln!(text, "{cyan}@@ -{} +{} @@{cyan:#}", Lines(&from), Lines(&to));
        let mut at = from.start;
        let plain = Style::new();
        for part in hunk.parts {
            (at..part.old.start).for_each(|line| old.write(line, ' ', plain, &mut text));
            part.old.clone().for_each(|line| old.write(line, '-', red, &mut text));
            part.new.clone().for_each(|line| new.write(line, '+', green, &mut text));
            masked += part.old.clone().filter(|line| old.is_secret(*line)).count();
            masked += part.new.clone().filter(|line| new.is_secret(*line)).count();
            at = part.old.end;
        }
        (at..from.end).for_each(|line| old.write(line, ' ', plain, &mut text));
    }
    (text, masked)
}

/// Lines that are replaced by others.
struct Part {
    old: Range<usize>,
    new: Range<usize>,
}

/// Changes that are shown together, and how many unchanged lines before and behind them.
struct Hunk<'p> {
    parts: Vec<&'p Part>,
    before: usize,
    after: usize,
}

/// Changes with what surrounds them up to the next secret: unchanged lines that hold one are not shown.
fn hunks<'p>(changed: &'p [Part], old: &Side<'_>) -> Vec<Hunk<'p>> {
    let mut hunks: Vec<Hunk<'p>> = Vec::new();
    for part in changed {
        let end = hunks.last().and_then(|hunk| hunk.parts.last()).map_or(0, |last| last.old.end);
        let gap = end..part.old.start;
        if let Some(last) = hunks.last_mut()
            && gap.len() <= 2 * CONTEXT
            && !gap.clone().any(|line| old.is_secret(line))
        {
            last.parts.push(part);
            continue;
        }
        let before = gap.rev().take(CONTEXT).take_while(|line| !old.is_secret(*line)).count();
        hunks.push(Hunk { parts: vec![part], before, after: 0 });
    }
    let starts: Vec<usize> = hunks.iter().skip(1).map(|hunk| hunk.parts[0].old.start - hunk.before).collect();
    for (at, hunk) in hunks.iter_mut().enumerate() {
        let end = hunk.parts[hunk.parts.len() - 1].old.end;
        let limit = starts.get(at).copied().unwrap_or(old.lines.len());
        hunk.after = (end..limit).take(CONTEXT).take_while(|line| !old.is_secret(*line)).count();
        // `patch` takes more lines on one side for the end of the file.
        let cut = |line: Option<usize>| line.is_some_and(|line| old.is_secret(line));
        let start = hunk.parts[0].old.start - hunk.before;
        if cut(start.checked_sub(1)) && hunk.before < CONTEXT {
            hunk.after = hunk.after.min(hunk.before);
        }
        if cut(Some(end + hunk.after)) && hunk.after < CONTEXT {
            hunk.before = hunk.before.min(hunk.after);
        }
    }
    hunks
}

/// Lines as a header of a hunk names them.
struct Lines<'l>(&'l Range<usize>);

impl std::fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.len() {
            0 => write!(f, "{},0", self.0.start),
            1 => write!(f, "{}", self.0.start + 1),
            n => write!(f, "{},{n}", self.0.start + 1),
        }
    }
}

/// The lines of a file, and where its secrets stand.
struct Side<'s> {
    lines: &'s [&'s str],
    /// Where each line begins.
    starts: Vec<usize>,
    secrets: &'s [Span],
}

impl<'s> Side<'s> {
    fn new(lines: &'s [&'s str], secrets: &'s [Span]) -> Self {
        let starts = lines.iter().scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        });
        Self { lines, starts: starts.collect(), secrets }
    }

    /// The parts of a line that are secret.
    fn hidden(&self, line: usize) -> impl Iterator<Item = Range<usize>> {
        let start = self.starts.get(line).copied().unwrap_or(usize::MAX);
        let length = self.lines.get(line).map_or(0, |text| text.trim_end_matches(['\n', '\r']).len());
        let inside = move |at: u32| (at as usize).clamp(start, start.saturating_add(length)) - start;
        self.secrets.iter().map(move |s| inside(s.start)..inside(s.end)).filter(|range| !range.is_empty())
    }

    fn is_secret(&self, line: usize) -> bool {
        self.hidden(line).next().is_some()
    }

    fn write(&self, line: usize, sign: char, style: Style, out: &mut String) {
        let Some(text) = self.lines.get(line) else { return };
        let mut shown = (*text).to_owned();
        let mut hidden: Vec<_> = self.hidden(line).collect();
        hidden.sort_by_key(|range| std::cmp::Reverse(range.start));
        for range in hidden {
            shown.replace_range(range, MASK);
        }
        let body = shown.strip_suffix('\n').unwrap_or(&shown);
        _ = writeln!(out, "{style}{sign}{body}{style:#}");
        if !text.ends_with('\n') {
            out.push_str("\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_engine::Kind;
    use seaworthy_engine::syntax::SourceId;

    fn source(text: &str) -> Source {
        Source::new("a.yaml", Kind::Compose, text)
    }

    fn secrets(text: &str) -> Vec<Span> {
        let places = text.match_indices("hunter2");
        places.map(|(at, word)| Span::new(SourceId(0), at, at + word.len())).collect()
    }

    fn diff(old: &str, new: &str) -> (String, usize) {
        let (before, after) = (source(old), source(new));
        text_of(Some(&before), &after, &[secrets(old), secrets(new)], false)
    }

    #[test]
    fn without_secrets_it_is_the_usual_diff() {
        let old: String = (0..40).map(|n| format!("line {n}\n")).collect();
        let new =
            old.replace("line 3\n", "").replace("line 9\n", "nine\n").replace("line 30\n", "line 30\nmore\n");
        let new = new.trim_end();
        let usual =
            TextDiff::from_lines(old.as_str(), new).unified_diff().header("a.yaml", "a.yaml").to_string();
        assert_eq!(diff(&old, new), (usual, 0));
    }

    #[test]
    fn unchanged_lines_with_secrets_are_left_out_alike_on_both_sides() {
        let old = "a\nb\nkey: hunter2\nc\nd\ne\nf\n";
        let new = "a\nb\nkey: hunter2\nc\nmore\nd\ne\nf\n";
        let expected = "--- a.yaml\n+++ a.yaml\n@@ -4,2 +4,3 @@\n c\n+more\n d\n";
        assert_eq!(diff(old, new), (expected.to_owned(), 0));
        let new = "a\nb\nkey: hunter2\nmore\nc\nd\ne\nf\n";
        let expected = "--- a.yaml\n+++ a.yaml\n@@ -3,0 +4 @@\n+more\n";
        assert_eq!(diff(old, new), (expected.to_owned(), 0));
    }

    #[test]
    fn a_secret_between_two_changes_parts_them() {
        let (old, new) = ("a\nb\nkey: hunter2\nc\nd\n", "A\nb\nkey: hunter2\nc\nD\n");
        let expected = "--- a.yaml\n+++ a.yaml\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -4,2 +4,2 @@\n c\n-d\n+D\n";
        assert_eq!(diff(old, new), (expected.to_owned(), 0));
    }

    #[test]
    fn a_changed_line_shows_all_but_its_secret() {
        let (old, new) = ("ENV KEY hunter2\n", "ENV KEY=hunter2\n");
        let expected = "--- a.yaml\n+++ a.yaml\n@@ -1 +1 @@\n-ENV KEY …\n+ENV KEY=…\n";
        assert_eq!(diff(old, new), (expected.to_owned(), 2));
    }
}
