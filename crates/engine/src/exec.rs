//! Lines of shell that start a program, and how the program takes the place of the shell.

use std::ops::Range;

use seaworthy_syntax::shell::{self, Command, Connector, Shell};
use seaworthy_syntax::{SourceId, Text};

/// What a line of shell comes to without its shell, or with one that steps aside. Places are bytes of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing but words: the program and its arguments, each with its place.
    Words(Vec<(Range<usize>, String)>),
    /// A line that needs a shell, up to its last command, before which `exec` is missing.
    Script {
        /// From the first command to the end of the last.
        range: Range<usize>,
        /// Where `exec` goes.
        at: usize,
        /// Whether the last command is all there is.
        single: bool,
    },
    /// A shell that is started with a line of its own: `sh -c "…"`.
    Nested {
        /// The shell and its options.
        shell: Vec<String>,
        /// The line as the inner shell gets it.
        line: String,
    },
    /// The last command begins with `exec` already; from the first command to its end.
    Exec(Range<usize>),
    /// The shell has to stay, and why: "it …".
    Stays(&'static str),
}

/// Commands that only the shell has, or that it does itself, so that `exec` cannot start them.
const BUILTINS: [&str; 27] = [
    ".", ":", "alias", "bg", "break", "builtin", "cd", "command", "continue", "declare", "eval", "exit",
    "export", "fg", "jobs", "local", "read", "readonly", "return", "set", "shift", "source", "trap",
    "ulimit", "umask", "unset", "wait",
];

/// The form of a line.
pub(crate) fn form(line: &str) -> Form {
    let text = Text::new(line, SourceId(0), 0);
    let shell = shell::parse_text(&text);
    let last = match last_command(line, &shell) {
        Ok(last) => last,
        Err(why) => return Form::Stays(why),
    };
    let Some(name) = &last.name else { return Form::Stays("it ends in an assignment, not in a program") };
    let start = line.len() - line.trim_start().len();
    let end = last.span.end as usize;
    // A semicolon that closes the command goes with it.
    let closing = line.get(end..).unwrap_or_default().trim_end();
    let closes = closing.trim_matches([' ', '\t', ';']).is_empty();
    let range = start..if closes { end + closing.len() } else { end };
    if name.is("exec") {
        return Form::Exec(range);
    }
    let single = shell.commands.len() == 1;
    if !single && matches!(name.value.as_deref(), Some("tail" | "sleep")) {
        return Form::Stays("its last command only keeps the container alive: what serves runs beside it");
    }
    let words = || std::iter::once(name).chain(&last.args);
    if single && last.redirects.is_empty() && last.assignments.is_empty() {
        if let Some(nested) = nested(last) {
            return nested;
        }
        let plain = |w: &shell::Word| {
            // A tilde at the start of a word is the shell's as well.
            let literal = w.value.as_ref().filter(|_| !w.pattern && !w.text.starts_with('~'))?;
            Some((w.span.range(), literal.to_string()))
        };
        if !is_builtin(name)
            && let Some(words) = words().map(plain).collect::<Option<Vec<_>>>()
        {
            return Form::Words(words);
        }
    }
    if is_builtin(name) {
        return Form::Stays("it ends in a command of the shell's own");
    }
    let arguments = matches!(name.text.trim_matches('"'), "$@" | "${@}");
    if name.value.is_none() && !name.text.contains('/') && !arguments {
        return Form::Stays("a variable names what it runs, which may be a command of the shell's own");
    }
    Form::Script { range, at: name.span.start as usize, single }
}

fn is_builtin(name: &shell::Word) -> bool {
    name.value.as_deref().is_some_and(|n| BUILTINS.contains(&n))
}

