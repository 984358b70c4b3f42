//! What an image starts: its entry point and its command taken together, down to the program that does the work.

use seaworthy_syntax::dockerfile::{Command, Instruction, Word};
use seaworthy_syntax::shell;
use seaworthy_syntax::{Edit, SourceId, Span, Text};

use super::{ImageCommand, Stage};
use crate::exec;
use crate::project::{Project, Setting};

/// What an image starts.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'p> {
    /// The entry point.
    pub entrypoint: Start<'p>,
    /// The command, which a shell form of the entry point ignores.
    pub command: Start<'p>,
}

/// One of the two halves of what an image starts.
#[derive(Clone, Copy, Debug)]
pub struct Start<'p> {
    /// What it comes to.
    pub value: &'p Setting<ImageCommand>,
    /// The instruction that says so: of this stage, or of one that it stands on; `None` for what its image says.
    pub instruction: Option<&'p Instruction>,
}

/// A word of what is started.
#[derive(Clone, Debug)]
pub struct Argument {
    /// What it comes to; `None` where a variable or a pattern decides.
    pub value: Option<String>,
    /// As written; of an element without its quotes and escapes.
    pub text: Text,
    /// Where it stands; `None` for a word that the image or a shell form adds.
    pub span: Option<Span>,
    /// Whether it is an element of an array, not a word of a line of shell.
    pub element: bool,
}

/// An element of an array.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// Where it stands, with its quotes.
    pub(super) span: Span,
    /// What it comes to.
    pub(super) text: Text,
}

/// The program that does the work in the end.
#[derive(Clone, Debug)]
pub struct Program<'p> {
    /// Its name without the directory; the module of `python -m`.
    pub name: String,
    /// The word that names it, then its arguments.
    pub words: Vec<Argument>,
    /// What starts it, outermost first: `tini`, `sh`, `uv run`, `python -m`; `trap` where a shell passes signals on to it.
    pub through: Vec<String>,
    /// The instruction that names it.
    pub instruction: &'p Instruction,
}

impl Stage {
    /// What the image starts.
    pub fn launch<'p>(&'p self, project: &'p Project) -> Launch<'p> {
        let end = self.end();
        let start = |value: &'p Setting<ImageCommand>| {
            let instruction = value.at.and_then(|at| {
                let file = project.dockerfile(at.source)?;
                let after = file.instructions.partition_point(|i| i.lines.start <= at.start);
                file.instructions.get(after.checked_sub(1)?)
            });
            Start { value, instruction }
        };
        Launch { entrypoint: start(end.entrypoint()), command: start(end.command()) }
    }
}

impl<'p> Start<'p> {
    /// Its line and the shell that runs it; `None` for an array.
    pub fn line(self) -> Option<(&'p str, Vec<&'p str>)> {
        match self.value.value()? {
            ImageCommand::Shell { shell, line } if shell.is_empty() => Some((line, vec!["sh", "-c"])),
            ImageCommand::Shell { shell, line } => Some((line, shell.iter().map(String::as_str).collect())),
            ImageCommand::Exec(_) => None,
        }
    }

    /// The elements of its array; empty for a line of shell.
    pub fn elements(self) -> &'p [Word] {
        match self.instruction.and_then(Instruction::command) {
            Some(Command::Exec { words, .. }) => words,
            _ => &[],
        }
    }

    fn arguments(self) -> Vec<Argument> {
        if let Some((_, shell)) = self.line() {
            let Some(Command::Shell(script)) = self.instruction.and_then(Instruction::command) else {
                return Vec::new();
            };
            let added = shell.into_iter().map(Argument::added);
            return added.chain([Argument::element(&script.text, script.span)]).collect();
        }
        if self.instruction.is_some() {
            return self.elements().iter().map(|w| Argument::element(&w.text, w.span)).collect();
        }
        match self.value.value() {
            Some(ImageCommand::Exec(words)) => words.iter().map(|w| Argument::added(w)).collect(),
            _ => Vec::new(),
        }
    }
}

impl<'p> Launch<'p> {
    /// Whether a shell form of the entry point ignores the command.
    pub fn ignores_command(&self) -> bool {
        matches!(self.entrypoint.value.value(), Some(ImageCommand::Shell { .. }))
    }

    /// Both halves as they are started, as far as they are known.
    pub fn arguments(&self) -> Vec<Argument> {
        let mut words = self.entrypoint.arguments();
        if !self.ignores_command() {
            words.extend(self.command.arguments());
        }
        words
    }

