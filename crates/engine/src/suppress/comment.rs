//! What comments that silence findings say, in the language of every tool that people have in their files already.

use std::ops::Range;

/// What a comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// Whose language it is.
    pub(super) tool: Tool,
    /// Where it counts.
    pub(super) reach: Reach,
    /// The rules it names, each where it stands in the comment; none for all.
    pub(super) ids: Vec<Range<usize>>,
}

/// Whose language a comment is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// Ours.
    Seaworthy,
    /// Another tool's: what it silences may be there for that tool alone.
    Other,
}

/// Where a comment counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// On the line it ends, or else on the instruction, entry or item that follows.
    Next,
    /// As [`Reach::Next`]; above a `FROM` on the whole stage.
    Block,
    /// On the line it ends, or else on the line that follows.
    Line,
    /// In its YAML document; in a Dockerfile everywhere.
    Document,
    /// In the whole file.
    File,
}

/// Reads a comment, from its `#`.
pub(super) fn read(comment: &str) -> Vec<Directive> {
    // Almost every comment is none of these.
    if !may_silence(comment) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (marker, read) in LANGUAGES {
        let mut from = 0;
        while let Some(at) = find(&comment[from..], marker) {
            let start = from + at;
            from = start + marker.len();
            let set_off =
                comment[..start].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '-');
            if set_off {
                found.extend(read(Words { text: comment, at: from }));
            }
        }
    }
    found
}

/// Whether one of the words stands in a comment that all of the languages have.
fn may_silence(comment: &str) -> bool {
    let bytes = comment.as_bytes();
    // Each is looked for by a letter of it that is rare in prose.
    bytes.iter().enumerate().any(|(at, byte)| {
        let (word, before) = match byte | 0x20 {
            b'g' => ("ignore", 1),
            b'k' => ("skip", 1),
            b'b' => ("disable", 4),
            b'm' => ("nosem", 4),
            _ => return false,
        };
        let there = at.checked_sub(before).and_then(|start| bytes.get(start..start + word.len()));
        there.is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()))
    })
}