/// The command that a line ends with and that may replace the shell without changing what the line does.
pub(crate) fn last_command<'s>(line: &str, shell: &'s Shell) -> Result<&'s Command, &'static str> {
    if !shell.errors.is_empty() {
        return Err("it is not understood");
    }
    let top = || shell.commands.iter().filter(|c| c.context.depth == 0);
    if shell.commands.iter().any(|c| c.context.function) {
        return Err("it defines functions, which `exec` cannot start");
    }
    if shell.commands.iter().any(|c| c.name() == Some("trap")) {
        return Err("it sets traps, which would be gone with the shell");
    }
    let background = |c: &&Command| c.after.is_some_and(|a| a.value == Connector::Background);
    if shell.commands.iter().any(|c| background(&c)) {
        return Err("it runs jobs in the background, whose parent the shell is");
    }
    let last = top().next_back().ok_or("it ends in a loop or a condition")?;
    let end = last.span.end as usize;
    let rest = line.get(end..).unwrap_or_default().lines().enumerate();
    let ends = |(index, line): (usize, &str)| {
        let line = if index == 0 { line.trim_start_matches([' ', '\t', ';']) } else { line.trim_start() };
        line.is_empty() || line.starts_with('#')
    };
    if !rest.clone().all(ends) {
        return Err("it ends in a loop or a condition");
    }
    match last.before {
        Connector::Pipe => return Err("it ends in a pipe, which the shell waits for"),
        Connector::Or => return Err("what runs is decided by `||`, so that either side may be the program"),
        _ => {}
    }
    if last.context.tested {
        return Err("it turns the program's status around");
    }
    Ok(last)
}

/// A shell that is given its line as a word: `sh -c "…"`.
fn nested(command: &Command) -> Option<Form> {
    let (program, rest) = command.name.as_ref().zip(command.args.split_last())?;
    let (line, options) = rest;
    if !is_shell(program.value.as_deref()?) {
        return None;
    }
    let options: Vec<&str> = options.iter().map(|o| o.value.as_deref()).collect::<Option<_>>()?;
    if !runs_line(&options) {
        return None;
    }
    let Some(line) = inner_line(&line.text) else {
        return Some(Form::Stays("two shells read its quotes, each in its own way"));
    };
    let shell = std::iter::once(program.value.as_deref()?).chain(options).map(str::to_owned).collect();
    Some(Form::Nested { shell, line })
}

/// What the inner of two shells reads of a word that the outer has in quotes, with the expansions of both.
fn inner_line(word: &str) -> Option<String> {
    let quote = word.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = word.get(1..)?.strip_suffix(quote)?;
    if quote == '\'' {
        return (!inner.contains('\'')).then(|| inner.to_owned());
    }
    let mut line = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next_if(|c| matches!(c, '"' | '\\' | '$' | '`')) {
                Some(escaped) => line.push(escaped),
                None => line.push('\\'),
            },
            c => line.push(c),
        }
    }
    // The outer shell expands within what are single quotes to the inner one.
    let expands_quoted = line.contains('\'') && inner.contains(['$', '`']);
    (!expands_quoted).then_some(line)
}

/// What stands behind a program that a shell stays with, to pass the stop signal on to it.
const MINDED: &str = " & trap 'kill $!' TERM; wait $!";

/// A line whose shell stays the first process and passes the stop signal on: for a program that would ignore it there.
pub(crate) fn mind(words: &[&str]) -> String {
    words.join(" ") + MINDED
}

/// The command of a line that [`mind`] made.
pub(crate) fn minded(line: &str) -> Option<&str> {
    line.strip_suffix(MINDED)
}

/// Whether a program, by its name or path, is a shell that takes `-c`.
pub(crate) fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next().unwrap_or_default(), "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh")
}

/// Whether the options of a shell end in the one that takes a line: `-c`, `-ec`, `-o pipefail -c`.
pub(crate) fn runs_line(options: &[&str]) -> bool {
    let Some((last, before)) = options.split_last() else { return false };
    let takes_line = |o: &str| o.starts_with('-') && !o.starts_with("--") && o.ends_with('c');
    takes_line(last) && flags(before).is_some_and(|flags| flags.iter().all(|f| !takes_line(f)))
}

/// Whether the options of a shell change nothing for a single command, so that it may as well be started without it.
pub(crate) fn starts_plainly(options: &[&str]) -> bool {
    let plain = |flag: &&str| flag[1..].chars().all(|c| matches!(c, 'c' | 'e' | 'o' | 'u' | 'x'));
    flags(options).is_some_and(|flags| flags.iter().all(plain))
}

