//! The patterns of `${name#pattern}` and `${name/pattern/text}`: `*`, `?` and escapes, no brackets.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Star,
    Any,
    Char(char),
}

/// A pattern of the shell, as `BuildKit` turns it into a regular expression.
#[derive(Debug)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
    /// Whether `*` takes as much as it can.
    greedy: bool,
}

impl Pattern {
    pub(super) fn new(pattern: &str, greedy: bool) -> Result<Self, String> {
        let mut tokens = Vec::with_capacity(pattern.len());
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => match chars.peek() {
                    // The escape only kept the substitution open.
                    Some('}' | '/') => continue,
                    Some(&c @ ('*' | '?' | '\\')) => {
                        chars.next();
                        Token::Char(c)
                    }
                    Some(c) => return Err(format!("`\\{c}` is no escape in a pattern")),
                    None => return Err("the pattern ends in an escape".into()),
                },
                c => Token::Char(c),
            });
        }
        Ok(Self { tokens, greedy })
    }

    /// The value without the shortest, or longest, beginning the pattern matches.
    pub(super) fn trim_prefix(pattern: &str, value: &str, greedy: bool) -> Result<String, String> {
        let pattern = Self::new(pattern, greedy)?;
        let chars: Vec<char> = value.chars().collect();
        Ok(match pattern.matched(&chars, 0, &mut pattern.tried(&chars)) {
            Some(end) => chars[end..].iter().collect(),
            None => value.to_owned(),
        })
    }

    /// The value without the shortest, or longest, end the pattern matches.
    pub(super) fn trim_suffix(pattern: &str, value: &str, greedy: bool) -> Result<String, String> {
        let value: String = value.chars().rev().collect();
        let trimmed = Self::trim_prefix(&reversed(pattern), &value, greedy)?;
        Ok(trimmed.chars().rev().collect())
    }

    /// The value with the first match replaced, or all of them.
    pub(super) fn replace(&self, value: &str, replacement: &str, all: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let mut out = String::with_capacity(value.len());
        let mut at = 0;
        let mut copied = 0;
        let mut last_end = None;
        let mut tried = self.tried(&chars);
        while at <= chars.len() {
            let Some(end) = self.matched(&chars, at, &mut tried) else {
                at += 1;
                continue;
            };
            // An empty match right behind another one does not count.
            if end == at && last_end == Some(at) {
                at += 1;
                continue;
            }
            out.extend(&chars[copied..at]);
            if all {
                expand_template(replacement, &chars[at..end], &mut out);
            } else {
                out.push_str(replacement);
            }
            copied = end;
            last_end = Some(end);
            if !all {
                break;
            }
            at = end.max(at + 1);
        }
        out.extend(&chars[copied.min(chars.len())..]);
        out
    }

    /// For every place and token, whether the pattern from there on was tried in vain.
    fn tried(&self, chars: &[char]) -> Vec<bool> {
        vec![false; (self.tokens.len() + 1) * (chars.len() + 1)]
    }

    /// Where the match that begins at `start` ends; the one a backtracking search prefers.
    fn matched(&self, chars: &[char], start: usize, tried: &mut [bool]) -> Option<usize> {
        let width = self.tokens.len() + 1;
        // The tokens and places still to try, the preferred one on top.
        let mut stack = vec![(0, start)];
        while let Some((token, at)) = stack.pop() {
            // A place tried once either leads to the answer or fails again.
            if std::mem::replace(&mut tried[at * width + token], true) {
                continue;
            }
            match self.tokens.get(token) {
                None => {
                    // The next match may begin where this one ends.
                    tried[at * width..(at + 1) * width].fill(false);
                    return Some(at);
                }
                Some(Token::Char(c)) => {
                    if chars.get(at) == Some(c) {
                        stack.push((token + 1, at + 1));
                    }
                }
                Some(Token::Any) => {
                    if chars.get(at).is_some_and(|c| *c != '\n') {
                        stack.push((token + 1, at + 1));
                    }
                }
                Some(Token::Star) => {
                    let more = chars.get(at).is_some_and(|c| *c != '\n').then_some((token, at + 1));
                    if self.greedy {
                        stack.push((token + 1, at));
                        stack.extend(more);
                    } else {
                        stack.extend(more);
                        stack.push((token + 1, at));
                    }
                }
            }
        }
        None
    }
}

/// A pattern backwards, with its escapes still before what they escape.
fn reversed(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        if chars[at] == '\\' && at + 1 < chars.len() {
            out.push(chars[at + 1]);
            out.push('\\');
            at += 2;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out.iter().rev().collect()
}

/// A replacement with `$0` and other groups put in: `BuildKit` replaces all matches by Go's templates.
fn expand_template(template: &str, matched: &[char], out: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (inner, braced) = after.strip_prefix('{').map_or((after, false), |inner| (inner, true));
        let length = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, behind) = inner.split_at(length);
        let behind = if braced { behind.strip_prefix('}') } else { Some(behind) };
        match behind {
            Some(behind) if !name.is_empty() => {
                if name.bytes().all(|b| b == b'0') {
                    out.extend(matched);
                }
                rest = behind;
            }
            _ => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
}
