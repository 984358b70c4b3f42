//! Strings.

use seaworthy_syntax::path;

use super::{Args, Outcome};
use crate::error::Failure;
use crate::exec::State;
use crate::text::{Origin, Text};
use crate::value::Value;

pub(super) fn call(state: &mut State, args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    let map = |change: &dyn Fn(&str) -> String| args.remade(change);
    // What takes a part of the last argument, by what the first says.
    let part = |take: &dyn for<'t> Fn(&str, &'t str) -> &'t str| {
        args.exactly(2).and_then(|()| {
            let text = args.text(1)?;
            Ok(Value::text(text.part(take(args.str(0)?, text.as_str()))))
        })
    };
    let test = |holds: &dyn Fn(&str, &str) -> bool| {
        args.exactly(2).and_then(|()| Ok(Value::bool(holds(args.str(0)?, args.str(1)?))))
    };
    let cutset = |set: &str| set.chars().collect::<Vec<_>>();
    Some(match args.name {
        "trim" => args.exactly(1).and_then(|()| {
            let text = args.text(0)?;
            Ok(Value::text(text.part(text.as_str().trim())))
        }),
        "trimAll" | "trimall" => part(&|set, text| text.trim_matches(&cutset(set)[..])),
        "trimSuffix" => part(&|suffix, text| text.strip_suffix(suffix).unwrap_or(text)),
        "trimPrefix" => part(&|prefix, text| text.strip_prefix(prefix).unwrap_or(text)),
        "contains" => test(&|part, text| text.contains(part)),
        "hasPrefix" => test(&|part, text| text.starts_with(part)),
        "hasSuffix" => test(&|part, text| text.ends_with(part)),
        "upper" => map(&str::to_uppercase),
        "lower" => map(&str::to_lowercase),
        "title" => map(&|text| capitalized(text, true)),
        "untitle" => map(&|text| capitalized(text, false)),
        "swapcase" => map(&|text| {
            let swap =
                |c: char| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
            text.chars().map(swap).collect()
        }),
        "nospace" => map(&|text| text.chars().filter(|c| !c.is_whitespace()).collect()),
        "initials" => map(&|text| text.split_whitespace().filter_map(|w| w.chars().next()).collect()),
        "snakecase" => map(&|text| words(text).join("_")),
        "kebabcase" => map(&|text| words(text).join("-")),
        "camelcase" => map(&|text| {
            text.split(['_', '-', ' ', '.'])
                .map(|word| {
                    let mut chars = word.chars();
                    chars
                        .next()
                        .map_or_else(String::new, |c| c.to_uppercase().collect::<String>() + chars.as_str())
                })
                .collect()
        }),
        "shuffle" => {
            args.exactly(1).and_then(|()| Ok(Value::text(Text::new(args.str(0)?, Origin::GENERATED))))
        }
        "trunc" => args.exactly(2).and_then(|()| {
            let (count, text) = (args.int(0)?, args.text(1)?);
            let length = text.len() as i64;
            let range = if count < 0 && length + count > 0 {
                length + count..length
            } else if count >= 0 && length > count {
                0..count
            } else {
                0..length
            };
            Ok(Value::text(text.slice(floor(text.as_str(), range.start)..floor(text.as_str(), range.end))))
        }),
        "substr" => args.exactly(3).and_then(|()| {
            let (start, end, text) = (args.int(0)?, args.int(1)?, args.text(2)?);
            let length = text.len() as i64;
            let end = if end < 0 && start >= 0 || end > length { length } else { end };
            let start = start.max(0);
            if start > end || end < 0 {
                return Err(Failure::new("error calling substr: slice bounds out of range"));
            }
            Ok(Value::text(text.slice(floor(text.as_str(), start)..floor(text.as_str(), end))))
        }),
        "abbrev" => args.exactly(2).and_then(|()| {
            let (width, text) = (args.int(0)?, args.text(1)?);
            if width < 4 || text.len() as i64 <= width {
                return Ok(all[1].clone());
            }
            let mut out = text.slice(0..floor(text.as_str(), width - 3));
            out.push_made("...");
            Ok(Value::text(out))
        }),
        "abbrevboth" => args.exactly(3).and_then(|()| {
            let (left, width, text) = (args.int(0)?, args.int(1)?, args.text(2)?);
            if width < 4 || left > 0 && width < 7 || text.len() as i64 <= width {
                return Ok(all[2].clone());
            }
            let length = text.len() as i64;
            let left = left.min(length - (width - 3));
            let part = |from: i64, to: i64| text.slice(floor(text.as_str(), from)..floor(text.as_str(), to));
            if left <= 4 {
                let mut out = part(0, width - 3);
                out.push_made("...");
                return Ok(Value::text(out));
            }
            let mut out = Text::default();
            out.push_made("...");
            if left + width - 3 < length {
                out.push(&part(left, left + width - 6));
                out.push_made("...");
            } else {
                out.push(&part(length - (width - 3), length));
            }
            Ok(Value::text(out))
        }),
        "repeat" => args.exactly(2).and_then(|()| {
            let (count, text) = (args.int(0)?, args.text(1)?);
            let count = usize::try_from(count)
                .map_err(|_| Failure::new("error calling repeat: negative Repeat count"))?;
            state.make(count.saturating_mul(text.len()))?;
            let mut out = Text::default();
            for _ in 0..count {
                if text.is_empty() {
                    break;
                }
                out.push(text);
            }
            Ok(Value::text(out))
        }),
        "replace" => args.exactly(3).and_then(|()| {
            let (old, new, text) = (args.str(0)?, args.text(1)?, args.text(2)?);
            let count = if old.is_empty() { text.len() + 1 } else { text.as_str().matches(old).count() };
            state.make(count.saturating_mul(new.len()).saturating_add(text.len()))?;
            Ok(Value::text(text.replace(old, new)))
        }),
        "indent" | "nindent" => args.exactly(2).and_then(|()| {
            let (count, text) = (args.int(0)?, args.text(1)?);
            let count = usize::try_from(count)
                .map_err(|_| Failure::new("error calling indent: negative Repeat count"))?;
            let lines = text.as_str().bytes().filter(|b| *b == b'\n').count() + 1;
            state.make(lines.saturating_mul(count))?;
            let pad = " ".repeat(count);
            let mut out = Text::default();
            if args.name == "nindent" {
                out.push_made("\n");
            }
            out.push_made(&pad);
            let mut at = 0;
            for (end, _) in text.as_str().match_indices('\n') {
                out.push_range(text, at..end + 1);
                out.push_made(&pad);
                at = end + 1;
            }
            out.push_range(text, at..text.len());
            Ok(Value::text(out))
        }),
        "quote" => Ok(Value::text(joined(all, quoted))),
        "squote" => Ok(Value::text(joined(all, |value| {
            let mut out = Text::made("'");
            out.push(&value.display());
            out.push_made("'");
            out
        }))),
        "cat" => Ok(Value::text(joined(all, Value::display))),
        "toString" => args.exactly(1).map(|()| Value::text(all[0].display())),
        "plural" => args.exactly(3).and_then(|()| Ok(all[usize::from(args.int(2)? != 1)].clone())),
        "wrap" | "wrapWith" => args.exactly(if args.name == "wrap" { 2 } else { 3 }).and_then(|()| {
            let width = usize::try_from(args.int(0)?).unwrap_or(1).max(1);
            let between = if args.name == "wrap" { "\n" } else { args.str(1)? };
            let text = args.text(all.len() - 1)?;
            let cuts = args.name == "wrapWith";
            Ok(Value::text(text.remade(wrapped(text.as_str(), width, between, cuts))))
        }),
        "hello" => Ok(Value::str("Hello!")),
        "html" => Ok(Value::text(joined(all, |value| {
            let text = value.display();
            let escaped = text
                .as_str()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('\'', "&#39;")
                .replace('"', "&#34;");
            text.remade(escaped)
        }))),
        "base" => map(&|path| {
            let trimmed = path.trim_end_matches('/');
            match trimmed.rsplit('/').next() {
                Some("") | None => if path.is_empty() { "." } else { "/" }.to_owned(),
                Some(name) => name.to_owned(),
            }
        }),
        "osBase" => map(&|path| path.trim_end_matches('/').rsplit('/').next().unwrap_or(".").to_owned()),
        "dir" | "osDir" => map(&|path| match path.rsplit_once('/') {
            Some(("", _)) => "/".to_owned(),
            Some((head, _)) => path::clean(head),
            None => ".".to_owned(),
        }),
        "clean" | "osClean" => map(&path::clean),
        "ext" | "osExt" => map(&|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.rfind('.').map_or_else(String::new, |at| name[at..].to_owned())
        }),
        "isAbs" | "osIsAbs" => args.exactly(1).and_then(|()| Ok(Value::bool(args.str(0)?.starts_with('/')))),
        _ => return None,
    })
}