    /// The halves that the Dockerfile says, in the order in which they are started.
    pub fn written(&self) -> impl Iterator<Item = Start<'p>> {
        let command = (!self.ignores_command()).then_some(self.command);
        [Some(self.entrypoint), command].into_iter().flatten().filter(|s| s.instruction.is_some())
    }

    /// The line that a shell in an array is given, behind what only starts others.
    pub(super) fn line_in_array(&self) -> Option<Element> {
        let mut words = self.arguments();
        loop {
            if let Some(text) = line_of(&words) {
                let line = words.iter().find(|w| w.element && w.text == text)?;
                return Some(Element { span: line.span?, text });
            }
            let name = base_name(words.first()?.value.as_deref()?).to_owned();
            let (_, rest) = inner(&name, &words).filter(|(_, rest)| *rest < words.len())?;
            words.drain(..rest);
        }
    }

    /// The program that does the work, behind shells and what only starts others; `None` where a script with loops, pipes
    /// or several programs decides, or where it is not known.
    pub fn program(&self) -> Option<Program<'p>> {
        let mut words = self.arguments();
        let mut through = Vec::new();
        // Each turn takes away a word at least.
        loop {
            let first = words.first()?;
            let name = base_name(first.value.as_deref().unwrap_or(&first.text)).to_owned();
            if let Some(line) = line_of(&words) {
                through.push(name);
                words = match exec::minded(&line) {
                    Some(command) => {
                        through.push("trap".to_owned());
                        last_words(&line.slice(0..command.len()))?
                    }
                    None => last_words(&line)?,
                };
                continue;
            }
            match inner(&name, &words) {
                Some((starter, rest)) if rest < words.len() => {
                    through.push(starter);
                    words.drain(..rest);
                }
                Some(_) => return None,
                None => {
                    let at = first.span?;
                    let instruction =
                        self.written().filter_map(|s| s.instruction).find(|i| i.span.contains(at))?;
                    return Some(Program { name, words, through, instruction });
                }
            }
        }
    }
}

impl Argument {
    fn added(value: &str) -> Self {
        let text = Text::new(value, SourceId(0), 0);
        Self { value: Some(value.to_owned()), text, span: None, element: true }
    }

    fn element(text: &Text, span: Span) -> Self {
        Self { value: Some(text.to_string()), text: text.clone(), span: Some(span), element: true }
    }

    fn word(word: &shell::Word) -> Self {
        let value = word.value.as_ref().filter(|_| !word.pattern).map(ToString::to_string);
        Self { value, text: word.text.clone(), span: Some(word.span), element: false }
    }

    /// Whether it comes to this.
    pub fn is(&self, value: &str) -> bool {
        self.value.as_deref() == Some(value)
    }
}

impl Program<'_> {
    /// Its arguments.
    pub fn args(&self) -> &[Argument] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether an option is among its arguments, also as `--name=value`.
    pub fn has_option(&self, options: &[&str]) -> bool {
        self.option(options).is_some()
    }

    /// The word of an option, and its value where one can be told, behind `=` or in the next word.
    pub fn option(&self, options: &[&str]) -> Option<(&Argument, Option<&str>)> {
        self.args().iter().enumerate().find_map(|(at, word)| {
            if options.iter().any(|o| word.is(o)) {
                return Some((word, self.args().get(at + 1).and_then(|w| w.value.as_deref())));
            }
            let (name, value) = word.text.split_once('=')?;
            options.contains(&name).then_some((word, word.value.as_ref().map(|_| value)))
        })
    }

    /// The edit that adds words behind its last argument where it stands. The words need no quotes.
    pub fn append(&self, words: &[&str]) -> Option<Edit> {
        let own = |w: &&Argument| w.span.is_some_and(|s| self.instruction.span.contains(s));
        let last = self.words.iter().take_while(own).last()?;
        let span = last.span?;
        let at = Span { start: span.end, ..span };
        let text =
            words.iter().map(|w| if last.element { format!(", \"{w}\"") } else { format!(" {w}") }).collect();
        Some(Edit { span: at, text })
    }

    /// The edit that puts words before its name, or before what starts it in the same line or array. The words need no
    /// quotes.
    pub fn prepend(&self, words: &[&str]) -> Option<Edit> {
        let first = self.words.first()?;
        let span = first.span?;
        let text = words
            .iter()
            .map(|w| if first.element { format!("\"{w}\", ") } else { format!("{w} ") })
            .collect();
        Some(Edit { span: Span { end: span.start, ..span }, text })
    }
}

