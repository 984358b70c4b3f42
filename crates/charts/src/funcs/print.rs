//! `print`, `println`, `printf`.

use super::strings::quoted;
use super::{Args, Outcome};
use crate::error::Failure;
use crate::exec::State;
use crate::number;
use crate::text::Text;
use crate::value::{Data, Value};

/// The widest that a number may be asked to be.
const WIDEST: usize = 1 << 16;

pub(super) fn call(state: &mut State, args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    Some(match args.name {
        "print" => {
            let mut out = Text::default();
            for (n, value) in all.iter().enumerate() {
                // A space goes between two of which neither is a string.
                if n > 0 && value.as_text().is_none() && all[n - 1].as_text().is_none() {
                    out.push_made(" ");
                }
                out.push(&value.display());
            }
            Ok(Value::text(out))
        }
        "println" => {
            let mut out = Text::default();
            for (n, value) in all.iter().enumerate() {
                if n > 0 {
                    out.push_made(" ");
                }
                out.push(&value.display());
            }
            out.push_made("\n");
            Ok(Value::text(out))
        }
        "printf" => args.at_least(1).and_then(|()| {
            let format = args.text(0)?;
            state.make(format.len())?;
            formatted(format, &all[1..]).map(Value::text)
        }),
        _ => return None,
    })
}

#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

fn formatted(format: &Text, args: &[Value]) -> Result<Text, Failure> {
    let text = format.as_str();
    let bytes = text.as_bytes();
    let mut out = Text::default();
    let mut at = 0;
    let mut next = 0;
    while let Some(percent) = text[at..].find('%').map(|n| at + n) {
        out.push_range(format, at..percent);
        at = percent + 1;
        let mut spec = Spec::default();
        loop {
            match bytes.get(at) {
                Some(b'-') => spec.minus = true,
                Some(b'+') => spec.plus = true,
                Some(b'#') => spec.sharp = true,
                Some(b' ') => spec.space = true,
                Some(b'0') => spec.zero = true,
                _ => break,
            }
            at += 1;
        }
        spec.width = amount(text, &mut at, args, &mut next)?;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            spec.precision = Some(amount(text, &mut at, args, &mut next)?.unwrap_or(0));
        }
        if bytes.get(at) == Some(&b'[')
            && let Some(close) = text[at..].find(']')
        {
            next = text[at + 1..at + close].parse::<usize>().map_or(next, |n| n.saturating_sub(1));
            at += close + 1;
        }
        let Some(verb) = text[at..].chars().next() else {
            out.push_made("%!(NOVERB)");
            break;
        };
        at += verb.len_utf8();
        if verb == '%' {
            out.push_made("%");
            continue;
        }
        match args.get(next) {
            Some(value) => out.push(&padded(one(verb, value, &spec), &spec, value)),
            None => out.push_made(&format!("%!{verb}(MISSING)")),
        }
        next += 1;
    }
    out.push_range(format, at..text.len());
    if next < args.len() {
        out.push_made("%!(EXTRA ");
        for (n, value) in args[next..].iter().enumerate() {
            if n > 0 {
                out.push_made(", ");
            }
            out.push_made(value.type_name());
            if !value.is_nil() {
                out.push_made("=");
                out.push(&value.display());
            }
        }
        out.push_made(")");
    }
    Ok(out)
}

fn amount(text: &str, at: &mut usize, args: &[Value], next: &mut usize) -> Result<Option<usize>, Failure> {
    if text.as_bytes().get(*at) == Some(&b'*') {
        *at += 1;
        let value = args.get(*next).map_or(0, super::to_i64);
        *next += 1;
        return bounded(usize::try_from(value).unwrap_or(0)).map(Some);
    }
    let digits = text[*at..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Ok(None);
    }
    let value = text[*at..*at + digits].parse().unwrap_or(usize::MAX);
    *at += digits;
    bounded(value).map(Some)
}

fn bounded(value: usize) -> Result<usize, Failure> {
    if value > WIDEST { Err(Failure::bounded(format!("a width of more than {WIDEST}"))) } else { Ok(value) }
}

