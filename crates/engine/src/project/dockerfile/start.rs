//! What an image starts, through its scripts, and what that writes.

use seaworthy_syntax::dockerfile::Script;
use seaworthy_syntax::shell;
use seaworthy_syntax::{SourceId, Text};

use super::owned::absolute;
use super::{ImageCommand, Project, Stage};

/// What only starts another program, which follows its options.
const WRAPPERS: [&str; 13] = [
    "tini",
    "dumb-init",
    "catatonit",
    "env",
    "exec",
    "nohup",
    "nice",
    "stdbuf",
    "time",
    "ionice",
    "taskset",
    "chrt",
    "command",
];

/// A path that is written when a container starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A file.
    File(String),
    /// A file that is replaced, so that its directory is written too.
    Replaced(String),
    /// A directory that is made.
    Made(String),
    /// All below a directory.
    Tree(String),
}

/// How deep scripts that start scripts are followed.
const DEPTH: usize = 3;

impl Stage {
    /// The text of a script in the image, by its path from where the image starts, or its name in `PATH`.
    pub(super) fn script<'p>(&self, project: &'p Project, path: &str) -> Option<&'p str> {
        let text = |path: &str| project.in_image(self, path)?.text(project);
        let text = if path.contains('/') {
            text(&absolute(path, self.end())?)
        } else {
            ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin"]
                .iter()
                .find_map(|directory| text(&format!("{directory}/{path}")))
                .or_else(|| text(&absolute(path, self.end())?))
        };
        text.filter(|text| {
            let first = text.lines().next().unwrap_or_default();
            !first.starts_with("#!") || first.contains("sh")
        })
    }

    /// The names of the programs that it starts, without their directories.
    pub(in crate::project) fn programs(&self, project: &Project) -> Vec<String> {
        self.started(project).iter().filter_map(|words| Some(base(words.first()?).to_owned())).collect()
    }

    /// The commands that it starts, each the program and its arguments; those of scripts of its own are among them, but for
    /// scripts that look who runs them.
    pub fn started(&self, project: &Project) -> Vec<Vec<String>> {
        self.memo(|memo| &mut memo.started, || self.find_started(project))
    }

    fn find_started(&self, project: &Project) -> Vec<Vec<String>> {
        let end = self.end();
        let line_only = matches!(end.entrypoint().value(), Some(ImageCommand::Shell { .. }));
        let mut argv = end.entrypoint().value().map(ImageCommand::argv).unwrap_or_default();
        if !line_only {
            argv.extend(end.command().value().map(ImageCommand::argv).unwrap_or_default());
        }
        let mut started = Vec::new();
        let mut open = of_words(&argv);
        // An entry point that is a script starts what follows it.
        if let (Some(entrypoint), Some(command)) = (end.entrypoint().value(), end.command().value())
            && !line_only
            && !matches!(entrypoint, ImageCommand::Exec(words) if words.is_empty())
        {
            open.extend(of_words(&command.argv()));
        }
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for words in open.drain(..) {
                let at = usize::from(words.len() > 1 && is_shell(base(&words[0])));
                let script = words.get(at).and_then(|path| self.script(project, path));
                if let Some(text) = script.filter(|text| !looks_who_runs(text)) {
                    next.extend(of_line(text));
                }
                started.push(words);
            }
            open = next;
        }
        started.extend(open);
        started
    }

    /// The lines and scripts that start it, but for scripts that look who runs them.
    fn start_texts(&self, project: &Project) -> Vec<String> {
        let end = self.end();
        let mut texts: Vec<String> = Vec::new();
        for setting in [end.entrypoint(), end.command()] {
            match setting.value() {
                Some(ImageCommand::Shell { line, .. }) => texts.push(line.clone()),
                Some(ImageCommand::Exec(words)) => {
                    let shell = words.iter().any(|w| is_shell(base(w)));
                    texts.extend(words.iter().filter(|w| shell && w.contains(' ')).cloned());
                }
                None => {}
            }
        }
        for words in self.started(project) {
            for path in words.iter().take(2) {
                texts.extend(self.script(project, path).filter(|t| !looks_who_runs(t)).map(str::to_owned));
            }
        }
        texts
    }

    /// Whether what starts it looks first whether a file is there.
    pub(super) fn is_tested(&self, project: &Project, path: &str) -> bool {
        self.start_texts(project).iter().any(|text| {
            text.match_indices(path).any(|(at, _)| {
                let before = text[..at].trim_end_matches(['"', '\'', ' ']);
                ["-f", "-e", "-s", "-d", "-r", "-w"].iter().any(|test| before.ends_with(test))
            })
        })
    }

    /// What the line or the scripts that start it write, by absolute paths without variables.
    pub(super) fn written_at_start(&self, project: &Project) -> Vec<Written> {
        let texts = self.start_texts(project);
        let mut written: Vec<Written> = texts.iter().flat_map(|text| writes(text)).collect();
        written.dedup();
        written
    }
}

