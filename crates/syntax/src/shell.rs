//! Shell scripts in Dockerfiles: the commands they run, with spans into the file.
//!
//! The grammar is `shuck-parser`'s. What rules need of it is flat: every simple command with what surrounds it.

mod walk;

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
#[expect(clippy::struct_excessive_bools, reason = "each is a place of its own and they combine freely")]
pub struct Context {
    /// The number of compound commands, subshells and substitutions around it.
    pub depth: u16,
    /// Within `( … )`, a pipe, `$( … )` or another process: `cd` and variables do not last.
    pub subshell: bool,
    /// Within `$( … )`, backticks or `<( … )`.
    pub substitution: bool,
    /// Within `for`, `while`, `until` or `select`.
    pub in_loop: bool,
    /// Within a branch of `if` or `case`, or behind `||`: it may not run although all before it succeeded.
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
    /// What it comes to where nothing but quotes and escapes decides; `None` with variables, substitutions or braces. A
    /// pattern stays as it is.
    pub value: Option<Box<str>>,
    /// Whether it has `*`, `?` or `[` outside quotes.
    pub pattern: bool,
    /// Where it stands.
    pub span: Span,
    /// The names of the variables in it, in order, each with the place of its expansion.
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
    pub operator: &'static str,
    /// The number before it.
    pub descriptor: Option<u32>,
    /// The file, the descriptor, or a heredoc's delimiter.
    pub target: Option<Word>,
    /// The whole redirection without a heredoc's body.
    pub span: Span,
}

/// What runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpreter {
    /// `sh`, bash and the like, which [`parse`] reads.
    Posix,
    /// PowerShell.
    PowerShell,
    /// The command prompt of Windows.
    Cmd,
    /// Anything else, a Python for example.
    Other,
}

impl Interpreter {
    /// The interpreter that a program is, given by its path or name: the first word of `SHELL` or of a `#!` line.
    pub fn of(program: &str) -> Self {
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        match name.strip_suffix(".exe").unwrap_or(&name) {
            "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh" | "busybox" => Self::Posix,
            "powershell" | "pwsh" => Self::PowerShell,
            "cmd" => Self::Cmd,
            _ => Self::Other,
        }
    }

    /// The interpreter of a script: that of its `#!` line where it is a heredoc with one, else that of `SHELL`.
    pub fn of_script(script: &Script, shell: Self) -> Self {
        let Some(line) = script.text.strip_prefix("#!").filter(|_| script.heredoc) else { return shell };
        let mut words = line.lines().next().unwrap_or_default().split_whitespace();
        let program = words.next().unwrap_or_default();
        if program.rsplit('/').next() != Some("env") {
            return Self::of(program);
        }
        words.find(|w| !w.starts_with('-') && !w.contains('=')).map_or(Self::Other, Self::of)
    }
}

impl Word {
    /// Whether it comes to this text.
    pub fn is(&self, text: &str) -> bool {
        self.value.as_deref() == Some(text)
    }
}

impl Command {
    /// What its name comes to.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref()?.value.as_deref()
    }

    /// The first argument that is no option.
    pub fn subcommand(&self) -> Option<&Word> {
        self.args.iter().find(|w| !w.text.starts_with('-'))
    }

    /// Whether one of these options is among the arguments, `-y` also within `-qy`. Arguments behind `--` do not count.
    pub fn has_option(&self, options: &[&str]) -> bool {
        self.args.iter().map_while(|w| (!w.is("--")).then_some(w.value.as_deref()?)).any(|argument| {
            options.iter().any(|option| match option.strip_prefix('-') {
                Some(letter) if letter.chars().count() == 1 => argument
                    .strip_prefix('-')
                    .is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter)),
                _ => argument == *option || argument.strip_prefix(option).is_some_and(|r| r.starts_with('=')),
            })
        })
    }
}

/// Parses a script as bash reads it, which is more than `sh` reads.
///
/// Only for scripts a Unix shell runs: ask [`Interpreter`] first. The depth is bounded; what lies deeper is an error.
pub fn parse(script: &Script) -> Shell {
    walk::parse(&script.text)
}

/// Parses the text of a script that stands elsewhere: in an element of an array, in a heredoc, in a file.
pub fn parse_text(text: &Text) -> Shell {
    walk::parse(text)
}

#[cfg(test)]
mod tests;
