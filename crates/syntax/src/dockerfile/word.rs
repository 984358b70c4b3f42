//! Words: arguments with their quotes, escapes and variables.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

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

impl<S: BuildHasher> Env for HashMap<String, String, S> {
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
    /// The words the value splits into, which is what counts for `EXPOSE`; none where the value is not known.
    pub words: Vec<String>,
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
        self.walk(env).map(Expansion::from)
    }

    /// Its value where no variable decides it: without quotes and escapes.
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        if self.is_plain() {
            return Some(Cow::Borrowed(&self.text));
        }
        let walked = self.walk(&lex::Unknown).ok()?;
        walked.variables.is_empty().then_some(Cow::Owned(walked.result))
    }

    /// Whether it is taken as it is written: nothing in it is a quote, an escape or a variable.
    pub fn is_plain(&self) -> bool {
        self.escape.is_none_or(|escape| !self.text.contains(['$', '\'', '"', escape, '\u{feff}']))
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
            let words = vec![(self.text.to_string(), 0..self.text.len())];
            return Ok(lex::Walked { result: self.text.to_string(), words, ..lex::Walked::default() });
        };
        lex::walk(&self.text, Options::new(escape), env)
            .map_err(|(message, range)| ExpansionError { message, span: self.text.span_of(range) })
    }
}

/// What any text comes to as a word.
///
/// # Errors
/// As [`Word::expand`]: what is wrong.
pub fn expand(text: &str, escape: char, env: &dyn Env) -> Result<Expansion, String> {
    lex::walk(text, Options::new(escape), env).map(Expansion::from).map_err(|(message, _)| message)
}

impl From<lex::Walked> for Expansion {
    fn from(walked: lex::Walked) -> Self {
        if walked.unknown {
            return Self { value: None, words: Vec::new(), unset: walked.unset };
        }
        let words = walked.words.into_iter().map(|(word, _)| word).collect();
        Self { value: Some(walked.result), words, unset: walked.unset }
    }
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
            return Ok(Expansion { value: Some(self.body.to_string()), ..Expansion::default() });
        }
        match lex::walk(&self.body, Self::OPTIONS, env) {
            Ok(walked) => Ok(walked.into()),
            Err((message, range)) => Err(ExpansionError { message, span: self.body.span_of(range) }),
        }
    }

    /// The variables `BuildKit` puts into the body when `COPY` or `ADD` writes it.
    pub fn variables(&self) -> Vec<Variable> {
        if self.expands { variables(&self.body, Self::OPTIONS) } else { Vec::new() }
    }

    const OPTIONS: Options = Options { skip_quotes: true, ..Options::new('\\') };
}
