//! What a line of shell needs a shell for.

use seaworthy_syntax::dockerfile::Script;
use seaworthy_syntax::shell::{self, Connector};

/// What a command in shell form comes to without its shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing but words: the program and its arguments.
    Words(Vec<String>),
    /// One command whose words hold variables.
    Variables,
    /// One command that begins with `exec`.
    Exec,
    /// More than one command, a redirection, a pattern, or what cannot be told.
    Script,
}

/// Programs that only the shell has, so that they cannot be started without it.
const BUILTINS: [&str; 18] = [
    ".", ":", "alias", "cd", "eval", "exit", "export", "if", "read", "set", "shift", "source", "trap",
    "ulimit", "umask", "unset", "wait", "while",
];

/// The form of a script.
pub(crate) fn form(script: &Script) -> Form {
    let shell = shell::parse(script);
    let [command] = shell.commands.as_slice() else { return Form::Script };
    let alone = command.before == Connector::None && command.after.is_none() && command.context.depth == 0;
    if !alone || !shell.errors.is_empty() || !command.redirects.is_empty() || !command.assignments.is_empty()
    {
        return Form::Script;
    }
    let Some(name) = command.name.as_ref() else { return Form::Script };
    if name.is("exec") {
        return Form::Exec;
    }
    if name.value.as_deref().is_none_or(|n| BUILTINS.contains(&n)) {
        return Form::Script;
    }
    let words = || std::iter::once(name).chain(&command.args);
    // A tilde at the start of a word is the shell's as well.
    if words().any(|w| w.text.starts_with('~')) {
        return Form::Script;
    }
    if let Some(values) =
        words().map(|w| w.value.as_ref().map(ToString::to_string)).collect::<Option<Vec<_>>>()
    {
        return Form::Words(values);
    }
    let plain =
        |w: &shell::Word| w.value.is_some() || (!w.variables.is_empty() && !has_more_than_variables(&w.text));
    if words().all(plain) { Form::Variables } else { Form::Script }
}

/// Whether a word holds a substitution or a pattern besides variables.
fn has_more_than_variables(word: &str) -> bool {
    word.contains("$(") || word.contains(['`', '*', '?', '[']) && !word.contains(":?")
}

/// Whether some command of a line begins with `exec`, or a program takes its place in another way.
pub(crate) fn has_exec(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || ";&|(){}".contains(c))
        .any(|word| matches!(word, "exec" | "tini" | "dumb-init" | "su-exec" | "gosu" | "s6-svscan"))
}

/// Whether a line is one command, so that `exec` before it replaces the shell by it.
pub(crate) fn is_simple(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    !line.contains([';', '&', '|', '\n', '`', '<', '>', '(', ')'])
        && !first.is_empty()
        && !BUILTINS.contains(&first)
        && !first.contains('=')
}
