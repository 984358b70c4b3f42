//! Flags before the arguments, and the fields of `--mount` and `--device`.

use crate::spelling::nearest;
use std::collections::BTreeSet;
use std::ops::Range;

use super::{Field, Flag, Keyword, Word};
use crate::text::Builder;
use crate::{Span, Spanned, Text};

/// How often a flag may stand and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Bool,
    Value,
    Values,
}

/// The flags of an instruction. `preview` adds those that `docker/dockerfile:1-labs` of `BuildKit` 0.24 has beside.
fn known(keyword: Keyword, preview: bool) -> Vec<(&'static str, Takes)> {
    use Takes::{Bool, Value, Values};
    let mut flags = match keyword {
        Keyword::Add => vec![
            ("chown", Value),
            ("chmod", Value),
            ("link", Bool),
            ("keep-git-dir", Bool),
            ("checksum", Value),
            ("unpack", Bool),
        ],
        Keyword::Copy => vec![("chown", Value), ("from", Value), ("chmod", Value), ("link", Bool)],
        Keyword::From => vec![("platform", Value)],
        Keyword::Run => vec![("mount", Values), ("device", Values), ("network", Value)],
        Keyword::Healthcheck => {
            ["interval", "timeout", "start-period", "start-interval", "retries"].map(|n| (n, Value)).to_vec()
        }
        _ => Vec::new(),
    };
    if preview {
        match keyword {
            Keyword::Add => flags.push(("exclude", Values)),
            Keyword::Copy => flags.extend([("exclude", Values), ("parents", Bool)]),
            Keyword::Run => flags.push(("security", Value)),
            _ => {}
        }
    }
    flags
}

/// Takes the flags off the front of a range: each as a text without quotes and escapes with its range, and what is left.
pub(super) fn split(
    line: &Text,
    range: Range<usize>,
    escape: char,
) -> (Vec<(Text, Range<usize>)>, Range<usize>) {
    let mut flags = Vec::new();
    let end = range.end;
    let mut at = range.start;
    loop {
        let rest = &line[at..end];
        let word = rest.trim_start_matches(|c| is_space(c) && c.is_ascii());
        at = end - word.len();
        if !word.starts_with("--") {
            return (flags, at..end);
        }
        let (text, behind) = flag(line, at..end, escape);
        let space = line[behind..end].chars().next().map_or(0, char::len_utf8);
        // Behind a wider space BuildKit's byte-wise reading leaves no bare `--`.
        if &*text == "--" && space < 2 {
            return (flags, behind..end);
        }
        flags.push((text, at..behind));
        at = behind + space;
    }
}

/// What ends a flag. `BuildKit` goes byte by byte here, so wider spaces do not.
fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// One flag up to the space behind it.
fn flag(line: &Text, range: Range<usize>, escape: char) -> (Text, usize) {
    let mut builder = Builder::new(line.source(), line.offset(range.start));
    let mut quote = None;
    let mut run = range.start;
    let mut chars = line[range.clone()].char_indices().map(|(i, c)| (range.start + i, c)).peekable();
    let mut end = range.end;
    while let Some((at, c)) = chars.next() {
        let skip = match quote {
            None if is_space(c) => {
                end = at;
                break;
            }
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                true
            }
            Some(q) if c == q => {
                quote = None;
                true
            }
            _ if c == escape => {
                // What is escaped is taken as it is.
                chars.next();
                true
            }
            _ => false,
        };
        if skip {
            builder.push_text(line, run..at);
            run = at + c.len_utf8();
        }
    }
    builder.push_text(line, run.min(end)..end);
    (builder.finish(), end)
}

/// What is wrong with flags: `(message, place)` each.
pub(super) type Wrong = Vec<Spanned<String>>;

/// Makes flags of their texts and checks them against what the instruction has.
pub(super) fn check(
    keyword: Keyword,
    raw: Vec<(Text, Range<usize>)>,
    line: &Text,
    escape: char,
    preview: bool,
    wrong: &mut Wrong,
) -> Vec<Flag> {
    let known = known(keyword, preview);
    let mut flags: Vec<Flag> = Vec::with_capacity(raw.len());
    let mut seen = BTreeSet::new();
    for (text, range) in raw {
        let span = line.span_of(range);
        let equals = text.find('=');
        let name = text.slice(2..equals.unwrap_or(text.len()));
        let value = equals.map(|at| {
            let value = text.slice(at + 1..text.len());
            let span = Span::new(span.source, value.span().start as usize, span.end as usize);
            Word { text: value, span, escape: expands(keyword, &name).then_some(escape) }
        });
        let mut fail = |message: String, span: Span| wrong.push(Spanned::new(message, span));
        let (known_as, takes) = known.iter().find(|f| f.0 == &*name).map(|f| (f.0, f.1)).unzip();
        match (takes, &value) {
            (None, _) => fail(unknown(keyword, &name, &known), name_span(span, &name)),
            (Some(Takes::Value | Takes::Values), None) => {
                fail(format!("`--{name}` needs a value: write `--{name}=…`"), span);
            }
            (Some(Takes::Bool), Some(v))
                if !["true", "false"].iter().any(|b| v.text.eq_ignore_ascii_case(b)) =>
            {
                let place = if v.text.is_empty() { span } else { v.span };
                fail(format!("`--{name}` is `true` or `false`, not `{}`", v.text), place);
            }
            _ => {}
        }
        if matches!(takes, Some(Takes::Value | Takes::Bool)) && !seen.insert(known_as) {
            fail(format!("`--{name}` stands twice: remove one of them"), span);
        }
        let mut fields = Vec::new();
        if let (Keyword::Run, "mount" | "device", Some(value)) = (keyword, &*name, &value) {
            match split_fields(&value.text, escape) {
                Ok(split) => fields = split,
                Err((message, range)) => fail(message, value.text.span_of(range)),
            }
            if &*name == "mount" {
                check_mount(&fields, wrong);
            } else {
                check_device(&fields, wrong);
            }
        }
        if let (Keyword::Run, "network", Some(v)) = (keyword, &*name, &value)
            && !["default", "none", "host"].contains(&&*v.text)
        {
            wrong.push(Spanned::new(
                format!("`{}` is no network mode; `--network` takes `default`, `none` or `host`", v.text),
                v.span,
            ));
        }
        if let (Keyword::Run, "security", Some(v)) = (keyword, &*name, &value)
            && takes.is_some()
            && !["insecure", "sandbox"].contains(&&*v.text)
        {
            wrong.push(Spanned::new(
                format!("`{}` is no security mode; `--security` takes `sandbox` or `insecure`", v.text),
                v.span,
            ));
        }
        flags.push(Flag { name, value, span, fields });
    }
    flags
}