type Reader = fn(Words<'_>) -> Option<Directive>;

const LANGUAGES: [(&str, Reader); 13] = [
    ("seaworthy:", seaworthy),
    ("hadolint ", hadolint),
    ("tally ", hadolint),
    ("checkov:skip=", checkov),
    ("bridgecrew:skip=", checkov),
    ("cortex:skip=", checkov),
    ("trivy:ignore:", trivy),
    ("tfsec:ignore:", trivy),
    ("kics-scan ", kics),
    ("dclint ", dclint),
    ("compose-lint:", compose_lint),
    ("zizmor:", zizmor),
    ("nosem", nosem),
];

/// `seaworthy: ignore[a, b] reason`, `seaworthy: ignore-file[a]`; all rules without brackets.
fn seaworthy(mut words: Words<'_>) -> Option<Directive> {
    words.blanks();
    let reach = if words.word("ignore-file") {
        Reach::File
    } else if words.word("ignore") {
        Reach::Next
    } else {
        return None;
    };
    if !words.rest().is_empty() && !words.rest().starts_with([' ', '\t', '[']) {
        return None;
    }
    Some(Directive { tool: Tool::Seaworthy, reach, ids: words.bracketed()? })
}

/// `hadolint ignore=DL3008,DL3009`, `hadolint global ignore=…`; tally has the same with `;reason=`.
fn hadolint(mut words: Words<'_>) -> Option<Directive> {
    words.blanks();
    let reach = if words.word("global") { Reach::File } else { Reach::Next };
    words.blanks();
    if !words.word("ignore") {
        return None;
    }
    words.blanks();
    if !words.word("=") {
        return None;
    }
    words.some(reach)
}

/// `checkov:skip=CKV_DOCKER_2:reason`.
fn checkov(mut words: Words<'_>) -> Option<Directive> {
    words.some(Reach::Document)
}

/// `trivy:ignore:DS-0002`, several after each other.
fn trivy(mut words: Words<'_>) -> Option<Directive> {
    words.some(Reach::Block)
}

/// `kics-scan ignore`, `ignore-line`, `ignore-block`, `disable=…`.
fn kics(mut words: Words<'_>) -> Option<Directive> {
    words.blanks();
    if words.word("disable=") {
        return words.some(Reach::File);
    }
    let reach = if words.word("ignore-line") {
        Reach::Line
    } else if words.word("ignore-block") {
        Reach::Block
    } else if words.word("ignore") {
        Reach::File
    } else {
        return None;
    };
    Some(Directive { tool: Tool::Other, reach, ids: Vec::new() })
}

/// `dclint disable-line rule`, `disable-next-line`, `disable rule …`, `disable-file`.
fn dclint(mut words: Words<'_>) -> Option<Directive> {
    words.blanks();
    let reach = if words.word("disable-line") || words.word("disable-next-line") {
        Reach::Line
    } else if words.word("disable-file") || words.word("disable") {
        Reach::File
    } else {
        return None;
    };
    Some(Directive { tool: Tool::Other, reach, ids: words.spaced() })
}

/// `compose-lint: ignore CL-0001`, `disable`, `disable-file`.
fn compose_lint(mut words: Words<'_>) -> Option<Directive> {
    words.blanks();
    if !words.word("ignore") && !words.word("disable") {
        return None;
    }
    let reach = if words.word("-file") { Reach::File } else { Reach::Next };
    let _ = words.word("-next-line") || words.word("-line");
    let ids = if words.rest().starts_with('[') {
        words.bracketed()?
    } else {
        let _ = words.word("=");
        words.spaced()
    };
    Some(Directive { tool: Tool::Other, reach, ids })
}

/// `zizmor: ignore[name]`.
fn zizmor(mut words: Words<'_>) -> Option<Directive> {
    words.blanks();
    if !words.word("ignore") {
        return None;
    }
    Some(Directive {
        tool: Tool::Other,
        reach: Reach::Line,
        ids: words.bracketed().filter(|ids| !ids.is_empty())?,
    })
}

/// `nosem`, `nosemgrep: rule.id`.
fn nosem(mut words: Words<'_>) -> Option<Directive> {
    let _ = words.word("grep");
    words.blanks();
    let ids = if words.word(":") { words.list() } else { Vec::new() };
    let alone = words.rest().is_empty() || words.rest().starts_with([' ', '\t']);
    (alone || !ids.is_empty()).then_some(Directive { tool: Tool::Other, reach: Reach::Line, ids })
}

/// The rest of a comment.
#[derive(Clone, Copy)]
struct Words<'c> {
    text: &'c str,
    at: usize,
}

impl<'c> Words<'c> {
    fn rest(&self) -> &'c str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    /// Takes a word, in any case, if it comes next.
    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word));
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Takes what may be an id.
    fn id(&mut self) -> Option<Range<usize>> {
        let len = self.rest().find(|c: char| !(c.is_alphanumeric() || "-_./*".contains(c)));
        let id = &self.rest()[..len.unwrap_or(self.rest().len())];
        // A full stop ends a sentence sooner than an id.
        let id = id.trim_end_matches('.');
        let range = self.at..self.at + id.len();
        self.at = range.end;
        (!id.is_empty()).then_some(range)
    }

    /// `a, b,c`; what follows is a reason.
    fn list(&mut self) -> Vec<Range<usize>> {
        let mut ids = Vec::new();
        loop {
            self.blanks();
            let Some(id) = self.id() else { return ids };
            ids.push(id);
            self.blanks();
            if !self.word(",") {
                return ids;
            }
        }
    }

    /// A list of another tool's that must name something; `all` and `*` name everything.
    fn some(&mut self, reach: Reach) -> Option<Directive> {
        let mut ids = self.list();
        if ids.is_empty() {
            return None;
        }
        if ids.iter().any(|id| matches!(&self.text[id.clone()], "*" | "all")) {
            ids.clear();
        }
        Some(Directive { tool: Tool::Other, reach, ids })
    }

    /// Names set off by blanks, up to one that cannot be a rule's.
    fn spaced(&mut self) -> Vec<Range<usize>> {
        let mut ids = Vec::new();
        loop {
            self.blanks();
            match self.id().filter(|id| self.text[id.clone()].chars().any(char::is_alphanumeric)) {
                Some(id) => ids.push(id),
                None => return ids,
            }
            let _ = self.word(",");
        }
    }

    /// `[a, b]`; nothing where there are no brackets, `None` where they are not closed.
    fn bracketed(&mut self) -> Option<Vec<Range<usize>>> {
        if !self.word("[") {
            return Some(Vec::new());
        }
        let ids = self.list();
        self.blanks();
        (self.word("]") && !ids.is_empty()).then_some(ids)
    }
}

