//! The header of a variant: what it was made from and what was made, so that both sides of a change can be told.

use seaworthy_syntax::Source;
use seaworthy_syntax::dockerfile::Dockerfile;
use sha2::{Digest, Sha256};

/// What opens the line of a header that programs read.
const MARK: &str = "# seaworthy-variant ";

/// What the header of a variant says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The name of the file it was made from, which lies beside it.
    pub(crate) source: String,
    /// The digest of that file.
    pub(crate) source_digest: String,
    /// The digest of what was made, without the header.
    pub(crate) digest: String,
}

/// The SHA-256 of a file in hexadecimal digits. Line ends count as `\n`: Git may change them from one checkout to the next.
pub(crate) fn digest(source: &Source) -> String {
    let mut hash = Sha256::new();
    let bytes = source.to_bytes();
    let mut rest = bytes.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        hash.update(&rest[..at]);
        rest = &rest[at + 1..];
    }
    hash.update(rest);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the header of a Dockerfile stands: behind its parser directives, which have to come first.
pub(crate) fn place(tree: &Dockerfile) -> usize {
    let text = &*tree.text;
    match tree.directives.last() {
        Some(last) => {
            let end = last.span.end as usize;
            text[end..].find('\n').map_or(text.len(), |at| end + at + 1)
        }
        None if text.starts_with('\u{feff}') => '\u{feff}'.len_utf8(),
        None => 0,
    }
}

/// A text with a header at a place.
pub(crate) fn write(stamp: &Stamp, body: &str, at: usize) -> String {
    let eol = match memchr::memchr(b'\n', body.as_bytes()) {
        Some(at) if body[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    };
    let Stamp { source, source_digest, digest } = stamp;
    let (before, after) = body.split_at(at);
    let gap = if before.is_empty() || before.ends_with(['\n', '\u{feff}']) { "" } else { eol };
    format!(
        "{before}{gap}# The Kubernetes variant of {source}: change that file and run `seaworthy variant`.{eol}\
         {MARK}source={source} sha256={source_digest} made={digest}{eol}{after}"
    )
}

/// Takes the header off a text; `None` where it has none of ours.
pub(crate) fn read(text: &str) -> Option<(Stamp, String)> {
    let at = memchr::memmem::find(text.as_bytes(), MARK.as_bytes())?;
    // It stands alone in its line, before anything that is no comment.
    let above = text[..at].trim_start_matches('\u{feff}');
    if !above.is_empty() && !above.ends_with('\n')
        || !above.lines().all(|l| l.is_empty() || l.starts_with('#'))
    {
        return None;
    }
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n + 1);
    let line = text[at + MARK.len()..end].trim_end();
    let rest = line.strip_prefix("source=")?;
    let (rest, made) = rest.rsplit_once(" made=")?;
    let (source, sha256) = rest.rsplit_once(" sha256=")?;
    let stamp = Stamp { source: source.into(), source_digest: sha256.into(), digest: made.into() };
    // The line for people goes with it where it is still as it was written.
    let start = match text[..at].strip_suffix('\n').map(|t| t.rfind('\n').map_or(0, |n| n + 1)) {
        Some(start) if is_title(&text[start..at]) => {
            start + text[start..].len() - text[start..].trim_start_matches('\u{feff}').len()
        }
        _ => at,
    };
    let mut body = String::with_capacity(text.len());
    body.push_str(&text[..start]);
    body.push_str(&text[end..]);
    Some((stamp, body))
}

/// Where the line of a header stands that programs read.
pub(crate) fn line(text: &str) -> std::ops::Range<usize> {
    let start = memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).unwrap_or(0);
    start..text[start..].find(['\r', '\n']).map_or(text.len(), |end| start + end)
}

fn is_title(line: &str) -> bool {
    line.trim_start_matches('\u{feff}').starts_with("# The Kubernetes variant of ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_syntax::{Kind, SourceId};

    #[test]
    fn a_header_stands_behind_directives_and_comes_off_again() {
        let texts = [
            "FROM alpine\n",
            "# syntax=docker/dockerfile:1\n# escape=`\n\n# comment\nFROM alpine",
            "\u{feff}# check=skip=all\r\nFROM alpine\r\n",
            "\u{feff}FROM alpine\r\n",
            "# syntax=a",
            "",
        ];
        let stamp = Stamp { source: "Dockerfile.a b".into(), source_digest: "1".into(), digest: "2".into() };
        for text in texts {
            let tree = Dockerfile::parse(SourceId(0), &text.into());
            let written = write(&stamp, text, place(&tree));
            let again = Dockerfile::parse(SourceId(0), &written.as_str().into());
            assert_eq!(tree.directives.len(), again.directives.len(), "{written}");
            let (read, body) = read(&written).expect("a header");
            assert_eq!(read, stamp);
            assert_eq!(body.trim_end(), text.trim_end());
        }
        assert!(read("FROM a\n# seaworthy-variant source=a sha256=b made=c\n").is_none());
    }

    #[test]
    fn line_ends_do_not_count() {
        let of = |text: &str| digest(&Source::new("Dockerfile", Kind::Dockerfile, text));
        assert_eq!(of("FROM a\r\nRUN b\r\n"), of("FROM a\nRUN b\n"));
        assert_eq!(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
