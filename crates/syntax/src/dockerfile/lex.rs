//! Quotes, escapes and variables of words, as `BuildKit`'s `shell.Lex` processes them.
//!
//! One walk serves three ends: expanding a word, telling which variables it names, and finding the heredocs of a line.

use std::ops::Range;

use super::pattern::Pattern;
use super::word::{Env, Value, VariableOperator};

/// How deep `${a:-${b:-…}}` may nest.
const DEEPEST: usize = 100;

/// What a walk keeps and leaves out.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are BuildKit's switches, set one by one")]
pub(super) struct Options {
    pub(super) escape: char,
    /// Quotes stay in the result.
    pub(super) raw_quotes: bool,
    /// Escape characters stay in the result.
    pub(super) raw_escapes: bool,
    /// Quotes are characters like any other.
    pub(super) skip_quotes: bool,
    /// A variable that is not set stays as it is written.
    pub(super) skip_unset: bool,
}

impl Options {
    /// As arguments are expanded.
    pub(super) const fn new(escape: char) -> Self {
        Self { escape, raw_quotes: false, raw_escapes: false, skip_quotes: false, skip_unset: false }
    }
}

/// A variable as the walk met it, in byte offsets of the word.
#[derive(Clone, Debug)]
pub(super) struct Met {
    pub(super) name: Range<usize>,
    pub(super) whole: Range<usize>,
    pub(super) operator: VariableOperator,
    pub(super) operand: Range<usize>,
}

/// What a walk gives.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) result: String,
    /// The words the result splits into.
    pub(super) words: Split,
    /// Whether a variable decides that is not known.
    pub(super) unknown: bool,
    pub(super) unset: Vec<String>,
    pub(super) variables: Vec<Met>,
}

/// Walks a word, or a line of words.
///
/// The error is what `BuildKit` refuses; the range is the narrowest part it is about.
pub(super) fn walk(source: &str, options: Options, env: &dyn Env) -> Result<Walked, Failure> {
    let mut lex = Lex::new(source, options, env);
    let (result, words) = lex.until(None, options.raw_escapes)?;
    let mut walked = lex.walked;
    walked.result = result;
    walked.words = words;
    Ok(walked)
}

/// The variables of a word, as far as it can be walked.
pub(super) fn variables(source: &str, options: Options) -> Vec<Met> {
    let mut lex = Lex::new(source, options, &Unknown);
    match lex.until(None, options.raw_escapes) {
        Ok(_) | Err(_) => lex.walked.variables,
    }
}

/// Variables nothing is known of.
#[derive(Debug)]
pub(super) struct Unknown;

impl Env for Unknown {
    fn get(&self, _: &str) -> Value<'_> {
        Value::Unknown
    }
}

/// Variables none of which is set.
#[derive(Debug)]
pub(super) struct Unset;

impl Env for Unset {
    fn get(&self, _: &str) -> Value<'_> {
        Value::Unset
    }
}

struct Lex<'s> {
    source: &'s str,
    at: usize,
    options: Options,
    env: &'s dyn Env,
    /// The word under construction. An operand resets it, as it does in `BuildKit`.
    word: String,
    word_start: usize,
    depth: usize,
    walked: Walked,
}

/// Words, each with the range of the source it came from.
type Split = Vec<(String, Range<usize>)>;

/// What is wrong and where.
pub(super) type Failure = (String, Range<usize>);

#[derive(Default)]
struct Words {
    words: Split,
    in_word: bool,
}

impl<'s> Lex<'s> {
    fn new(source: &'s str, options: Options, env: &'s dyn Env) -> Self {
        // The scanner beneath `BuildKit`'s lexer drops a byte order mark at the beginning.
        let at = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let walked = Walked::default();
        Self { source, at, options, env, word: String::new(), word_start: 0, depth: 0, walked }
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn fail<T>(&self, message: impl Into<String>, start: usize) -> Result<T, Failure> {
        Err((message.into(), start..self.at))
    }

    fn add_raw(&mut self, words: &mut Words, c: char, start: usize) {
        if self.word.is_empty() {
            self.word_start = start;
        }
        self.word.push(c);
        words.in_word = true;
    }

    fn add(&mut self, words: &mut Words, c: char, start: usize) {
        if !c.is_whitespace() {
            self.add_raw(words, c, start);
        } else if words.in_word && !self.word.is_empty() {
            self.end_word(words, start);
            words.in_word = false;
        }
    }

    fn end_word(&mut self, words: &mut Words, end: usize) {
        if !self.word.is_empty() {
            words.words.push((std::mem::take(&mut self.word), self.word_start..end));
        }
    }

    /// What stands before `stop`, as a whole and split into words.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Split), Failure> {
        let mut result = String::new();
        let mut words = Words::default();
        self.word.clear();
        let outer = std::mem::replace(&mut self.options.raw_escapes, raw_escapes);
        let start = self.at;
        while let Some(c) = self.peek() {
            let at = self.at;
            if stop == Some(c) {
                self.next();
                self.options.raw_escapes = outer;
                self.end_word(&mut words, at);
                return Ok((result, words.words));
            }
            let special = match c {
                '$' => Some(self.dollar()?),
                '<' => Some(self.heredoc()),
                '\'' if !self.options.skip_quotes => Some(self.single_quoted()?),
                '"' if !self.options.skip_quotes => Some(self.double_quoted()?),
                _ => None,
            };
            if let Some(piece) = special {
                if c == '$' {
                    for c in piece.chars() {
                        self.add(&mut words, c, at);
                    }
                } else {
                    if self.word.is_empty() {
                        self.word_start = at;
                    }
                    self.word.push_str(&piece);
                    words.in_word = true;
                }
                result.push_str(&piece);
                continue;
            }
            self.next();
            if c == self.options.escape {
                if self.options.raw_escapes {
                    self.add_raw(&mut words, c, at);
                    result.push(c);
                }
                let Some(escaped) = self.next() else { break };
                self.add_raw(&mut words, escaped, at);
                result.push(escaped);
            } else {
                self.add(&mut words, c, at);
                result.push(c);
            }
        }
        if let Some(stop) = stop {
            return self.fail(format!("the closing `{stop}` is missing"), start);
        }
        self.options.raw_escapes = outer;
        let end = self.at;
        self.end_word(&mut words, end);
        Ok((result, words.words))
    }

