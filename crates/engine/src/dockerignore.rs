//! `.dockerignore`, as Docker and `BuildKit` read it.

use std::ops::Range;

use seaworthy_syntax::path;

/// The patterns of a `.dockerignore`, in their order.
#[derive(Clone, Debug, Default)]
pub struct Dockerignore {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// It begins with `!`: what it matches is let in again.
    exception: bool,
    text: Box<str>,
    kind: Kind,
    /// Its line in the file, in bytes.
    line: Range<usize>,
}

#[derive(Clone, Debug)]
enum Kind {
    Exact,
    /// `text/**`, up to and with the slash.
    Prefix(usize),
    /// `**/text` or `**text`, from behind the stars.
    Suffix,
    Tokens(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Within,
    /// `**` before something: any directories, also none.
    Directories,
    /// `**` at the end.
    Rest,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Dockerignore {
    /// Reads one; `None` where Docker refuses a line, so that no build gets as far as copying.
    pub fn parse(text: &str) -> Option<Self> {
        let mut patterns = Vec::new();
        let mut end = 0;
        for (number, whole) in text.split_inclusive('\n').enumerate() {
            let start = end;
            end += whole.len();
            let whole = if number == 0 { whole.strip_prefix('\u{feff}').unwrap_or(whole) } else { whole };
            let line = whole.trim();
            if line.is_empty() || whole.starts_with('#') {
                continue;
            }
            let (exception, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            if pattern.is_empty() {
                return None;
            }
            let pattern = path::clean(pattern);
            let pattern = if pattern.len() > 1 { pattern.trim_start_matches('/') } else { &pattern };
            // Docker looks for the `!` once more behind the slash.
            let (exception, pattern) = match pattern.strip_prefix('!') {
                Some("") => return None,
                Some(rest) if !exception => (true, rest),
                _ => (exception, pattern),
            };
            let line = start..start + whole.trim_end().len();
            patterns.push(Pattern { exception, kind: Kind::of(pattern)?, text: pattern.into(), line });
        }
        Some(Self { patterns })
    }

    /// Whether a file or directory of the context does not reach the builder. `path` starts from the context, with `/` and
    /// without `.` and `..`. Of a directory that is left out, single files may still be let in.
    pub fn excludes(&self, path: &str) -> bool {
        self.excluding(path).is_some()
    }

    /// The line, in bytes, that keeps a file or directory from the builder.
    pub fn excluding(&self, path: &str) -> Option<Range<usize>> {
        let mut above = vec![false; self.patterns.len()];
        let mut last: Option<&Pattern> = None;
        for end in path.match_indices('/').map(|(at, _)| at).chain([path.len()]) {
            last = None;
            for (pattern, above) in self.patterns.iter().zip(&mut above) {
                if !*above {
                    // A pattern that would change nothing is not tried: below, it counts as one that does not match.
                    if pattern.exception != last.is_some() {
                        continue;
                    }
                    *above = pattern.matches(&path[..end]);
                }
                if *above {
                    last = (!pattern.exception).then_some(pattern);
                }
            }
        }
        last.map(|pattern| pattern.line.clone())
    }

    /// Whether some line may let in a path that begins like this.
    pub fn may_let_in(&self, prefix: &str) -> bool {
        self.patterns
            .iter()
            .any(|p| p.exception && (p.text.contains(['*', '?', '[']) || p.text.starts_with(prefix)))
    }

    /// Whether some line may let in something below a directory that is left out.
    pub fn may_let_in_below(&self, directory: &str) -> bool {
        self.patterns.iter().filter(|p| p.exception).any(|p| {
            p.text.contains(['*', '?', '['])
                || p.text.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Exact => path == &*self.text,
            Kind::Prefix(end) => path.starts_with(&self.text[..*end]),
            Kind::Suffix => {
                let suffix = &self.text[2..];
                path.ends_with(suffix) || suffix.strip_prefix('/').is_some_and(|name| path == name)
            }
            Kind::Tokens(tokens) => matches(tokens, path),
        }
    }
}

impl Kind {
    fn of(pattern: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let (mut plain, mut suffix) = (true, false);
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' if chars.peek() == Some(&'*') => {
                    chars.next();
                    let first = tokens.is_empty();
                    chars.next_if_eq(&'/');
                    if chars.peek().is_none() {
                        if first {
                            return Some(Self::Suffix);
                        }
                        // Only `text/**` as a whole is told by its beginning alone.
                        if plain && !suffix {
                            let end = pattern.trim_end_matches('/').len().saturating_sub(2);
                            return Some(Self::Prefix(end));
                        }
                        tokens.push(Token::Rest);
                        plain = false;
                    } else {
                        tokens.push(Token::Directories);
                        plain &= first;
                        suffix = first;
                    }
                }
                '*' => {
                    tokens.push(Token::Within);
                    plain = false;
                }
                '?' => {
                    tokens.push(Token::One);
                    plain = false;
                }
                '[' => {
                    tokens.push(class(&mut chars)?);
                    plain = false;
                }
                '\\' => {
                    tokens.push(Token::Char(chars.next()?));
                    plain = false;
                }
                c => tokens.push(Token::Char(c)),
            }
        }
        Some(match (plain, suffix) {
            (true, true) => Self::Suffix,
            (true, false) => Self::Exact,
            (false, _) => Self::Tokens(tokens),
        })
    }
}

/// What stands between brackets.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let low = match chars.next()? {
            ']' if !ranges.is_empty() => return Some(Token::Class { negated, ranges }),
            ']' | '-' => return None,
            '\\' => chars.next()?,
            c => c,
        };
        let mut high = low;
        if chars.next_if_eq(&'-').is_some() {
            high = match chars.next()? {
                ']' | '-' => return None,
                '\\' => chars.next()?,
                c => c,
            };
        }
        if high < low {
            return None;
        }
        ranges.push((low, high));
    }
}

