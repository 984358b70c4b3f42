//! The comments of a file, found without our parsers: what checks a fix must not share its mistakes.

use std::collections::BTreeMap;

/// How often each comment stands in a text. A `#` at the head of a line or after a blank begins one, unless a quote
/// that its line opens is open there; that some are no comments does no harm, since they are counted in the same way
/// before and after.
pub(super) fn count(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = comment(line) {
            *counts.entry(comment.trim_end()).or_default() += 1;
        }
    }
    counts
}

fn comment(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return line.get(at..),
            (None, '"' | '\'') if before.is_whitespace() || "[{(=:,".contains(before) => quote = Some(c),
            (Some(open), _) if c == open && before != '\\' => quote = None,
            _ => {}
        }
        before = c;
    }
    None
}

/// Comments that stand in a text more often than in what became of it, by themselves and as a part of its text: a value
/// that only looks like one may be quoted by a fix.
pub(super) fn lost<'a>(before: &'a str, after: &str) -> Vec<&'a str> {
    let kept = count(after);
    let fewer = |comment: &str| after.matches(comment).count() < before.matches(comment).count();
    count(before)
        .into_iter()
        .filter(|(comment, n)| kept.get(comment).unwrap_or(&0) < n && fewer(comment))
        .map(|(c, _)| c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::lost;

    #[test]
    fn comments() {
        for (before, after, expected) in [
            ("# a\nFROM x\n", "# a\nFROM y\n", &[] as &[&str]),
            ("a: 1 # b\n", "a: 2\n", &["# b"]),
            ("a: '#' # b\n", "a: '#'\n", &["# b"]),
            ("a: \" # b\"\n", "a: c\n", &[]),
            ("a: b#c\n", "a: d\n", &[]),
            ("- 'it' # x\n- y # x\n", "- 'it' # x\n- y\n", &["# x"]),
            ("ENV a b # c\n", "ENV a=\"b # c\"\n", &[]),
            ("a: don't # b\n", "a: 1\n", &["# b"]),
        ] {
            assert_eq!(lost(before, after), expected, "{before:?} {after:?}");
        }
    }
}
