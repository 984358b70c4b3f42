//! Variables in Compose files and `.env` files.

use std::collections::HashMap;

/// How deep defaults may nest in defaults.
const MAX_DEPTH: usize = 64;

/// The variables a text may use.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    values: HashMap<String, Known>,
    /// What is not in it is not set anywhere, and so is empty; else nobody knows.
    pub(super) complete: bool,
}

/// The value of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) text: String,
    /// A variable without value went into it, so nobody knows it here.
    pub(super) unknown: bool,
}

impl Environment {
    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.values.get(name)
    }

    /// The text of a variable that has one and is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|known| known.text.as_str()).filter(|text| !text.is_empty())
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: Known) {
        self.values.insert(name.into(), value);
    }

    /// Adds what is not set yet.
    pub(super) fn add(&mut self, other: HashMap<String, Known>) {
        for (name, value) in other {
            self.values.entry(name).or_insert(value);
        }
    }
}

/// A text after interpolation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Interpolated {
    pub(super) text: String,
    /// Where in the text a variable without value left nothing.
    pub(super) unknown: Vec<u32>,
    pub(super) faults: Vec<Fault>,
}

/// Why a text cannot be interpolated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A `${` that begins no variable.
    Template,
    /// `${name:?message}` without a value.
    Required { name: String, message: String },
}

/// Replaces the variables of a text.
pub(super) fn interpolate<'e>(text: &str, lookup: &dyn Fn(&str) -> Option<&'e Known>) -> Interpolated {
    let mut out = Interpolated::default();
    expand(text, lookup, &mut out, 0);
    out
}

fn expand<'e>(text: &str, lookup: &dyn Fn(&str) -> Option<&'e Known>, out: &mut Interpolated, depth: usize) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'$', rest.as_bytes()) {
        out.text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.as_bytes().first() {
            Some(b'$') => {
                out.text.push('$');
                rest = &rest[1..];
            }
            Some(b'{') => match Braced::read(rest) {
                Some((braced, after)) if depth < MAX_DEPTH => {
                    braced.expand(lookup, out, depth);
                    rest = after;
                }
                _ => {
                    out.faults.push(Fault::Template);
                    rest = &rest[1..];
                }
            },
            Some(b) if b.is_ascii_alphabetic() || *b == b'_' => {
                let name = &rest[..name_length(rest)];
                out.push(lookup(name));
                rest = &rest[name.len()..];
            }
            _ => out.text.push('$'),
        }
    }
    out.text.push_str(rest);
}

impl Interpolated {
    fn push(&mut self, value: Option<&Known>) {
        let at = self.text.len() as u32;
        match value {
            Some(value) => {
                if value.unknown {
                    self.unknown.push(at);
                }
                self.text.push_str(&value.text);
            }
            None => self.unknown.push(at),
        }
    }
}

/// A part of a text before interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference<'t> {
    /// It stands as it is; `$$` is `$` already.
    Literal(String),
    /// A variable.
    Variable {
        /// Its name.
        name: &'t str,
        /// `-`, `+` or `?`, where there is an operator.
        mark: Option<u8>,
        /// What follows the operator.
        word: &'t str,
        /// A `:` before the operator: an empty value is as good as none.
        or_empty: bool,
    },
}

/// The parts of a text before interpolation, in order. What is no variable stands as it is.
pub fn references(text: &str) -> Vec<Reference<'_>> {
    let (mut out, mut literal, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = memchr::memchr(b'$', rest.as_bytes()) {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, operator, after) = match rest.as_bytes().first() {
            Some(b'$') => {
                literal.push('$');
                rest = &rest[1..];
                continue;
            }
            Some(b'{') => {
                if let Some((braced, after)) = Braced::read(rest) {
                    (braced.name, braced.operator, after)
                } else {
                    literal.push('$');
                    continue;
                }
            }
            _ => match name_length(rest) {
                0 => {
                    literal.push('$');
                    continue;
                }
                length => (&rest[..length], None, &rest[length..]),
            },
        };
        rest = after;
        if !literal.is_empty() {
            out.push(Reference::Literal(std::mem::take(&mut literal)));
        }
        let (mark, or_empty) = operator.map_or((None, false), |(o, _)| (Some(o.mark), o.or_empty));
        let word = operator.map_or("", |(_, word)| word);
        out.push(Reference::Variable { name, mark, word, or_empty });
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        out.push(Reference::Literal(literal));
    }
    out
}

fn name_length(text: &str) -> usize {
    let mut bytes = text.bytes();
    if !bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') {
        return 0;
    }
    1 + bytes.take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
}

