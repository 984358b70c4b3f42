//! Words: arguments with their quotes, escapes and variables.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::Heredoc;
use super::lex::{self, Options};
use crate::{Span, Text};

/// An argument.
#[derive(Clone, Debug)]
pub struct Word {
    /// What `BuildKit` takes as the argument: continuations joined, quotes and variables still as written. An element of
    /// a JSON array is unescaped.
    pub text: Text,
    /// Where it stands, with its quotes.
    pub span: Span,
    /// The character that escapes in it; `None` for a word that is taken as it is, without quotes and variables.
    pub escape: Option<char>,
}

/// What is known of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'e> {
    /// It has this value.
    Set(&'e str),
    /// It is not set.
    Unset,
    /// It may be set, to what is not known: a build argument without default, or what the base image sets.
    Unknown,
}

/// The variables in scope at an instruction.
pub trait Env {
    /// What is known of a variable.
    fn get(&self, name: &str) -> Value<'_>;
}

impl Env for HashMap<String, String> {
    fn get(&self, name: &str) -> Value<'_> {
        HashMap::get(self, name).map_or(Value::Unset, |v| Value::Set(v))
    }
}

impl Env for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Value<'_> {
        BTreeMap::get(self, name).map_or(Value::Unset, |v| Value::Set(v))
    }
}

/// What a word comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The value; `None` where a variable decides that is not known.
    pub value: Option<String>,
    /// The variables it names that are not set, in order, each once.
    pub unset: Vec<String>,
}

/// Why a word does not expand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpansionError {
    /// What is wrong.
    pub message: String,
    /// The part of the word it is about.
    pub span: Span,
}

/// A variable in a word.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Text,
    /// From `$` to the end of the name or brace.
    pub span: Span,
    /// What is done with it.
    pub operator: VariableOperator,
    /// What follows the operator, as written; empty without one.
    pub operand: Text,
}

/// What an expansion does with its variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableOperator {
    /// `$name` and `${name}`.
    None,
    /// `-` and `:-`: the operand where it is unset (with a colon, or empty).
    Default {
        /// With a colon.
        or_empty: bool,
    },
    /// `+` and `:+`: the operand where it is set (with a colon, and not empty).
    Alternative {
        /// With a colon.
        or_empty: bool,
    },
    /// `?` and `:?`: an error where it is unset (with a colon, or empty).
    Required {
        /// With a colon.
        or_empty: bool,
    },
    /// `#`, `##`, `%`, `%%`, `/` and `//`.
    Edit,
}

impl Word {
    /// What it comes to with these variables.
    ///
    /// # Errors
    /// Where `BuildKit` refuses the expansion: unbalanced quotes or braces, a modifier it does not have, `?` on a
    /// variable that is not set.
    pub fn expand(&self, env: &dyn Env) -> Result<Expansion, ExpansionError> {
        self.walk(env).map(|w| Expansion { value: (!w.unknown).then_some(w.result), unset: w.unset })
    }

    /// The words it comes to, as `EXPOSE` splits them after expansion; `None` where a variable decides that is not known.
    ///
    /// # Errors
    /// As [`Word::expand`].
    pub fn expand_words(&self, env: &dyn Env) -> Result<Option<Vec<String>>, ExpansionError> {
        if self.escape.is_none() {
            return Ok(Some(vec![self.text.to_string()]));
        }
        let walked = self.walk(env)?;
        Ok((!walked.unknown).then(|| walked.words.into_iter().map(|(word, _)| word).collect()))
    }

    /// Its value where no variable decides it: without quotes and escapes.
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        let Some(escape) = self.escape else { return Some(Cow::Borrowed(&self.text)) };
        if !self.text.contains(['$', '\'', '"', escape, '\u{feff}']) {
            return Some(Cow::Borrowed(&self.text));
        }
        let walked = self.walk(&lex::Unknown).ok()?;
        walked.variables.is_empty().then_some(Cow::Owned(walked.result))
    }

    /// The variables it names, in order, also those in operands.
    pub fn variables(&self) -> Vec<Variable> {
        let Some(escape) = self.escape else { return Vec::new() };
        if !self.text.contains('$') {
            return Vec::new();
        }
        variables(&self.text, Options::new(escape))
    }

    fn walk(&self, env: &dyn Env) -> Result<lex::Walked, ExpansionError> {
        let Some(escape) = self.escape else {
            return Ok(lex::Walked { result: self.text.to_string(), ..lex::Walked::default() });
        };
        lex::walk(&self.text, Options::new(escape), env)
            .map_err(|(message, range)| ExpansionError { message, span: self.text.span_of(range) })
    }
}

/// What any text comes to as a word: its value, the words it splits into, and the variables in it that are not set.
///
/// # Errors
/// As [`Word::expand`]: what is wrong.
pub fn expand(
    text: &str,
    escape: char,
    env: &dyn Env,
) -> Result<(Option<String>, Vec<String>, Vec<String>), String> {
    let walked = lex::walk(text, Options::new(escape), env).map_err(|(message, _)| message)?;
    let words = walked.words.into_iter().map(|(word, _)| word).collect();
    Ok(((!walked.unknown).then_some(walked.result), words, walked.unset))
}

fn variables(text: &Text, options: Options) -> Vec<Variable> {
    let variable = |met: lex::Met| Variable {
        name: text.slice(met.name),
        span: text.span_of(met.whole),
        operator: met.operator,
        operand: text.slice(met.operand),
    };
    lex::variables(text, options).into_iter().map(variable).collect()
}

impl Heredoc {
    /// What the body comes to as `COPY` and `ADD` write it: quotes mean nothing there. The body itself where the
    /// delimiter is quoted.
    ///
    /// # Errors
    /// As [`Word::expand`].
    pub fn expand(&self, env: &dyn Env) -> Result<Expansion, ExpansionError> {
        if !self.expands {
            return Ok(Expansion { value: Some(self.body.to_string()), unset: Vec::new() });
        }
        match lex::walk(&self.body, Self::OPTIONS, env) {
            Ok(w) => Ok(Expansion { value: (!w.unknown).then_some(w.result), unset: w.unset }),
            Err((message, range)) => Err(ExpansionError { message, span: self.body.span_of(range) }),
        }
    }

    /// The variables `BuildKit` puts into the body when `COPY` or `ADD` writes it.
    pub fn variables(&self) -> Vec<Variable> {
        if self.expands { variables(&self.body, Self::OPTIONS) } else { Vec::new() }
    }

    const OPTIONS: Options = Options { skip_quotes: true, ..Options::new('\\') };
}