/// The options of a shell without the names that follow `-o`; `None` where something else stands among them.
fn flags<'o>(options: &[&'o str]) -> Option<Vec<&'o str>> {
    let mut options = options.iter();
    let mut flags = Vec::new();
    while let Some(option) = options.next() {
        if !option.starts_with(['-', '+']) {
            return None;
        }
        if !option.starts_with("--") && option.ends_with(['o', 'O']) {
            options.next()?;
        }
        flags.push(*option);
    }
    Some(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        match form(line) {
            Form::Words(words) => words.iter().map(|(_, w)| w.as_str()).collect::<Vec<_>>().join("|"),
            Form::Script { range, at, .. } => {
                format!("{}exec {}", &line[range.start..at], &line[at..range.end])
            }
            Form::Nested { shell, line } => format!("{} -> {line}", shell.join(" ")),
            Form::Exec(range) => line[range].into(),
            Form::Stays(why) => format!("({why})"),
        }
    }

    #[test]
    fn forms() {
        for (line, expected) in [
            ("python -m app --name 'my app'", "python|-m|app|--name|my app"),
            ("java -jar /app/*.jar", "exec java -jar /app/*.jar"),
            ("uvicorn app:app --port $PORT", "exec uvicorn app:app --port $PORT"),
            ("~/run --x", "exec ~/run --x"),
            ("A=1 run --x", "A=1 exec run --x"),
            ("run > /dev/null 2>&1", "exec run > /dev/null 2>&1"),
            ("run $(nproc)", "exec run $(nproc)"),
            ("migrate && serve --x", "migrate && exec serve --x"),
            ("rm -f x; serve; ", "rm -f x; exec serve;"),
            ("serve $X # why", "exec serve $X"),
            (
                "cd /app && . venv/bin/activate && python x.py",
                "cd /app && . venv/bin/activate && exec python x.py",
            ),
            ("test -f x || cp y x; serve", "test -f x || cp y x; exec serve"),
            ("echo x | tee y && serve", "echo x | tee y && exec serve"),
            ("export A=1; export B=2; serve $A", "export A=1; export B=2; exec serve $A"),
            ("if test -f x; then y; fi; serve", "if test -f x; then y; fi; exec serve"),
            ("set -e; \"$@\"", "set -e; exec \"$@\""),
            ("${HOME}/bin/start.sh", "exec ${HOME}/bin/start.sh"),
            ("exec serve", "exec serve"),
            ("migrate && exec serve", "migrate && exec serve"),
            ("sh -c \"python -m app --port ${PORT}\"", "sh -c -> python -m app --port ${PORT}"),
            ("/bin/bash -lc 'a && b \"$C\"'", "/bin/bash -lc -> a && b \"$C\""),
            ("sh -c \"a \\\"$B\\\" \\$C\"", "sh -c -> a \"$B\" $C"),
            ("sh -c \"a '$B'\"", "(two shells read its quotes, each in its own way)"),
            ("sh -c \"a\" name", "sh|-c|a|name"),
            ("sh run.sh", "sh|run.sh"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
        for line in [
            "a | b",
            "a || b",
            "a && b || c",
            "a & b",
            "a & wait",
            "trap x TERM; a",
            "while true; do a; done",
            "a; if b; then c; fi",
            "f() { a; }; f",
            "cd /x",
            "$CMD",
            "A=1",
            "! a",
            "{ a; b; }",
            "a && (b)",
            "",
            "(",
            "a; wait",
        ] {
            assert!(matches!(form(line), Form::Stays(_)), "{line}: {}", shown(line));
        }
    }

    #[test]
    fn options_of_shells() {
        for (options, line, plain) in [
            ("-c", true, true),
            ("-ec", true, true),
            ("-o pipefail -c", true, true),
            ("-euo pipefail -c", true, true),
            ("-lc", true, false),
            ("--login -c", true, false),
            ("-c x", false, false),
            ("-l", false, false),
            ("x.sh", false, false),
        ] {
            let options: Vec<&str> = options.split(' ').collect();
            assert_eq!((runs_line(&options), starts_plainly(&options)), (line, plain), "{options:?}");
        }
    }
}
