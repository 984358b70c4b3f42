//! Changes to a Dockerfile that touch nothing else: in the file's own line ends, indentation, keyword case and escape
//! character. A change that would lose a comment, or that would not do what it says, is `None`.

mod exec;

pub use exec::{exec_script, exec_words};

use super::{Command, Dockerfile, Instruction, Keyword, Script, Word};
use crate::shell::{self, Connector, Shell};
use crate::text::Builder;
use crate::{Edit, Span};

/// An instruction to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// The instruction.
    pub keyword: Keyword,
    /// Its flags and arguments as they are written. A line end in them is continued.
    pub arguments: String,
}

impl New {
    /// An instruction with its arguments.
    #[expect(
        clippy::self_named_constructors,
        reason = "the type is named for what it is, and this makes one"
    )]
    pub fn new(keyword: Keyword, arguments: impl Into<String>) -> Self {
        Self { keyword, arguments: arguments.into() }
    }
}

/// The line end of a file: that of its first line.
pub fn line_end(file: &Dockerfile) -> &'static str {
    match memchr::memchr(b'\n', file.text.as_bytes()) {
        Some(at) if file.text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// A keyword in the case most of the file's are in.
pub fn keyword(file: &Dockerfile, keyword: Keyword) -> String {
    if has_lower_keywords(file) { keyword.as_str().to_ascii_lowercase() } else { keyword.as_str().into() }
}

/// Whether most keywords of a file are in lower case.
pub fn has_lower_keywords(file: &Dockerfile) -> bool {
    let lower = file
        .instructions
        .iter()
        .filter(|i| i.keyword.span.of(&file.text).starts_with(|c: char| c.is_ascii_lowercase()))
        .count();
    lower * 2 > file.instructions.len()
}

/// Inserts instructions on lines of their own behind an instruction and its heredocs.
pub fn insert_after(file: &Dockerfile, instruction: &Instruction, new: &[New]) -> Edit {
    let end = instruction.lines.end as usize;
    let lines = written(file, instruction, new);
    let eol = line_end(file);
    let insertion = if file.text[..end].ends_with('\n') {
        lines.iter().flat_map(|l| [l, eol]).collect::<String>()
    } else {
        lines.iter().flat_map(|l| [eol, l]).collect()
    };
    let Some(escape) = dangling(file, instruction) else {
        return Edit { span: Span::new(file.source, end, end), text: insertion };
    };
    // The instruction goes on to the end of the file: it has to end before what is new.
    let rest = &file.text[escape + file.escape.len_utf8()..end];
    Edit { span: Span::new(file.source, escape, end), text: format!("{rest}{insertion}") }
}

/// Inserts instructions on lines of their own before an instruction and the comments right above it.
pub fn insert_before(file: &Dockerfile, instruction: &Instruction, new: &[New]) -> Edit {
    let mut at = instruction.lines.start as usize;
    let first = file.instructions.first().is_some_and(|i| i.lines == instruction.lines);
    let above = file.comments.partition_point(|c| (c.start as usize) < at);
    // What stands above the first instruction is about the file.
    for comment in file.comments[..if first { 0 } else { above }].iter().rev() {
        let start = line_start(file, comment.start as usize);
        let between = &file.text[comment.end as usize..at];
        let own = file.text[start..comment.start as usize].trim().is_empty();
        let inside = file.instructions.iter().any(|i| i.lines.contains(*comment));
        if !own || inside || between.matches('\n').count() != 1 || !between.trim().is_empty() {
            break;
        }
        at = start;
    }
    let eol = line_end(file);
    let text = written(file, instruction, new).iter().flat_map(|l| [l, eol]).collect();
    Edit { span: Span::new(file.source, at, at), text }
}

/// Removes an instruction with its lines. Comments within it stay, and of two blank lines that would meet one goes.
pub fn remove(file: &Dockerfile, instruction: &Instruction) -> Edit {
    let text = &file.text;
    let (mut start, mut end) = (instruction.lines.start as usize, instruction.lines.end as usize);
    let within = instruction.lines;
    let comments: Vec<&str> = file
        .comments
        .iter()
        .filter(|c| within.contains(**c))
        .map(|c| &text[line_start(file, c.start as usize)..c.end as usize])
        .collect();
    if !comments.is_empty() {
        let mut kept = comments.join(line_end(file));
        if text[..end].ends_with('\n') {
            kept.push_str(line_end(file));
        }
        return Edit { span: Span::new(file.source, start, end), text: kept };
    }
    let blank_before = start == 0 || previous_line(text, start).trim().is_empty();
    let next = text[end..].split_inclusive('\n').next().unwrap_or_default();
    if blank_before && next.trim().is_empty() && next.ends_with('\n') {
        end += next.len();
    } else if end == text.len() {
        if blank_before && start > 0 {
            start -= previous_line(text, start).len();
        }
        if !text.ends_with('\n') {
            // The file had no final line end and gets none.
            start = text[..start].trim_end_matches(['\n', '\r']).len();
        }
    }
    Edit { span: Span::new(file.source, start, end), text: String::new() }
}

/// Replaces a word by a text as it is to be written; an element of a JSON array by its value.
pub fn replace(file: &Dockerfile, word: &Word, text: &str) -> Option<Edit> {
    let written = word.span.of(&file.text);
    if written.contains('\n') {
        return None;
    }
    let json = written.len() >= 2 && word.span.start < word.text.offset(0) as u32 && written.starts_with('"');
    Some(Edit { span: word.span, text: if json { json_string(text) } else { text.into() } })
}

/// Gives a flag this value: replaces the one it has, or adds the flag behind the others.
pub fn set_flag(
    file: &Dockerfile,
    instruction: &Instruction,
    name: &str,
    value: Option<&str>,
) -> Option<Edit> {
    let written = match value {
        Some(value) => format!("--{name}={}", quoted(value, file.escape)),
        None => format!("--{name}"),
    };
    match instruction.flag(name) {
        Some(flag) if flag.span.of(&file.text).contains('\n') => None,
        Some(flag) => Some(Edit { span: flag.span, text: written }),
        None => Some(add_flag(instruction, &written)),
    }
}

/// Adds a flag, written with its dashes, behind those there are.
pub fn add_flag(instruction: &Instruction, flag: &str) -> Edit {
    let at = instruction.flags.last().map_or(instruction.keyword.span.end, |f| f.span.end);
    Edit { span: Span { start: at, end: at, ..instruction.keyword.span }, text: format!(" {flag}") }
}

/// Removes a word, flag or option with the space before it on its line.
pub fn remove_word(file: &Dockerfile, span: Span) -> Option<Edit> {
    if span.of(&file.text).contains('\n') {
        return None;
    }
    let start = file.text[..span.start as usize].trim_end_matches([' ', '\t']).len();
    Some(Edit { span: Span { start: start as u32, ..span }, text: String::new() })
}

/// Inserts a text behind a word, with a space between.
pub fn insert_behind(span: Span, text: &str) -> Edit {
    Edit { span: Span { start: span.end, ..span }, text: format!(" {text}") }
}

/// Whether a comment stands within a place, which replacing it would lose.
pub fn has_comment(file: &Dockerfile, span: Span) -> bool {
    let first = file.comments.partition_point(|c| c.start < span.start);
    file.comments.get(first).is_some_and(|c| span.contains(*c))
}

/// Appends a command to a shell script, so that it runs when all before it succeeded: joined by `&&`, `;` or on a line of
/// its own, as the script does it. `shell` is what the script parses to.
pub fn append_command(
    file: &Dockerfile,
    instruction: &Instruction,
    shell: &Shell,
    command: &str,
) -> Option<Edit> {
    let Some(Command::Shell(script)) = instruction.command() else { return None };
    let eol = line_end(file);
    if script.heredoc {
        let heredoc = instruction.heredocs.first().filter(|h| !h.terminator.of(&file.text).is_empty())?;
        let body = heredoc.body_span.of(&file.text);
        let last = body.lines().last().unwrap_or_default();
        let indent = &last[..last.len() - last.trim_start().len()];
        verify(script, shell, &format!("{command}\n"))?;
        let end = heredoc.body_span.end as usize;
        return Some(Edit {
            span: Span::new(file.source, end, end),
            text: format!("{indent}{command}{eol}"),
        });
    }
    if !instruction.heredocs.is_empty() || dangling(file, instruction).is_some() {
        return None;
    }
    let written = script.span.of(&file.text);
    let joined = script.text.trim_end();
    let plain: Vec<&str> = written.lines().filter(|l| !l.trim_start().starts_with('#')).collect();
    let (connector, text) = if let [.., before, last] = plain[..] {
        let escape = file.escape;
        let indent = &last[..last.len() - last.trim_start().len()];
        let open = before.trim_end().trim_end_matches(escape).trim_end();
        if last.trim_start().starts_with("&&") {
            (" && ", format!(" {escape}{eol}{indent}&& {command}"))
        } else if joined.ends_with(';') {
            (" ", format!(" {escape}{eol}{indent}{command}"))
        } else if open.ends_with(';') {
            ("; ", format!("; {escape}{eol}{indent}{command}"))
        } else if open.ends_with("&&") {
            (" && ", format!(" && {escape}{eol}{indent}{command}"))
        } else {
            (" && ", format!(" {escape}{eol}{indent}&& {command}"))
        }
    } else if joined.ends_with(';') {
        (" ", format!(" {command}"))
    } else {
        (" && ", format!(" && {command}"))
    };
    verify(script, shell, &format!("{connector}{command}"))?;
    let end = script.span.end as usize;
    Some(Edit { span: Span::new(file.source, end, end), text })
}

/// Removes a command from a chain of `&&`, `;` or lines, with what connects it. `None` where it is the only one, where it
/// is no link of a chain, or where a comment would be lost.
pub fn remove_command(file: &Dockerfile, shell: &Shell, command: &shell::Command) -> Option<Edit> {
    let linked = |c: Connector| matches!(c, Connector::And | Connector::Semicolon | Connector::Newline);
    if command.context.depth > 0 || command.context.conditional || !shell.errors.is_empty() {
        return None;
    }
    let at = shell.commands.iter().position(|c| c.span == command.span)?;
    let next = shell.commands.get(at + 1).filter(|c| c.context.depth == 0);
    let before = at.checked_sub(1).and_then(|at| shell.commands.get(at)).filter(|c| c.context.depth == 0);
    let after = command.after.as_ref().map_or(Connector::None, |after| after.value);
    let chained = linked(after) || after == Connector::None;
    let span = match (before.and_then(|c| c.after.as_ref()), next) {
        // What stands between belongs to the two alone.
        (Some(between), _) if chained && between.value == command.before && linked(between.value) => {
            let mut head = match between.value {
                Connector::Newline => file.text[..command.span.start as usize].trim_end(),
                _ => file.text[..between.span.start as usize].trim_end_matches([' ', '\t']),
            };
            while let Some(rest) = head.trim_end_matches(['\r', '\n']).strip_suffix(file.escape) {
                if rest.len() + file.escape.len_utf8() == head.len() {
                    break;
                }
                head = rest.trim_end_matches([' ', '\t']);
            }
            Span { start: head.len() as u32, ..command.span }
        }
        (None, Some(next)) if at == 0 && command.before == Connector::None && linked(after) => {
            Span { end: next.span.start, ..command.span }
        }
        _ => return None,
    };
    (!has_comment(file, span)).then(|| Edit { span, text: String::new() })
}

/// A value in double quotes where it needs them, for a flag or an argument.
pub fn quoted(value: &str, escape: char) -> String {
    if !value.is_empty()
        && !value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'') || c == escape)
    {
        return value.into();
    }
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        if c == '"' || c == escape {
            out.push(escape);
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A string as JSON.
pub fn json_string(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether the script with a suffix has the commands it had, and more: not where the suffix falls into a comment.
fn verify(script: &Script, before: &Shell, suffix: &str) -> Option<()> {
    if !before.errors.is_empty() {
        return None;
    }
    let mut builder = Builder::new(script.text.source(), script.text.offset(0));
    builder.push_text(&script.text, 0..script.text.len());
    builder.push(suffix, script.text.offset(script.text.len()));
    let after = shell::parse(&Script { text: builder.finish(), ..script.clone() });
    (after.errors.is_empty() && after.commands.len() > before.commands.len()).then_some(())
}

fn written(file: &Dockerfile, beside: &Instruction, new: &[New]) -> Vec<String> {
    let start = beside.onbuild.unwrap_or(beside.keyword.span).start as usize;
    let indent = &file.text[line_start(file, start)..start];
    let indent = if indent.trim_start_matches('\u{feff}').trim().is_empty() { indent } else { "" };
    let indent = indent.trim_start_matches('\u{feff}');
    let continued = format!(" {}{}{indent}    ", file.escape, line_end(file));
    new.iter()
        .map(|n| format!("{indent}{} {}", keyword(file, n.keyword), n.arguments.replace('\n', &continued)))
        .collect()
}

/// Where the escape character stands that continues an instruction into the end of the file.
fn dangling(file: &Dockerfile, instruction: &Instruction) -> Option<usize> {
    if !instruction.heredocs.is_empty() || (instruction.lines.end as usize) < file.text.len() {
        return None;
    }
    let mut at = instruction.lines.start as usize;
    let mut last = None;
    for line in instruction.lines.of(&file.text).split_inclusive('\n') {
        let content = line.trim();
        if !content.is_empty() && !content.starts_with('#') {
            let line = line.trim_end_matches(['\n', '\r']).trim_end_matches([' ', '\t']);
            let bare = line.strip_suffix(file.escape);
            last = bare.filter(|b| !b.ends_with(file.escape)).map(|b| at + b.len());
        }
        at += line.len();
    }
    last
}

fn line_start(file: &Dockerfile, at: usize) -> usize {
    file.text[..at].rfind('\n').map_or(0, |n| n + 1)
}

/// The line that ends at `at`, with its end.
fn previous_line(text: &str, at: usize) -> &str {
    let before = &text[..at];
    let body = before.strip_suffix('\n').unwrap_or(before);
    &before[body.rfind('\n').map_or(0, |n| n + 1)..]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{SourceId, apply};

    fn edited(text: &str, edit: impl Fn(&Dockerfile) -> Option<Edit>) -> Option<String> {
        let text: Arc<str> = text.into();
        let file = Dockerfile::parse(SourceId(0), &text);
        let out = apply(&text, &[edit(&file)?]).unwrap();
        let again = Dockerfile::parse(SourceId(0), &out.as_str().into());
        assert!(again.errors.len() <= file.errors.len(), "{out}: {:?}", again.errors);
        assert!(again.comments.len() >= file.comments.len(), "{out}");
        Some(out)
    }

    fn user() -> Vec<New> {
        vec![New::new(Keyword::User, "app")]
    }

    #[test]
    fn instructions_go_behind_and_before() {
        let cases = [
            ("FROM a\nCMD b\n", "FROM a\nUSER app\nCMD b\n"),
            ("from a\r\ncmd b\r\n", "from a\r\nuser app\r\ncmd b\r\n"),
            ("FROM a", "FROM a\nUSER app"),
            ("FROM a \\\n  as b\n# c\nCMD d", "FROM a \\\n  as b\nUSER app\n# c\nCMD d"),
            ("FROM a \\\n", "FROM a \nUSER app\n"),
            ("FROM a\\\n# c\n", "FROM a\n# c\nUSER app\n"),
        ];
        for (before, after) in cases {
            let out = edited(before, |f| Some(insert_after(f, &f.instructions[0], &user())));
            assert_eq!(out.as_deref(), Some(after));
        }
        let cases = [
            ("FROM a\n\n# why\nCMD b\n", "FROM a\n\nUSER app\n# why\nCMD b\n"),
            ("FROM a\n# x\n\n  # y\n  CMD b", "FROM a\n# x\n\n  USER app\n  # y\n  CMD b"),
            ("FROM a\nRUN x \\\n# in\n\nCMD b", "FROM a\nUSER app\nRUN x \\\n# in\n\nCMD b"),
        ];
        for (before, after) in cases {
            let out = edited(before, |f| Some(insert_before(f, &f.instructions[1], &user())));
            assert_eq!(out.as_deref(), Some(after));
        }
        let args = [New::new(Keyword::Arg, "A=1")];
        let out =
            edited("# syntax=x\n# licence\nFROM a\n", |f| Some(insert_before(f, &f.instructions[0], &args)));
        assert_eq!(out.as_deref(), Some("# syntax=x\n# licence\nARG A=1\nFROM a\n"));
        let out = edited("\u{feff}FROM a\n", |f| Some(insert_before(f, &f.instructions[0], &args)));
        assert_eq!(out.as_deref(), Some("\u{feff}ARG A=1\nFROM a\n"));
        let heredoc = "FROM a\nRUN <<E\nx\nE\nCMD b\n";
        let out = edited(heredoc, |f| Some(insert_after(f, &f.instructions[1], &user())));
        assert_eq!(out.as_deref(), Some("FROM a\nRUN <<E\nx\nE\nUSER app\nCMD b\n"));
        let health = [New::new(Keyword::Healthcheck, "--interval=30s\nCMD true")];
        let out = edited("# escape=`\nFROM a\n", |f| Some(insert_after(f, &f.instructions[0], &health)));
        assert_eq!(out.as_deref(), Some("# escape=`\nFROM a\nHEALTHCHECK --interval=30s `\n    CMD true\n"));
    }

    #[test]
    fn instructions_go_away() {
        let cases = [
            ("FROM a\nUSER b\nCMD c\n", "FROM a\nCMD c\n"),
            ("FROM a\n\nUSER b\n\nCMD c\n", "FROM a\n\nCMD c\n"),
            ("FROM a\nUSER b", "FROM a"),
            ("FROM a\r\n\r\nUSER b\r\n", "FROM a\r\n"),
            ("FROM a\nENV b=1 \\\n    # why\n    c=2\nCMD d\n", "FROM a\n    # why\nCMD d\n"),
        ];
        for (before, after) in cases {
            assert_eq!(edited(before, |f| Some(remove(f, &f.instructions[1]))).as_deref(), Some(after));
        }
    }

    #[test]
    fn words_and_flags_change() {
        let out = edited("FROM --platform=x a:1 AS b\n", |f| replace(f, f.stages().next()?.image, "a:2"));
        assert_eq!(out.as_deref(), Some("FROM --platform=x a:2 AS b\n"));
        let out = edited("FROM a\nCMD [\"x\", \"y\\\\z\"]\n", |f| {
            let words = f.instructions[1].words();
            replace(f, words[1], "q\"")
        });
        assert_eq!(out.as_deref(), Some("FROM a\nCMD [\"x\", \"q\\\"\"]\n"));
        let set = |f: &Dockerfile| set_flag(f, &f.instructions[1], "chown", Some("1:1"));
        let cases = [
            ("FROM a\nCOPY b c\n", "FROM a\nCOPY --chown=1:1 b c\n"),
            ("FROM a\nCOPY --from=x b c\n", "FROM a\nCOPY --from=x --chown=1:1 b c\n"),
            ("FROM a\nCOPY --chown=\"2\" \\\n  b c\n", "FROM a\nCOPY --chown=1:1 \\\n  b c\n"),
            ("FROM a\nONBUILD COPY b c\n", "FROM a\nONBUILD COPY --chown=1:1 b c\n"),
        ];
        for (before, after) in cases {
            assert_eq!(edited(before, set).as_deref(), Some(after));
        }
    }

    #[test]
    fn commands_grow() {
        let append = |f: &Dockerfile| {
            let run = &f.instructions[1];
            let Some(Command::Shell(script)) = run.command() else { return None };
            append_command(f, run, &shell::parse(script), "rm -rf /x")
        };
        let cases = [
            ("RUN a", Some("RUN a && rm -rf /x")),
            ("RUN a;\n", Some("RUN a; rm -rf /x\n")),
            ("RUN a \\\n && b\n", Some("RUN a \\\n && b \\\n && rm -rf /x\n")),
            ("RUN set -e; \\\n  a; \\\n  b\n", Some("RUN set -e; \\\n  a; \\\n  b; \\\n  rm -rf /x\n")),
            ("RUN a && \\\r\n\tb\r\n", Some("RUN a && \\\r\n\tb && \\\r\n\trm -rf /x\r\n")),
            ("RUN <<E\na\nE\n", Some("RUN <<E\na\nrm -rf /x\nE\n")),
            ("RUN <<-E\n\ta\n\tE\n", Some("RUN <<-E\n\ta\n\trm -rf /x\n\tE\n")),
            ("RUN a # b", None),
            ("RUN [\"a\"]", None),
            ("RUN cat <<E\na\nE\n", None),
        ];
        for (before, after) in cases {
            let out = edited(
                &format!("FROM a\r\n{before}")
                    .replace("FROM a\r\n", if before.contains('\r') { "FROM a\r\n" } else { "FROM a\n" }),
                append,
            );
            let out = out.map(|o| o.trim_start_matches("FROM a").trim_start().to_owned());
            assert_eq!(out.as_deref(), after, "{before}");
        }
    }
    #[test]
    fn a_command_goes_with_what_connects_it() {
        let remove = |f: &Dockerfile| {
            let run = f.instructions.first()?;
            let Some(Command::Shell(script)) = run.command() else { return None };
            let shell = shell::parse(script);
            let x = shell.commands.iter().find(|c| c.name() == Some("x"))?;
            remove_command(f, &shell, x)
        };
        let cases = [
            ("RUN a && x 1", Some("RUN a")),
            ("RUN x 1 && a", Some("RUN a")),
            ("RUN a && x && b", Some("RUN a && b")),
            ("RUN a \\\n && x y \\\n && b\n", Some("RUN a \\\n && b\n")),
            ("RUN a; \\\n  x; \\\n  b\n", Some("RUN a; \\\n  b\n")),
            ("RUN <<E\na\nx\nb\nE\n", Some("RUN <<E\na\nb\nE\n")),
            ("RUN a && \\\n  # why\n  x && b\n", None),
            ("RUN a || x", None),
            ("RUN a | x", None),
            ("RUN x || a", None),
            ("RUN if x; then a; fi", None),
            ("RUN if a; then x; fi", None),
            ("RUN (a && x)", None),
            ("RUN x", None),
        ];
        for (text, expected) in cases {
            assert_eq!(edited(text, remove).as_deref(), expected, "{text}");
        }
    }
}
