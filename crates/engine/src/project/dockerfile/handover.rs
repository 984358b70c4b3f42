//! How the program takes the place of the shell that starts it, so that the stop signal reaches it.

use seaworthy_syntax::dockerfile::{Command, Dockerfile, Instruction, Script, edit};
use seaworthy_syntax::{Edit, Span};

use super::{ImageCommand, Launch, Stage, Start};
use crate::exec::{self, Form};
use crate::project::Origin;

/// What becomes of a half of what an image starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// No shell stands in front of the program, or it steps aside already.
    Done,
    /// These edits let the program take the shell's place.
    Edits {
        /// The edits.
        edits: Vec<Edit>,
        /// Whether the shell does nothing for it but start it.
        plain: bool,
    },
    /// The shell has to stay, and why: "it …".
    Stays(&'static str),
}

/// What an entry point makes of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// There is none, or it starts whatever it is given.
    Nobody,
    /// It may look at what it is given.
    EntryPoint,
    /// It takes the words of the command for its own arguments.
    Program,
}

impl Launch<'_> {
    /// How the program takes the place of the shell in one half of what a stage starts.
    pub fn hand_over(&self, stage: &Stage, file: &Dockerfile, half: Start<'_>) -> Handover {
        let Some(command) = half.instruction.and_then(Instruction::command) else { return Handover::Done };
        let is_entrypoint = half.instruction.map(|i| i.span) == self.entrypoint.instruction.map(|i| i.span);
        match command {
            // A broken array is told by a rule of its own.
            Command::Shell(script) if script.broken_json.is_some() => Handover::Done,
            Command::Shell(script) => {
                let reader = if is_entrypoint { self.reader_of_nothing() } else { self.reader(stage) };
                let Some((_, shell)) = half.line() else { return Handover::Done };
                of_script(file, script, &shell, reader)
            }
            Command::Exec { span, .. } => self.of_array(file, *span),
        }
    }

    /// Who would read a command that the entry point in shell form ignores today.
    fn reader_of_nothing(&self) -> Reader {
        if self.command.value.is_unset() { Reader::Nobody } else { Reader::EntryPoint }
    }

    fn reader(&self, stage: &Stage) -> Reader {
        let entrypoint = self.entrypoint.value;
        let words = match entrypoint.value() {
            Some(ImageCommand::Exec(words)) => words,
            Some(ImageCommand::Shell { .. }) => return Reader::EntryPoint,
            None if entrypoint.is_unset() => return Reader::Nobody,
            None => return Reader::EntryPoint,
        };
        let Some(program) = words.first() else { return Reader::Nobody };
        let name = program.rsplit('/').next().unwrap_or(program);
        let of_image = entrypoint.origin == Origin::Image;
        match name {
            "tini" | "tini-static" | "dumb-init" | "catatonit" | "docker-init"
                if words[1..].iter().all(|w| w.starts_with('-')) =>
            {
                Reader::Nobody
            }
            "docker-php-entrypoint" | "__cacert_entrypoint.sh" | "mvn-entrypoint.sh" | "_entrypoint.sh" => {
                Reader::Nobody
            }
            // That of Node.js starts every program that there is.
            "docker-entrypoint.sh"
                if of_image
                    && stage.facts.and_then(|f| f.command.as_deref()).is_some_and(|c| c == ["node"]) =>
            {
                Reader::Nobody
            }
            name if exec::is_shell(name)
                || name.starts_with("python")
                || name == "node"
                || name == "java" =>
            {
                Reader::Program
            }
            _ => Reader::EntryPoint,
        }
    }

    /// `["sh", "-c", "a && b"]`, whichever half its words stand in.
    fn of_array(&self, file: &Dockerfile, array: Span) -> Handover {
        let Some(line) = self.line_in_array() else { return Handover::Done };
        if !array.contains(line.span) || exec::minded(&line.text).is_some() {
            return Handover::Done;
        }
        let insert = |at: usize| {
            let place = line.text.offset(at);
            let span = Span { start: place as u32, end: place as u32, ..line.span };
            Handover::Edits { edits: vec![Edit { span, text: "exec ".to_owned() }], plain: false }
        };
        match exec::form(&line.text) {
            Form::Words(words) => insert(words.first().map_or(0, |(range, _)| range.start)),
            Form::Script { at, .. } => insert(at),
            Form::Exec(_) => Handover::Done,
            Form::Stays(why) => Handover::Stays(why),
            Form::Nested { shell, line: inner } => {
                let options: Vec<&str> = shell[1..].iter().map(String::as_str).collect();
                if edit::has_comment(file, line.span) || !exec::starts_plainly(&options) {
                    return Handover::Stays("it starts a second shell that reads files of its own");
                }
                match with_exec(&inner) {
                    Ok(inner) if shell[0].rsplit('/').next() == Some("sh") => {
                        let edit = Edit { span: line.span, text: edit::json_string(&inner) };
                        Handover::Edits { edits: vec![edit], plain: false }
                    }
                    Ok(_) => Handover::Stays("it starts a second shell of another kind"),
                    Err(why) => Handover::Stays(why),
                }
            }
        }
    }
}

