//! Files of variables: `.env` and `env_file`.

use std::collections::HashMap;
use std::ops::Range;

use super::interpolate::{Known, interpolate};

/// The variables of a file; `error` says why it ends early.
#[derive(Debug, Default)]
pub(super) struct Dotenv {
    pub(super) variables: HashMap<String, Known>,
    pub(super) error: Option<String>,
    /// What the file itself sets, in its order.
    pub(super) written: Vec<Written>,
}

/// A variable as a file sets it.
#[derive(Debug)]
pub(crate) struct Written {
    /// Where its name stands.
    pub(crate) name: Range<usize>,
    /// Where its value stands, with its quotes.
    pub(crate) at: Range<usize>,
    /// What it comes to; `None` where that takes a variable from outside.
    pub(crate) value: Option<String>,
}

/// What a file sets, for who asks for nothing else.
pub(crate) fn written(text: &str) -> Vec<Written> {
    read(text, HashMap::new(), &|_| None).written
}

/// Reads a file over the variables that are already there; `lookup` has the variables that count before those.
pub(super) fn read<'e>(
    text: &str,
    variables: HashMap<String, Known>,
    lookup: &dyn Fn(&str) -> Option<&'e Known>,
) -> Dotenv {
    let mut out = Dotenv { variables, error: None, written: Vec::new() };
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return out;
        }
        if rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |at| &rest[at..]);
            continue;
        }
        let line = rest.lines().next().unwrap_or_default();
        let (name, after, inherited) = match name(rest) {
            Ok(found) => found,
            Err(bad) => {
                out.error =
                    Some(format!("unexpected character {bad:?} in the name of a variable: {}", head(line)));
                return out;
            }
        };
        if name.contains(' ') {
            out.error = Some(format!("the name of a variable cannot contain a space: {}", head(line)));
            return out;
        }
        if inherited {
            if let Some(value) = lookup(name) {
                out.variables.insert(name.to_owned(), value.clone());
            }
            rest = after;
            continue;
        }
        match value(after, &|n| lookup(n).or_else(|| out.variables.get(n))) {
            Ok((value, next)) => {
                let (from, to) = (text.len() - after.len(), text.len() - next.len());
                let before = &text[text.len() - rest.len()..from];
                let start = text.len() - rest.len() + before.rfind(name).unwrap_or_default();
                let raw = &text[from..to];
                let end = if raw.starts_with(['"', '\'']) { raw } else { uncommented(raw) };
                out.written.push(Written {
                    name: start..start + name.len(),
                    at: from..from + end.trim_end().len(),
                    value: (!value.unknown).then(|| value.text.clone()),
                });
                out.variables.insert(name.to_owned(), value);
                rest = next;
            }
            Err(error) => {
                out.error = Some(format!("{error}: {name}"));
                return out;
            }
        }
    }
}

/// What may be shown of a line: its name, never its value.
fn head(line: &str) -> &str {
    line.split(['=', ':']).next().unwrap_or_default()
}

/// A value without quotes before its comment.
fn uncommented(line: &str) -> &str {
    line.split_once(" #").map_or(line, |(line, _)| line)
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// The name of a variable, what follows its `=`, and whether it has none and so takes its value from outside.
fn name(text: &str) -> Result<(&str, &str, bool), char> {
    let text = match text.strip_prefix("export") {
        Some(after) if after.starts_with(['\t', '\n', '\u{c}', '\r', ' ']) => {
            after.trim_start_matches(is_blank)
        }
        _ => text,
    };
    for (at, c) in text.char_indices() {
        match c {
            '=' | ':' | '\n' => {
                let after = text[at + 1..].trim_start_matches(is_blank);
                return Ok((text[..at].trim_end(), after, c == '\n'));
            }
            '_' | '.' | '-' | '[' | ']' => {}
            c if is_blank(c) || c.is_alphabetic() || c.is_numeric() => {}
            c => return Err(c),
        }
    }
    // A last line without `=` and without line end is the value of no name.
    Ok(("", text.trim_start_matches(is_blank), false))
}

fn value<'t, 'e>(
    text: &'t str,
    lookup: &dyn Fn(&str) -> Option<&'e Known>,
) -> Result<(Known, &'t str), &'static str> {
    let expand = |text: &str| {
        let out = interpolate(text, lookup);
        if out.faults.is_empty() {
            Ok(Known { text: out.text, unknown: !out.unknown.is_empty() })
        } else {
            Err("invalid variable in the value of a variable")
        }
    };
    let Some(quote @ ('"' | '\'')) = text.chars().next() else {
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        return Ok((expand(uncommented(line).trim_end())?, rest));
    };
    let mut content = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            let rest = &text[at + 1..];
            let known = if quote == '"' {
                expand(&unescape(&content))?
            } else {
                Known { text: content, unknown: false }
            };
            return Ok((known, rest));
        }
        if escaped {
            if c != quote {
                content.push('\\');
            }
            escaped = false;
            content.push(c);
        } else if c == '\\' {
            escaped = true;
        } else {
            content.push(c);
        }
    }
    Err("a quote is not closed in the value of a variable")
}

