//! Regular expressions.

use regex::{Regex, RegexBuilder};

use super::{Args, Outcome};
use crate::error::Failure;
use crate::text::Text;
use crate::value::Value;

pub(super) fn call(args: &Args<'_>) -> Option<Outcome> {
    let name = args.name.strip_prefix("must").unwrap_or(args.name);
    let all = &args.all;
    Some(match name {
        "regexMatch" | "RegexMatch" => {
            args.exactly(2).and_then(|()| Ok(Value::bool(compiled(args)?.is_match(args.str(1)?))))
        }
        "regexFind" | "RegexFind" => args.exactly(2).and_then(|()| {
            let text = args.text(1)?;
            let found = compiled(args)?.find(text.as_str()).map(|m| m.range());
            Ok(Value::text(found.map_or_else(Text::default, |range| text.slice(range))))
        }),
        "regexFindAll" | "RegexFindAll" => args.exactly(3).and_then(|()| {
            let text = args.text(1)?;
            let limit = usize::try_from(args.int(2)?).unwrap_or(usize::MAX);
            let pattern = compiled(args)?;
            let found = pattern.find_iter(text.as_str()).take(limit);
            Ok(Value::list(found.map(|m| Value::text(text.slice(m.range()))).collect()))
        }),
        "regexReplaceAll" | "RegexReplaceAll" | "regexReplaceAllLiteral" | "RegexReplaceAllLiteral" => {
            args.exactly(3).and_then(|()| {
                let (text, new) = (args.text(1)?, args.text(2)?);
                let literal = name.ends_with("Literal") || !new.as_str().contains('$');
                let mut out = Text::default();
                let mut at = 0;
                for found in compiled(args)?.captures_iter(text.as_str()) {
                    let Some(all) = found.get(0) else { continue };
                    out.push_range(text, at..all.start());
                    if literal {
                        out.push(new);
                    } else {
                        let mut expanded = String::new();
                        found.expand(new.as_str(), &mut expanded);
                        out.push_str(&expanded, text.origin_at(all.start()).derived());
                    }
                    at = all.end();
                }
                out.push_range(text, at..text.len());
                Ok(Value::text(out))
            })
        }
        "regexSplit" | "RegexSplit" => args.exactly(3).and_then(|()| {
            let text = args.text(1)?;
            let limit = args.int(2)?;
            let pattern = compiled(args)?;
            let part = |part: &str| Value::text(text.part(part));
            Ok(Value::list(match usize::try_from(limit) {
                Ok(0) => Vec::new(),
                Ok(limit) => pattern.splitn(text.as_str(), limit).map(part).collect(),
                Err(_) => pattern.split(text.as_str()).map(part).collect(),
            }))
        }),
        "regexQuoteMeta" => args.exactly(1).and_then(|()| {
            let text = args.text(0)?;
            let mut out = String::new();
            for c in text.as_str().chars() {
                if r"\.+*?()|[]{}^$".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            Ok(Value::text(text.remade(out)))
        }),
        _ => {
            let _ = all;
            return None;
        }
    })
}

fn compiled(args: &Args<'_>) -> Result<Regex, Failure> {
    let pattern = args.str(0)?;
    RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| Failure::new(format!("error parsing regexp: `{pattern}`")))
}
