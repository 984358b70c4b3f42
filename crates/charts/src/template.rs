//! Go's template language: what it says. [`crate::exec`] runs it.

mod lex;
mod parse;

use std::rc::Rc;

use crate::text::{Origin, Text};

pub(crate) use parse::parse;

/// A template and those that it defines.
pub(crate) struct Parsed {
    /// What it says outside of definitions.
    pub(crate) body: Vec<Node>,
    /// The templates it defines, by name, in order.
    pub(crate) defined: Vec<(Rc<str>, Vec<Node>)>,
}

/// A named template.
#[derive(Debug)]
pub(crate) struct Template {
    /// The file it stands in, as Helm calls it.
    pub(crate) file: Rc<str>,
    pub(crate) body: Vec<Node>,
}

/// A piece of a template.
#[derive(Debug)]
pub(crate) enum Node {
    /// What is copied.
    Text(Text),
    /// `{{ … }}`.
    Action(Pipe),
    /// `{{ if }}`.
    If(Branch),
    /// `{{ with }}`.
    With(Branch),
    /// `{{ range }}`.
    Range(Branch),
    /// `{{ template }}`, and what `{{ block }}` comes to.
    Template { name: Rc<str>, pipe: Option<Pipe>, at: Place },
    /// `{{ break }}`.
    Break,
    /// `{{ continue }}`.
    Continue,
}

/// A condition and what depends on it.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) then: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

/// Where an action stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) line: u32,
}

/// A pipeline.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// The variables it sets.
    pub(crate) variables: Vec<Rc<str>>,
    /// Whether they exist already.
    pub(crate) assigns: bool,
    /// Each a list of operands.
    pub(crate) commands: Vec<Vec<Operand>>,
    /// All of the action.
    pub(crate) at: Place,
}

/// An operand of a command.
#[derive(Debug)]
pub(crate) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Int(i64, Origin),
    Float(f64, Origin),
    Str(Rc<Text>),
    /// `.A.B`.
    Field(Vec<Rc<str>>),
    /// `$x.A`.
    Variable(Rc<str>, Vec<Rc<str>>),
    /// A function's name.
    Function(Rc<str>),
    /// `( … )`.
    Pipe(Box<Pipe>),
    /// `( … ).A`.
    Chain(Box<Operand>, Vec<Rc<str>>),
}

/// A number in Go's notation.
pub(crate) enum Number {
    Int(i64),
    Float,
}

/// Reads a number in Go's notation.
pub(crate) fn number(text: &str) -> Option<Number> {
    match lex::number(text)? {
        lex::Kind::Int(value) => Some(Number::Int(value)),
        lex::Kind::Float(_) => Some(Number::Float),
        _ => None,
    }
}