/// The line that a shell at the start of these words is given.
fn line_of(words: &[Argument]) -> Option<Text> {
    let (first, rest) = words.split_first()?;
    if !exec::is_shell(first.value.as_deref()?) {
        return None;
    }
    let mut options = Vec::new();
    for (at, word) in rest.iter().enumerate() {
        options.push(word.value.as_deref()?);
        if exec::runs_line(&options) {
            let line = rest.get(at + 1).filter(|l| l.span.is_some())?;
            return if line.element { Some(line.text.clone()) } else { unquoted(&line.text) };
        }
    }
    None
}

/// What a word of shell has in quotes, where it has no escapes.
fn unquoted(text: &Text) -> Option<Text> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = text.get(1..)?.strip_suffix(quote)?;
    (!inner.contains([quote, '\\'])).then(|| text.slice(1..text.len() - 1))
}

/// The words of the command that a line ends with.
fn last_words(line: &Text) -> Option<Vec<Argument>> {
    let shell = shell::parse_text(line);
    let last = exec::last_command(line, &shell).ok()?;
    Some(last.name.iter().chain(&last.args).map(Argument::word).collect())
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Options that take a value of programs that only start others.
const VALUED: [(&str, &[&str]); 14] = [
    ("exec", &["-a"]),
    ("env", &["-u", "-C", "-S"]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("tini", &["-p", "-e"]),
    ("dumb-init", &["-r", "--rewrite"]),
    ("sudo", &["-u", "-g", "-h", "-p"]),
    ("runuser", &["-u", "-g", "-G"]),
    ("setpriv", &["--reuid", "--regid", "--groups"]),
    ("conda", &["-n", "--name", "-p", "--prefix"]),
    ("python", &["-W", "-X"]),
    ("dotenv", &["-f", "--file", "-e", "-c"]),
    (
        "uv",
        &[
            "--with",
            "--with-editable",
            "--extra",
            "--group",
            "--only-group",
            "--no-group",
            "--package",
            "--project",
            "--directory",
            "-p",
            "--python",
            "--env-file",
            "--index",
            "--index-url",
            "-i",
        ],
    ),
];

/// Where the program begins that a word only starts, and what to call the starter; `None` for a program of its own.
fn inner(name: &str, words: &[Argument]) -> Option<(String, usize)> {
    let python = name.starts_with("python") || name.starts_with("pypy");
    let kind = match name {
        "catatonit" | "docker-init" | "tini-static" => "tini",
        "mamba" | "micromamba" => "conda",
        "nohup" | "setsid" | "time" | "chronic" | "unbuffer" | "catchsegv" | "command" | "ddtrace-run" => {
            "nohup"
        }
        _ if python => "python",
        name => name,
    };
    let valued = VALUED.iter().find(|(n, _)| *n == kind).map_or(&[][..], |(_, options)| options);
    // The first word behind options and their values, from a place on.
    let behind = |mut at: usize, stop: &[&str]| {
        while let Some(word) = words.get(at) {
            if word.is("--") {
                return at + 1;
            }
            if !word.text.starts_with('-') || stop.iter().any(|s| word.is(s)) {
                return at;
            }
            at += if valued.iter().any(|v| word.is(v)) { 2 } else { 1 };
        }
        at
    };
    let verb = |at: usize, verbs: &[&str]| words.get(at).is_some_and(|w| verbs.iter().any(|v| w.is(v)));
    match kind {
        "exec" | "nohup" | "nice" | "ionice" | "stdbuf" | "tini" | "dumb-init" | "sudo" | "runuser"
        | "setpriv" => Some((name.to_owned(), behind(1, &[]))),
        "env" => {
            let mut at = behind(1, &[]);
            while words.get(at).is_some_and(|w| w.text.contains('=')) {
                at += 1;
            }
            Some((name.to_owned(), at))
        }
        "gosu" | "su-exec" => Some((name.to_owned(), 2)),
        "uv" | "conda" | "poetry" | "pipenv" | "pdm" | "rye" | "dotenv" | "dotenvx" => {
            let run = behind(1, &[]);
            if !verb(run, &["run"]) {
                return (kind == "dotenv").then(|| (name.to_owned(), run));
            }
            let at = behind(run + 1, &["-m", "--module"]);
            let starter = format!("{name} run");
            // `uv run -m uvicorn` is `uv run python -m uvicorn`; `uv run app.py` runs it with Python.
            Some((starter, if verb(at, &["-m", "--module"]) { at + 1 } else { at }))
        }
        "bundle" if verb(1, &["exec"]) => Some(("bundle exec".to_owned(), 2)),
        "newrelic-admin" if verb(1, &["run-program"]) => Some((name.to_owned(), 2)),
        "doppler" | "infisical" | "op" | "chamber" | "aws-vault" => {
            let at = words.iter().position(|w| w.is("--"))?;
            Some((name.to_owned(), at + 1))
        }
        "python" => {
            let at = behind(1, &["-m", "-c"]);
            verb(at, &["-m"]).then(|| (format!("{name} -m"), at + 1))
        }
        name if name.contains("wait") || name == "dockerize" => {
            let at = words.iter().position(|w| w.is("--"))?;
            Some((name.to_owned(), at + 1))
        }
        // By custom such a script ends in `exec "$@"`.
        name if name.contains("entrypoint") && words.len() > 1 => Some((name.to_owned(), 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Files, parse};
    use crate::syntax::{Kind, Source};

    fn program(text: &str) -> Option<(String, Vec<String>, String)> {
        let source = Source::new("Dockerfile", Kind::Dockerfile, format!("FROM python:3.13-slim\n{text}\n"));
        let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
        let program = project.builds[0].stages[0].launch(&project).program()?;
        let args = program.args().iter().map(|a| a.text.to_string()).collect();
        let edit = program.append(&["--x"])?;
        let text = project.source_text(SourceId(0));
        let out =
            format!("{}{}{}", &text[..edit.span.start as usize], edit.text, &text[edit.span.end as usize..]);
        Some((program.name, args, out["FROM python:3.13-slim\n".len()..].trim_end().to_owned()))
    }

    #[test]
    fn the_program_that_does_the_work() {
        for (text, name, args, more) in [
            ("CMD [\"uvicorn\", \"a:b\"]", "uvicorn", "a:b", "CMD [\"uvicorn\", \"a:b\", \"--x\"]"),
            ("CMD uvicorn a:b", "uvicorn", "a:b", "CMD uvicorn a:b --x"),
            ("CMD [\"sh\", \"-c\", \"a && exec \\\"$V\\\"/uvicorn a:b\"]", "uvicorn", "a:b", ""),
            (
                "CMD [\"sh\", \"-c\", \"exec uvicorn \\\"a:b\\\" --p $P\"]",
                "uvicorn",
                "\"a:b\" --p $P",
                "CMD [\"sh\", \"-c\", \"exec uvicorn \\\"a:b\\\" --p $P --x\"]",
            ),
            (
                "CMD sh -c \"python -m uvicorn a:b --port ${P}\"",
                "uvicorn",
                "a:b --port ${P}",
                "CMD sh -c \"python -m uvicorn a:b --port ${P} --x\"",
            ),
            (
                "ENTRYPOINT [\"tini\", \"-g\", \"--\"]\nCMD [\"uv\", \"run\", \"--no-sync\", \"--with\", \"z\", \"uvicorn\", \"a:b\"]",
                "uvicorn",
                "a:b",
                "",
            ),
            (
                "ENTRYPOINT [\"uvicorn\"]\nCMD [\"a:b\"]",
                "uvicorn",
                "a:b",
                "ENTRYPOINT [\"uvicorn\", \"--x\"]\nCMD [\"a:b\"]",
            ),
            (
                "CMD [\"poetry\", \"run\", \"python\", \"-u\", \"-m\", \"hypercorn\", \"a:b\"]",
                "hypercorn",
                "a:b",
                "",
            ),
            ("CMD wait-for-it.sh db:5432 -- python app.py", "python", "app.py", ""),
            ("ENTRYPOINT [\"/bin/sh\", \"-c\"]\nCMD [\"exec node x.js\"]", "node", "x.js", ""),
            ("ENTRYPOINT python app.py\nCMD [\"ignored\"]", "python", "app.py", ""),
            (
                "CMD A=1 /usr/bin/node x.js > /dev/null",
                "node",
                "x.js",
                "CMD A=1 /usr/bin/node x.js --x > /dev/null",
            ),
        ] {
            let (found, found_args, out) = program(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.as_str(), found_args.join(" ").as_str()), (name, args), "{text}");
            if !more.is_empty() {
                assert_eq!(out, more);
            }
        }
        for text in ["CMD a & b", "CMD while true; do a; done", "CMD a | b", "", "CMD []"] {
            assert!(program(text).is_none_or(|p| p.0 == "python3"), "{text}");
        }
    }
}