/// Undoes the escapes of a text in double quotes; `\$` becomes `$$`, which no variable begins.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        let simple = match c {
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            '"' => Some('"'),
            '\\' => Some('\\'),
            _ => None,
        };
        if let Some(simple) = simple {
            out.push(simple);
            rest = &rest[1..];
        } else if c == '$' {
            out.push_str("$$");
            rest = &rest[1..];
        } else if c == '0' {
            let digits: String = rest[1..].chars().take(3).take_while(char::is_ascii_digit).collect();
            match u8::from_str_radix(&digits, 8) {
                Ok(code) if digits.len() == 3 => out.push(char::from(code)),
                _ => {
                    out.push('\\');
                    out.push_str(&digits);
                }
            }
            rest = &rest[1 + digits.len()..];
        } else {
            out.push('\\');
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Vec<(String, String)> {
        let outside = Known { text: "outer".to_owned(), unknown: false };
        let out = read(text, HashMap::new(), &|n| (n == "OUT").then_some(&outside));
        assert_eq!(out.error, None, "{text}");
        let mut pairs: Vec<_> = out.variables.into_iter().map(|(n, v)| (n, v.text)).collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn values_as_compose_reads_them() {
        for (text, name, value) in [
            ("A=1", "A", "1"),
            ("export A = 1 # note", "A", "1"),
            ("A: yaml", "A", "yaml"),
            ("A=#x", "A", "#x"),
            ("A='$OUT \\n' # note", "A", "$OUT \\n"),
            ("A=\"$OUT\\n\\$OUT \\\"q\\\"\"", "A", "outer\n$OUT \"q\""),
            ("A=\"two\nlines\"", "A", "two\nlines"),
            ("A=$OUT/${NO:-d}", "A", "outer/d"),
            ("B=b\nA=$B", "A", "b"),
            ("OUT\nA=1", "OUT", "outer"),
            ("A=x\r\nB=y\r\n", "A", "x"),
            ("A=\nB=1", "A", ""),
            ("A='it\\'s'", "A", "it's"),
            ("A=\"\\0101\\012\\x\"", "A", "A\\12\\x"),
            ("\u{feff}A=1", "A", "1"),
        ] {
            let pairs = run(text);
            assert!(pairs.contains(&(name.to_owned(), value.to_owned())), "{text:?} gives {pairs:?}");
        }
    }

    #[test]
    fn what_is_written_is_known_with_its_place() {
        let text = "\u{feff}# A=0\nexport PORT = 80 # note\r\nB='b # c' # d\nC=$OUT\nD: \"x\"";
        let places: Vec<_> = written(text)
            .into_iter()
            .map(|w| (&text[w.name], &text[w.at], w.value))
            .map(|(name, at, value)| (name, at, value.unwrap_or_default()))
            .collect();
        let known = |name, at, value: &str| (name, at, value.to_owned());
        assert_eq!(
            places,
            [
                known("PORT", "80", "80"),
                known("B", "'b # c'", "b # c"),
                known("C", "$OUT", ""),
                known("D", "\"x\"", "x"),
            ]
        );
    }

    #[test]
    fn what_is_no_variable_ends_the_file_without_showing_a_value() {
        for text in ["A B=secret", "A$=secret", "A='secret"] {
            let out = read(text, HashMap::new(), &|_| None);
            assert!(!out.error.expect("an error").contains("secret"), "{text}");
        }
    }
}
