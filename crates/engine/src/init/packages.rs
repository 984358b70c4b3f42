//! Workspaces: which directories their patterns name.

use camino::{Utf8Path, Utf8PathBuf};

use super::Look;

/// The directories with a file of this name that patterns such as `packages/*` name; one with `!` before it takes away.
pub(super) fn matching(look: &Look<'_>, patterns: &[String], file: &str) -> Vec<Utf8PathBuf> {
    let (not, yes): (Vec<String>, Vec<String>) =
        patterns.iter().cloned().partition(|pattern| pattern.starts_with('!'));
    let not: Vec<String> = not.iter().map(|pattern| pattern.trim_start_matches('!').to_owned()).collect();
    let mut found: Vec<Utf8PathBuf> = look
        .below()
        .filter(|path| path.file_name() == Some(file))
        .filter_map(|path| path.parent().map(Utf8Path::to_owned))
        .filter(|path| !path.as_str().is_empty() && !path.components().any(|c| c.as_str() == "node_modules"))
        .filter(|path| matches(&yes, path) && !matches(&not, path))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether one of the patterns names a directory.
pub(super) fn matches(patterns: &[String], directory: &Utf8Path) -> bool {
    let parts: Vec<&str> = directory.components().map(|c| c.as_str()).collect();
    patterns.iter().any(|pattern| {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        let wanted: Vec<&str> = pattern.split('/').collect();
        whole(&wanted, &parts)
    })
}

fn whole(wanted: &[&str], parts: &[&str]) -> bool {
    match (wanted, parts) {
        ([], []) => true,
        (["**", rest @ ..], _) => {
            whole(rest, parts) || parts.split_first().is_some_and(|(_, parts)| whole(wanted, parts))
        }
        ([first, rest @ ..], [part, parts @ ..]) => segment(first, part) && whole(rest, parts),
        _ => false,
    }
}

/// One name against one with `*` in it.
fn segment(pattern: &str, name: &str) -> bool {
    let mut rest = name;
    let mut pieces = pattern.split('*');
    let Some(after) = pieces.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    rest = after;
    let mut open = false;
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
        open = piece.is_empty();
    }
    rest.is_empty()
        || open
        || (pattern.contains('*')
            && pattern.rsplit('*').next().is_some_and(|last| !last.is_empty() && rest.ends_with(last)))
}