/// The nearest beginning of a character.
fn floor(text: &str, at: i64) -> usize {
    let mut at = usize::try_from(at).unwrap_or(0).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn joined(values: &[Value], each: impl Fn(&Value) -> Text) -> Text {
    let mut out = Text::default();
    for (n, value) in values.iter().filter(|v| !v.is_nil()).enumerate() {
        if n > 0 {
            out.push_made(" ");
        }
        out.push(&each(value));
    }
    out
}

/// A value in double quotes, with Go's escapes.
pub(super) fn quoted(value: &Value) -> Text {
    let text = value.display();
    let mut out = Text::made("\"");
    let mut at = 0;
    for (n, c) in text.as_str().char_indices() {
        if let Some(escaped) = escaped(c) {
            out.push_range(&text, at..n);
            out.push_str(&escaped, text.origin_at(n).derived());
            at = n + c.len_utf8();
        }
    }
    out.push_range(&text, at..text.len());
    out.push_made("\"");
    out
}

fn escaped(c: char) -> Option<String> {
    Some(match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\x07' => "\\a".to_owned(),
        '\x08' => "\\b".to_owned(),
        '\x0c' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\x0b' => "\\v".to_owned(),
        c if (c as u32) < 0x20 || c == '\x7f' => format!("\\x{:02x}", c as u32),
        '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}' => {
            format!("\\u{:04x}", c as u32)
        }
        _ => return None,
    })
}