    fn single_quoted(&mut self) -> Result<String, Failure> {
        let start = self.at;
        let mut result = String::new();
        self.next();
        if self.options.raw_quotes {
            result.push('\'');
        }
        loop {
            match self.next() {
                None => return self.fail("the closing single quote is missing", start),
                Some('\'') => break,
                Some(c) => result.push(c),
            }
        }
        if self.options.raw_quotes {
            result.push('\'');
        }
        Ok(result)
    }

    fn double_quoted(&mut self) -> Result<String, Failure> {
        let start = self.at;
        let mut result = String::new();
        self.next();
        if self.options.raw_quotes {
            result.push('"');
        }
        loop {
            match self.peek() {
                None => return self.fail("the closing double quote is missing", start),
                Some('"') => {
                    self.next();
                    if self.options.raw_quotes {
                        result.push('"');
                    }
                    return Ok(result);
                }
                Some('$') => {
                    let value = self.dollar()?;
                    result.push_str(&value);
                }
                Some(mut c) => {
                    self.next();
                    if c == self.options.escape {
                        if self.options.raw_escapes {
                            result.push(c);
                        }
                        match self.peek() {
                            None => continue,
                            Some(next) if next == '"' || next == '$' || next == self.options.escape => {
                                c = next;
                                self.next();
                            }
                            Some(_) => {}
                        }
                    }
                    result.push(c);
                }
            }
        }
    }

    fn heredoc(&mut self) -> String {
        self.next();
        if self.peek() != Some('<') {
            return "<".into();
        }
        self.next();
        let start = self.at;
        while matches!(self.peek(), Some('\t' | '\r' | ' ')) {
            self.next();
        }
        format!("<<{}", &self.source[start..self.at])
    }

    fn dollar(&mut self) -> Result<String, Failure> {
        if self.depth >= DEEPEST {
            let start = self.at;
            return self.fail("the variables nest too deep", start);
        }
        self.depth += 1;
        let result = self.variable();
        self.depth -= 1;
        result
    }

    /// The value where it is set and known, and whether it is unset for sure.
    fn value(&mut self, name: &str) -> (Option<String>, bool) {
        match self.env.get(name) {
            Value::Set(value) => (Some(value.to_owned()), false),
            Value::Unknown => {
                self.walked.unknown = true;
                (None, false)
            }
            Value::Unset => {
                if !self.walked.unset.iter().any(|n| n == name) {
                    self.walked.unset.push(name.into());
                }
                (None, true)
            }
        }
    }