/// Whether `BuildKit` expands variables in a flag's value.
fn expands(keyword: Keyword, name: &str) -> bool {
    match keyword {
        Keyword::Add | Keyword::Copy => matches!(name, "chown" | "chmod" | "checksum"),
        Keyword::From => name == "platform",
        _ => false,
    }
}

fn name_span(flag: Span, name: &Text) -> Span {
    if name.is_empty() { flag } else { Span { end: name.span().end, ..flag } }
}

fn unknown(keyword: Keyword, name: &str, known: &[(&str, Takes)]) -> String {
    let keyword_name = keyword.as_str();
    if matches!(
        (keyword, name),
        (Keyword::Copy, "parents") | (Keyword::Copy | Keyword::Add, "exclude") | (Keyword::Run, "security")
    ) {
        return format!(
            "BuildKit 0.24 has no `--{name}` on its own; put `# syntax=docker/dockerfile:1` on the first line"
        );
    }
    if known.is_empty() {
        return format!(
            "{keyword_name} has no flags, so `--{name}` has to go; quote it if it is an argument"
        );
    }
    if let Some(near) = nearest(name, known.iter().map(|f| f.0)) {
        return format!("{keyword_name} has no flag `--{name}`; did you mean `--{near}`?");
    }
    let names: Vec<String> = known.iter().map(|f| format!("`--{}`", f.0)).collect();
    format!("{keyword_name} has no flag `--{name}`; it has {}", names.join(", "))
}

/// Splits a value at its commas as a line of CSV.
fn split_fields(value: &Text, escape: char) -> Result<Vec<Field>, (String, Range<usize>)> {
    if value.is_empty() {
        return Err(("at least one `key=value` has to follow".into(), 0..0));
    }
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = &value[at..];
        let start = at;
        let text = if rest.starts_with('"') {
            let mut builder = Builder::new(value.source(), value.offset(at));
            at += 1;
            loop {
                let Some(length) = value[at..].find('"') else {
                    return Err(("the closing `\"` of this field is missing".into(), start..value.len()));
                };
                builder.push_text(value, at..at + length);
                at += length + 1;
                if !value[at..].starts_with('"') {
                    break;
                }
                builder.push_text(value, at..at + 1);
                at += 1;
            }
            if !value[at..].is_empty() && !value[at..].starts_with(',') {
                return Err(("a comma has to follow the quoted field".into(), at..value.len()));
            }
            builder.finish()
        } else {
            let length = rest.find(',').unwrap_or(rest.len());
            at += length;
            if let Some(quote) = value[start..at].find('"') {
                let place = start + quote..start + quote + 1;
                return Err(("a quote has to enclose the whole field, key included".into(), place));
            }
            value.slice(start..at)
        };
        let span = value.span_of(start..at);
        let equals = text.find('=');
        fields.push(Field {
            key: text.slice(0..equals.unwrap_or(text.len())),
            value: equals.map(|e| {
                let value = text.slice(e + 1..text.len());
                let span = value.span();
                Word { text: value, span, escape: Some(escape) }
            }),
            span,
        });
        if !value[at..].starts_with(',') {
            return Ok(fields);
        }
        at += 1;
    }
}

/// What `BuildKit` refuses before it knows the values of variables.
fn check_mount(fields: &[Field], wrong: &mut Wrong) {
    for field in fields {
        let Some(value) = &field.value else { continue };
        // A `$` at the very end is no variable.
        if field.key.eq_ignore_ascii_case("from")
            && value.text.find('$').is_some_and(|at| at + 1 != value.text.len())
        {
            wrong.push(Spanned::new(
                "`from` of a mount takes no variable: give a stage `FROM` with the variable and name that stage".into(),
                value.span,
            ));
        }
    }
}

fn check_device(fields: &[Field], wrong: &mut Wrong) {
    let mut named = false;
    for field in fields {
        let key = field.key.to_lowercase();
        let mut fail = |message: String| wrong.push(Spanned::new(message, field.span));
        match (&*key, &field.value) {
            ("required", None) => {}
            ("required", Some(v)) if is_bool(&v.text) => {}
            ("required", Some(v)) => fail(format!("`required` is `true` or `false`, not `{}`", v.text)),
            ("name", Some(_)) if named => fail("the device is already named: remove one of the names".into()),
            ("name", Some(v)) => named = !v.text.is_empty(),
            (_, None) if named => fail(format!("`{}` has to be `key=value`", field.key)),
            (_, Some(_)) if named => {
                fail(format!("`--device` has no key `{}`; it has `name` and `required`", field.key));
            }
            (key, None) => named = !key.is_empty(),
            (_, Some(_)) => named = true,
        }
    }
}

/// Whether Go's `strconv.ParseBool` takes it.
pub(super) fn is_bool(value: &str) -> bool {
    matches!(
        value,
        "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"
    )
}