fn padded(text: Text, spec: &Spec, value: &Value) -> Text {
    let Some(width) = spec.width else { return text };
    let length = text.as_str().chars().count();
    if length >= width {
        return text;
    }
    let pad = width - length;
    let mut out = Text::default();
    if spec.minus {
        out.push(&text);
        out.push_made(&" ".repeat(pad));
    } else if spec.zero && super::texts::is_number(value) {
        let sign = usize::from(text.as_str().starts_with(['-', '+']));
        out.push_range(&text, 0..sign);
        out.push_made(&"0".repeat(pad));
        out.push_range(&text, sign..text.len());
    } else {
        out.push_made(&if spec.zero { "0" } else { " " }.repeat(pad));
        out.push(&text);
    }
    out
}

fn one(verb: char, value: &Value, spec: &Spec) -> Text {
    let made = |text: String| Text::new(text, value.at.derived());
    let bad = || {
        if value.is_nil() {
            return made(format!("%!{verb}(<nil>)"));
        }
        made(format!("%!{verb}({}={})", value.type_name(), value.display().as_str()))
    };
    let signed = |text: String| {
        if spec.plus && !text.starts_with('-') {
            format!("+{text}")
        } else if spec.space && !text.starts_with('-') {
            format!(" {text}")
        } else {
            text
        }
    };
    if let Data::List(items) = &value.data
        && !matches!(verb, 'v' | 'T')
    {
        let mut out = Text::made("[");
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                out.push_made(" ");
            }
            out.push(&one(verb, item, spec));
        }
        out.push_made("]");
        return out;
    }
    if let Data::Map(map) = &value.data
        && !matches!(verb, 'v' | 'T')
    {
        let mut out = Text::made("map[");
        for (n, (key, entry)) in map.entries.borrow().iter().enumerate() {
            if n > 0 {
                out.push_made(" ");
            }
            out.push(&one(verb, &Value::str(&**key), spec));
            out.push_made(":");
            out.push(&one(verb, &entry.value, spec));
        }
        out.push_made("]");
        return out;
    }
    match (verb, &value.data) {
        ('T', _) => made(value.type_name().to_owned()),
        ('v', Data::Str(_)) if spec.sharp => quoted(value),
        ('v', Data::Int(n) | Data::Int64(n)) => made(signed(n.to_string())),
        ('v', _) => value.display(),
        ('s', Data::Str(text)) => match spec.precision {
            Some(count) => {
                let end = text.as_str().char_indices().nth(count).map_or(text.len(), |(n, _)| n);
                text.slice(0..end)
            }
            None => (**text).clone(),
        },
        ('s', Data::Object(_)) => value.display(),
        ('q', Data::Str(_)) => quoted(value),
        ('q', Data::Int(n) | Data::Int64(n)) => {
            made(format!("{:?}", u32::try_from(*n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')))
        }
        ('d', Data::Int(n) | Data::Int64(n)) => made(signed(n.to_string())),
        ('x', Data::Int(n) | Data::Int64(n)) => made(format!("{n:x}")),
        ('X', Data::Int(n) | Data::Int64(n)) => made(format!("{n:X}")),
        ('o', Data::Int(n) | Data::Int64(n)) => made(format!("{n:o}")),
        ('b', Data::Int(n) | Data::Int64(n)) => made(format!("{n:b}")),
        ('c', Data::Int(n) | Data::Int64(n)) => {
            made(u32::try_from(*n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string())
        }
        ('x', Data::Str(text)) => made(text.as_str().bytes().map(|b| format!("{b:02x}")).collect()),
        ('X', Data::Str(text)) => made(text.as_str().bytes().map(|b| format!("{b:02X}")).collect()),
        ('t', Data::Bool(value)) => made(value.to_string()),
        ('f' | 'F', Data::Float(n)) => made(signed(format!("{n:.*}", spec.precision.unwrap_or(6)))),
        ('e', Data::Float(n)) => {
            let text = format!("{n:.*e}", spec.precision.unwrap_or(6));
            let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, digits) = power.strip_prefix('-').map_or(('+', power), |d| ('-', d));
            made(format!("{mantissa}e{sign}{digits:0>2}"))
        }
        ('g' | 'G', Data::Float(n)) => made(signed(number::shortest(*n))),
        _ => bad(),
    }
}