/// What stands in `${…}`.
#[derive(Debug)]
struct Braced<'t> {
    name: &'t str,
    /// The operator and what follows it.
    operator: Option<(Operator, &'t str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operator {
    /// `-`, `+` or `?`.
    mark: u8,
    /// A `:` before it: an empty value is as good as none.
    or_empty: bool,
}

impl<'t> Braced<'t> {
    /// Reads from the `{` on; gives what follows the `}` too.
    fn read(text: &'t str) -> Option<(Self, &'t str)> {
        let name_end = 1 + name_length(&text[1..]);
        if name_end == 1 {
            return None;
        }
        let name = &text[1..name_end];
        let bytes = text.as_bytes();
        let (mark_at, or_empty) = match bytes.get(name_end)? {
            b'}' => return Some((Self { name, operator: None }, &text[name_end + 1..])),
            b':' => (name_end + 1, true),
            _ => (name_end, false),
        };
        let mark = *bytes.get(mark_at).filter(|b| matches!(b, b'-' | b'+' | b'?'))?;
        // The word ends on its line, at the brace that closes it, or else at the last one.
        let line = text.lines().next().unwrap_or_default();
        let last = line.rfind('}').filter(|at| *at > mark_at)?;
        let end = closing_brace(&line[..=last]).filter(|at| *at > mark_at).unwrap_or(last);
        let word = &text[mark_at + 1..end];
        Some((Self { name, operator: Some((Operator { mark, or_empty }, word)) }, &text[end + 1..]))
    }

    fn expand<'e>(&self, lookup: &dyn Fn(&str) -> Option<&'e Known>, out: &mut Interpolated, depth: usize) {
        let value = lookup(self.name);
        let Some((Operator { mark, or_empty }, word)) = self.operator else {
            return out.push(value);
        };
        let present = value.filter(|v| !or_empty || !v.text.is_empty());
        match (mark, present) {
            (b'+', None) => {
                if let Some(value) = value {
                    out.text.push_str(&value.text);
                }
            }
            (b'+', Some(_)) | (b'-', None) => expand(word, lookup, out, depth + 1),
            (_, Some(value)) => out.push(Some(value)),
            (_, None) => {
                let mut message = Interpolated::default();
                expand(word, lookup, &mut message, depth + 1);
                out.faults.append(&mut message.faults);
                out.faults.push(Fault::Required { name: self.name.to_owned(), message: message.text });
                out.unknown.push(out.text.len() as u32);
            }
        }
    }
}

/// The brace that closes the first one; what follows an opening brace never counts.
fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut at) = (0_i32, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Interpolated {
        let mut env = Environment::default();
        for (name, value) in [("A", "a"), ("EMPTY", ""), ("B", "b{c}")] {
            env.set(name, Known { text: value.to_owned(), unknown: false });
        }
        interpolate(text, &|name| env.get(name))
    }

    #[test]
    fn every_operator_of_compose() {
        for (text, expected) in [
            ("$A-${A}", "a-a"),
            ("$$A $ 5$", "$A $ 5$"),
            ("${A:-d} ${A-d} ${EMPTY:-d} ${EMPTY-d}|", "a a d |"),
            ("${NO:-d} ${NO-d}", "d d"),
            ("${A:+x} ${A+x} ${EMPTY:+x}|${EMPTY+x} ${NO:+x}|${NO+x}|", "x x |x ||"),
            ("${A:?no} ${EMPTY?no}|", "a |"),
            ("${NO:-${ALSO:-deep}}/${A}", "deep/a"),
            ("${NO:-x-y:-z}", "x-y:-z"),
            ("${NO:-{}}", "{}"),
            ("${NO:-}${A}", "a"),
            ("${NO:-${A}} and ${A}", "a and a"),
            ("${a_1:-l}", "l"),
        ] {
            let out = run(text);
            assert_eq!((out.text.as_str(), out.faults.len()), (expected, 0), "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_a_fault() {
        for text in ["${}", "${1A}", "${A", "${A!b}", "${A:b}", "${NO:-a\nb}"] {
            assert_eq!(run(text).faults, [Fault::Template], "{text}");
        }
        assert_eq!(
            run("${NO:?set $A}").faults,
            [Fault::Required { name: "NO".to_owned(), message: "set a".to_owned() }]
        );
    }

    #[test]
    fn the_unknown_is_known_by_its_place() {
        assert_eq!(run("${NO}:80").unknown, [0]);
        assert_eq!(run("80:$NO").unknown, [3]);
        assert_eq!(run("${NO:-${ALSO}}").unknown, [0]);
        assert!(run("${NO:-x}${NO:+y}").unknown.is_empty());
    }

    #[test]
    fn deep_nesting_ends() {
        let text = "${A:-".repeat(5000) + &"}".repeat(5000);
        assert!(!run(&text.replace('A', "NO")).faults.is_empty());
    }
}