    fn variable(&mut self) -> Result<String, Failure> {
        let source = self.source;
        let start = self.at;
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".into());
            }
            let slot = self.walked.variables.len();
            self.meet(slot, name.clone(), start, VariableOperator::None, self.at..self.at);
            let (value, unset) = self.value(&source[name]);
            if unset && self.options.skip_unset {
                return Ok(source[start..self.at].to_owned());
            }
            return Ok(value.unwrap_or_default());
        }
        self.next();
        match self.peek() {
            None => return self.fail("the closing `}` is missing", start),
            Some('{' | '}' | ':') => {
                self.next();
                return self.fail("a variable's name has to follow `${`", start);
            }
            Some(_) => {}
        }
        let range = self.name();
        let name = &source[range.clone()];
        // The place of this variable before those in its operand.
        let slot = self.walked.variables.len();
        let modifier = self.next();
        match modifier {
            Some('}') => {
                self.meet(slot, range, start, VariableOperator::None, self.at - 1..self.at - 1);
                let (value, unset) = self.value(name);
                if unset && self.options.skip_unset {
                    return Ok(format!("${{{name}}}"));
                }
                Ok(value.unwrap_or_default())
            }
            Some(':' | '+' | '-' | '?' | '#' | '%') => self.modified(start, range, name, modifier, slot),
            Some('/') => self.replaced(start, range, name, slot),
            Some(other) => self.fail(format!("BuildKit has no modifier `{other}` in `${{…}}`"), start),
            None => self.fail("the closing `}` is missing", start),
        }
    }

    fn meet(
        &mut self,
        slot: usize,
        name: Range<usize>,
        start: usize,
        operator: VariableOperator,
        operand: Range<usize>,
    ) {
        let met = Met { name, whole: start..self.at, operator, operand };
        self.walked.variables.insert(slot.min(self.walked.variables.len()), met);
    }

    fn modified(
        &mut self,
        start: usize,
        range: Range<usize>,
        name: &str,
        modifier: Option<char>,
        slot: usize,
    ) -> Result<String, Failure> {
        let or_empty = modifier == Some(':');
        let modifier = if or_empty { self.next() } else { modifier };
        let written = &self.source[range.end..self.at];
        let raw = matches!(modifier, Some('#' | '%'));
        let operator = match modifier {
            Some('-') => VariableOperator::Default { or_empty },
            Some('+') => VariableOperator::Alternative { or_empty },
            Some('?') => VariableOperator::Required { or_empty },
            Some('#' | '%') if !or_empty => VariableOperator::Edit,
            _ => return self.fail(format!("BuildKit has no modifier `{written}` in `${{…}}`"), start),
        };
        let operand = self.at;
        let before = self.walked.unknown;
        let (mut word, _) = self.until(Some('}'), raw)?;
        let operand_unknown = self.walked.unknown;
        self.meet(slot, range, start, operator, operand..self.at - 1);
        let (value, unset) = self.value(name);
        if unset && self.options.skip_unset {
            return Ok(format!("${{{name}{written}{word}}}"));
        }
        let known = value.is_some() || unset;
        let counts_as_unset = unset || (or_empty && value.as_deref() == Some(""));
        match operator {
            VariableOperator::Default { .. } if counts_as_unset => Ok(word),
            VariableOperator::Required { .. } if counts_as_unset => {
                let reason = match (word.is_empty(), unset) {
                    (false, _) => word,
                    (true, true) => "is not allowed to be unset".into(),
                    (true, false) => "is not allowed to be empty".into(),
                };
                self.fail(format!("{name}: {reason}"), start)
            }
            VariableOperator::Default { .. } | VariableOperator::Required { .. } => {
                // The operand does not count.
                self.walked.unknown = before || !known;
                Ok(value.unwrap_or_default())
            }
            VariableOperator::Alternative { .. } => {
                if counts_as_unset || (word.is_empty() && !operand_unknown) {
                    self.walked.unknown = before;
                    return Ok(String::new());
                }
                Ok(word)
            }
            VariableOperator::Edit | VariableOperator::None => {
                if self.walked.unknown {
                    return Ok(String::new());
                }
                let suffix = modifier == Some('%');
                let greedy = word.starts_with(if suffix { '%' } else { '#' });
                if greedy {
                    word.remove(0);
                }
                let value = value.unwrap_or_default();
                let trimmed = if suffix {
                    Pattern::trim_suffix(&word, &value, greedy)
                } else {
                    Pattern::trim_prefix(&word, &value, greedy)
                };
                trimmed.or_else(|message| self.fail(message, start))
            }
        }
    }

    fn replaced(
        &mut self,
        start: usize,
        range: Range<usize>,
        name: &str,
        slot: usize,
    ) -> Result<String, Failure> {
        let operand = self.at;
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let (pattern, _) = self.until(Some('/'), true)?;
        let (replacement, _) = self.until(Some('}'), true)?;
        self.meet(slot, range, start, VariableOperator::Edit, operand..self.at - 1);
        let (value, unset) = self.value(name);
        if unset && self.options.skip_unset {
            return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
        }
        if self.walked.unknown {
            return Ok(String::new());
        }
        match Pattern::new(&pattern, true) {
            Ok(compiled) => Ok(compiled.replace(&value.unwrap_or_default(), &replacement, all)),
            Err(message) => self.fail(message, start),
        }
    }

    /// A name: letters, digits and `_`; or only digits; or one special character.
    fn name(&mut self) -> Range<usize> {
        let start = self.at;
        let digit = |c: char| c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric());
        match self.peek() {
            Some(c) if digit(c) => {
                while self.peek().is_some_and(digit) {
                    self.next();
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => {
                self.next();
            }
            _ => {
                while self.peek().is_some_and(|c| c.is_alphabetic() || digit(c) || c == '_') {
                    self.next();
                }
            }
        }
        start..self.at
    }
}