fn of_script(file: &Dockerfile, script: &Script, shell: &[&str], reader: Reader) -> Handover {
    const COMMENT: Handover = Handover::Stays("a comment of the shell's stands in it");
    let Some((program, options)) = shell.split_first() else { return Handover::Done };
    if !exec::is_shell(program) || !exec::runs_line(options) {
        return Handover::Stays("its `SHELL` is no shell that could step aside");
    }
    if reader == Reader::Program {
        return Handover::Stays("its entry point takes the shell for an argument");
    }
    let plain = reader == Reader::Nobody && exec::starts_plainly(options);
    let words_of_shell: Vec<String> = shell.iter().map(|w| (*w).to_owned()).collect();
    let scripted = |range, at, text| {
        let edits = edit::exec_script(script, &words_of_shell, &range, (at, text));
        edits.map_or(COMMENT, |edits| Handover::Edits { edits, plain: false })
    };
    match exec::form(&script.text) {
        Form::Words(words) if plain => {
            edit::exec_words(file, script, &words).map_or(COMMENT, |edits| Handover::Edits { edits, plain })
        }
        Form::Words(words) => {
            let (start, end) = (words.first().map(|w| w.0.start), words.last().map(|w| w.0.end));
            let start = start.unwrap_or_default();
            scripted(start..end.unwrap_or_default(), start, "exec ")
        }
        Form::Script { range, at, .. } => scripted(range, at, "exec "),
        Form::Exec(range) => {
            let start = range.start;
            scripted(range, start, "")
        }
        Form::Nested { shell: inner, line } => {
            if edit::has_comment(file, script.span) {
                return COMMENT;
            }
            if !exec::starts_plainly(options) {
                return Handover::Stays("it starts a second shell from one that reads files of its own");
            }
            let inner_options: Vec<&str> = inner[1..].iter().map(String::as_str).collect();
            let words = match exec::form(&line) {
                Form::Words(words) if plain && exec::starts_plainly(&inner_options) => {
                    words.into_iter().map(|(_, word)| word).collect()
                }
                _ => match with_exec(&line) {
                    Ok(line) => inner.into_iter().chain([line]).collect::<Vec<_>>(),
                    Err(why) => return Handover::Stays(why),
                },
            };
            let words: Vec<String> = words.iter().map(|w| edit::json_string(w)).collect();
            let text = format!("[{}]", words.join(", "));
            Handover::Edits { edits: vec![Edit { span: script.span, text }], plain: false }
        }
        Form::Stays(why) => Handover::Stays(why),
    }
}

/// A line whose last command begins with `exec`, in one line.
fn with_exec(line: &str) -> Result<String, &'static str> {
    let (range, at) = match exec::form(line) {
        Form::Words(words) => {
            let start = words.first().map_or(0, |w| w.0.start);
            (start..words.last().map_or(start, |w| w.0.end), start)
        }
        Form::Script { range, at, .. } => (range, at),
        Form::Exec(range) => return Ok(line[range].to_owned()),
        Form::Nested { .. } => return Err("it starts one shell from another"),
        Form::Stays(why) => return Err(why),
    };
    Ok(format!("{}exec {}", &line[range.start..at], &line[at..range.end]))
}
