//! Shell scripts in Dockerfiles: the commands they run, with spans into the file.

use crate::dockerfile::Script;
use crate::{Span, Spanned, Text};

/// A parsed script.
#[derive(Debug, Default)]
pub struct Shell {
    /// Every simple command in the order of the text, those in compound commands, substitutions and functions too.
    pub commands: Vec<Command>,
    /// What no shell reads. The commands before and after it are kept where they could be told.
    pub errors: Vec<Spanned<String>>,
}

/// A simple command: assignments, a name, arguments and redirections.
#[derive(Debug)]
pub struct Command {
    /// The name and what it comes to; `None` where there are only assignments or redirections.
    pub name: Option<Word>,
    /// The arguments.
    pub args: Vec<Word>,
    /// `NAME=value` before the name; also those of `export`, `local`, `readonly` and `declare`.
    pub assignments: Vec<Assignment>,
    /// Its redirections.
    pub redirects: Vec<Redirect>,
    /// From its first assignment or its name to its last argument or redirection.
    pub span: Span,
    /// What comes before it on its own level.
    pub before: Connector,
    /// What comes after it on its own level, with its place.
    pub after: Option<Spanned<Connector>>,
    /// Where it stands.
    pub context: Context,
}

/// What stands between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// Nothing: the first or last of its level.
    None,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `;`.
    Semicolon,
    /// A line end.
    Newline,
    /// `|` or `|&`.
    Pipe,
    /// `&`.
    Background,
}

/// Where a command stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The number of compound commands, subshells and substitutions around it.
    pub depth: u16,
    /// Within `( … )`, a pipe, `$( … )` or another process: `cd` and variables do not last.
    pub subshell: bool,
    /// Within `$( … )`, backticks or `<( … )`.
    pub substitution: bool,
    /// Within `for`, `while` or `until`.
    pub in_loop: bool,
    /// Within `if` or `case`, or behind `&&` or `||`: it may not run.
    pub conditional: bool,
    /// Its failure decides something: the condition of `if` or `while`, before `&&` or `||`, or behind `!`.
    pub tested: bool,
    /// Within the body of a function.
    pub function: bool,
}

/// A word of the shell.
#[derive(Clone, Debug)]
pub struct Word {
    /// As written, continuations joined.
    pub text: Text,
    /// What it comes to where nothing but quotes decides; `None` with variables, substitutions or patterns.
    pub value: Option<Box<str>>,
    /// Where it stands.
    pub span: Span,
    /// The names of the variables in it, in order.
    pub variables: Vec<Spanned<Box<str>>>,
}

/// `NAME=value`.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The variable.
    pub name: Text,
    /// The value; `None` for an array or a bare `export NAME`.
    pub value: Option<Word>,
    /// The whole assignment.
    pub span: Span,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// `<`, `>`, `>>`, `<<`, `>&` and so on.
    pub operator: Text,
    /// The number before it.
    pub descriptor: Option<u32>,
    /// The file, the descriptor, or a heredoc's delimiter.
    pub target: Option<Word>,
    /// The whole redirection without a heredoc's body.
    pub span: Span,
}

/// Parses a script as `sh` and bash read it.
///
/// Only for scripts a Unix shell runs; do not ask for one whose `SHELL` is PowerShell or `cmd`.
pub fn parse(_script: &Script) -> Shell {
    Shell::default()
}