fn find(text: &str, word: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let first = word.as_bytes().first()?;
    let last = bytes.len().checked_sub(word.len())?;
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes)
        .find(|&at| at <= last && bytes[at..at + word.len()].eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_understood() {
        use Reach::{Block, Document, File, Line, Next};
        let table: &[(&str, &[(Reach, &str)])] = &[
            ("# seaworthy: ignore[root-user] it must", &[(Next, "root-user")]),
            ("# seaworthy: ignore[root-user, DL3008]", &[(Next, "root-user DL3008")]),
            ("# seaworthy: ignore", &[(Next, "")]),
            ("# seaworthy: ignore all of it", &[(Next, "")]),
            ("# seaworthy: ignore-file[latest-tag]", &[(File, "latest-tag")]),
            ("# seaworthy: ignore[]", &[]),
            ("# seaworthy: ignore[a", &[]),
            ("# seaworthy: ignored", &[]),
            ("# why # seaworthy: ignore[a]", &[(Next, "a")]),
            ("# hadolint ignore=DL3008,DL3009", &[(Next, "DL3008 DL3009")]),
            ("#hadolint ignore=DL3008, SC2086", &[(Next, "DL3008 SC2086")]),
            ("# hadolint ignore = DL3008 since we want it", &[(Next, "DL3008")]),
            ("# hadolint global ignore=DL3003", &[(File, "DL3003")]),
            ("# hadolint shell=powershell", &[]),
            ("# tally ignore=hadolint/DL3008;reason=x, y", &[(Next, "hadolint/DL3008")]),
            ("# tally global ignore=max-lines;reason=Generated", &[(File, "max-lines")]),
            ("# tally ignore=all", &[(Next, "")]),
            ("#checkov:skip=CKV_DOCKER_2:no probe here", &[(Document, "CKV_DOCKER_2")]),
            ("# checkov:skip=CKV_DOCKER_2,CKV_DOCKER_3: x", &[(Document, "CKV_DOCKER_2 CKV_DOCKER_3")]),
            ("#trivy:ignore:AVD-DS-0002", &[(Block, "AVD-DS-0002")]),
            ("#trivy:ignore:DS001 trivy:ignore:DS002:exp:2026-01-01", &[(Block, "DS001"), (Block, "DS002")]),
            ("#trivy:ignore:*", &[(Block, "")]),
            ("# kics-scan ignore", &[(File, "")]),
            ("# kics-scan ignore-line", &[(Line, "")]),
            ("# kics-scan ignore-block: why", &[(Block, "")]),
            ("# kics-scan disable=fd54f200-402c,b03a-4e", &[(File, "fd54f200-402c b03a-4e")]),
            ("# dclint disable-line no-version-field", &[(Line, "no-version-field")]),
            ("# dclint disable a b", &[(File, "a b")]),
            ("# dclint disable-file", &[(File, "")]),
            ("# compose-lint: disable CL-0003", &[(Next, "CL-0003")]),
            ("# zizmor: ignore[artipacked] why", &[(Line, "artipacked")]),
            (
                "# nosemgrep: dockerfile.security.missing-user.missing-user",
                &[(Line, "dockerfile.security.missing-user.missing-user")],
            ),
            ("# nosem", &[(Line, "")]),
            ("# nosemantics here", &[]),
            ("# please ignore this and skip that", &[]),
            ("# see hadolint ignore", &[]),
            ("# ", &[]),
        ];
        for (comment, expected) in table {
            let found: Vec<(Reach, String)> = read(comment)
                .into_iter()
                .map(|d| (d.reach, d.ids.iter().map(|id| &comment[id.clone()]).collect::<Vec<_>>().join(" ")))
                .collect();
            let expected: Vec<(Reach, String)> =
                expected.iter().map(|(r, ids)| (*r, (*ids).to_owned())).collect();
            assert_eq!(found, expected, "{comment}");
        }
    }
}