/// Whether a script does something else where it does not run as root.
fn looks_who_runs(script: &str) -> bool {
    ["id -u", "$UID", "$EUID", "${UID", "${EUID", "whoami"].iter().any(|w| script.contains(w))
}

fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh")
}

/// What a script writes.
fn writes(text: &str) -> Vec<Written> {
    let mut found = Vec::new();
    let absolute = |word: &shell::Word| {
        let path = word.value.as_deref()?.trim_end_matches('/');
        (path.starts_with('/') && !path.contains('$')).then(|| path.to_owned())
    };
    for command in parsed(text) {
        for redirect in command.redirects.iter().filter(|r| r.operator.starts_with('>') || r.operator == "&>")
        {
            found.extend(redirect.target.as_ref().and_then(absolute).map(Written::File));
        }
        let Some(name) = command.name() else { continue };
        let operands: Vec<&shell::Word> = command.args.iter().filter(|w| !w.text.starts_with('-')).collect();
        let last = operands.last().and_then(|w| absolute(w));
        match base(name) {
            "tee" | "touch" => found.extend(operands.iter().filter_map(|w| absolute(w)).map(Written::File)),
            "cp" | "mv" => found.extend(last.map(Written::Replaced)),
            "mkdir" => found.extend(operands.iter().filter_map(|w| absolute(w)).map(Written::Made)),
            "sed"
                if command.has_option(&["-i", "--in-place"])
                    || command.args.iter().any(|w| w.text.starts_with("-i")) =>
            {
                found.extend(operands.iter().skip(1).filter_map(|w| absolute(w)).map(|path| {
                    match path.split_once('*') {
                        Some((directory, _)) => {
                            Written::Tree(directory.rsplit_once('/').map_or("", |(d, _)| d).to_owned())
                        }
                        None => Written::Replaced(path),
                    }
                }));
            }
            "find" if command.args.iter().any(|w| w.is("sed")) => {
                found.extend(operands.first().and_then(|w| absolute(w)).map(Written::Tree));
            }
            _ => {}
        }
    }
    found
}

pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn of_words(words: &[String]) -> Vec<Vec<String>> {
    let mut words = words;
    while let Some(program) = words.first() {
        let program = base(program);
        if is_shell(program) {
            let at =
                words.iter().position(|w| w.starts_with('-') && !w.starts_with("--") && w.ends_with('c'));
            return match at.and_then(|at| words.get(at + 1)) {
                Some(line) => of_line(line),
                None => vec![words.to_vec()],
            };
        }
        if !WRAPPERS.contains(&program) {
            break;
        }
        let rest = &words[1..];
        let after = rest.iter().position(|w| w == "--").map(|at| at + 1);
        let first = rest.iter().position(|w| !w.starts_with('-') && !w.contains('='));
        words = &rest[after.or(first).unwrap_or(rest.len())..];
    }
    if words.is_empty() { Vec::new() } else { vec![words.to_vec()] }
}

fn parsed(line: &str) -> Vec<shell::Command> {
    let text = Text::new(line, SourceId(0), 0);
    let span = text.span();
    shell::parse(&Script { text, span, heredoc: false, broken_json: None }).commands
}

/// The commands of a line for the shell.
fn of_line(line: &str) -> Vec<Vec<String>> {
    let commands = parsed(line);
    let words = commands.iter().filter_map(|command| {
        let name = command.name.as_ref()?;
        let words = std::iter::once(name).chain(&command.args);
        Some(words.map(|w| w.value.as_deref().unwrap_or(&w.text).to_owned()).collect::<Vec<_>>())
    });
    words.flat_map(|words| of_words(&words)).collect()
}