/// A pattern of `COPY` for one name: `*`, `?`, `[…]` and escapes, nothing across slashes. A bad pattern matches nothing.
pub(crate) struct Glob {
    pattern: String,
    kind: Option<Kind>,
    /// What a name begins and ends with that matches.
    ends: (String, String),
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        let mut pattern = pattern.replace("**", "*");
        while pattern.contains("**") {
            pattern = pattern.replace("**", "*");
        }
        let kind = Kind::of(&pattern);
        let tokens = if let Some(Kind::Tokens(tokens)) = &kind { tokens.as_slice() } else { &[] };
        let literal = |token: &Token| if let Token::Char(c) = token { Some(*c) } else { None };
        let head = tokens.iter().map_while(literal).collect();
        let mut tail: Vec<char> = tokens.iter().rev().map_while(literal).collect();
        tail.reverse();
        Self { pattern, kind, ends: (head, tail.into_iter().collect()) }
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let (head, tail) = &self.ends;
        match &self.kind {
            // Almost every name is told by its ends.
            Some(Kind::Tokens(tokens)) => {
                name.starts_with(head.as_str()) && name.ends_with(tail.as_str()) && matches(tokens, name)
            }
            Some(_) => self.pattern == name,
            None => false,
        }
    }
}

/// Whether tokens match a whole path: all places where a match may stand are kept at once, so no pattern is slow.
fn matches(tokens: &[Token], path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    let mut open = vec![false; path.len() + 1];
    open[0] = true;
    for token in tokens {
        let mut next = vec![false; path.len() + 1];
        let step = |next: &mut Vec<bool>, fits: &dyn Fn(char) -> bool| {
            for (at, c) in path.iter().enumerate() {
                next[at + 1] = open[at] && fits(*c);
            }
        };
        match token {
            Token::Char(wanted) => step(&mut next, &|c| c == *wanted),
            Token::One => step(&mut next, &|c| c != '/'),
            Token::Class { negated, ranges } => {
                step(&mut next, &|c| {
                    ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
                });
            }
            Token::Within => {
                let mut on = false;
                for at in 0..=path.len() {
                    on = open[at] || on && path[at - 1] != '/';
                    next[at] = on;
                }
            }
            Token::Rest | Token::Directories => {
                let mut on = false;
                for at in 0..=path.len() {
                    let ends = *token == Token::Rest || at > 0 && path[at - 1] == '/';
                    next[at] = open[at] || on && ends;
                    on |= open[at];
                }
            }
        }
        open = next;
    }
    open[path.len()]
}

#[cfg(test)]
mod tests;