fn capitalized(text: &str, upper: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let starts = if upper {
            !(before.is_alphanumeric() || matches!(before, '_' | '\''))
        } else {
            before.is_whitespace()
        };
        if starts && upper {
            out.extend(c.to_uppercase());
        } else if starts {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        before = c;
    }
    out
}

/// The words of a name in any case, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut word = String::new();
    for (n, &c) in chars.iter().enumerate() {
        if matches!(c, '_' | '-' | ' ' | '.') || c.is_whitespace() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = n.checked_sub(1).map(|n| chars[n]);
        let next = chars.get(n + 1);
        let begins = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || b.is_ascii_digit() || next.is_some_and(|n| n.is_lowercase())
            });
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn wrapped(text: &str, width: usize, between: &str, cuts: bool) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].len() + 1 + word.len() > width {
            lines.push(String::new());
        } else if !lines[last].is_empty() {
            lines[last].push(' ');
        }
        while cuts && word.len() > width {
            let at = floor(word, width as i64).max(1);
            let last = lines.len() - 1;
            let (head, tail) = word.split_at(if word.is_char_boundary(at) { at } else { word.len() });
            lines[last].push_str(head);
            lines.push(String::new());
            word = tail;
        }
        let last = lines.len() - 1;
        lines[last].push_str(word);
    }
    lines.join(between)
}
