//! The commands that the `RUN`s of a stage run, parsed once and read by many rules.

use std::sync::{Arc, PoisonError};

use seaworthy_syntax::dockerfile::{self, Arguments, Instruction};
use seaworthy_syntax::shell::{self, Command, Connector, Context, Interpreter, Shell, Word};

use super::{Memo, Stage};
use crate::Span;
use crate::project::Project;

/// A `RUN` in shell form that a Unix shell runs.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    /// The instruction.
    pub instruction: &'p Instruction,
    /// Its index among the Dockerfile's instructions.
    pub index: usize,
    /// Its commands.
    pub shell: Arc<Shell>,
}

/// A command without what only starts it: `sudo`, `env`, `nice` and the like.
#[derive(Clone, Copy, Debug)]
pub struct Call<'p> {
    /// The whole command.
    pub command: &'p Command,
    /// The program's name, without its directory.
    pub program: &'p str,
    /// Where the name stands.
    pub name: &'p Word,
    /// The program's arguments.
    pub args: &'p [Word],
}

/// The installation of packages.
#[derive(Clone, Copy, Debug)]
pub struct Install<'p> {
    /// What installs.
    pub manager: Manager,
    /// The command.
    pub call: Call<'p>,
    /// The word `install` or `add`.
    pub verb: &'p Word,
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the program of its name")]
pub enum Manager {
    Apt,
    Apk,
    Dnf,
    Microdnf,
    Yum,
    Zypper,
    Pip,
    Uv,
}

impl Stage {
    /// Its `RUN`s in shell form, but for those that no Unix shell runs.
    pub fn runs<'p>(&self, project: &'p Project) -> Vec<Run<'p>> {
        let mut runs = self.all_runs(project);
        runs.retain(|run| run.instruction.onbuild.is_none() && !run.is_exec());
        runs
    }

    /// Its `RUN`s, also those in exec form and those that images on it run (`ONBUILD`), but for those that no Unix shell runs.
    pub fn all_runs<'p>(&self, project: &'p Project) -> Vec<Run<'p>> {
        let instructions = self.instructions(project);
        let mut parsed = self.shells.lock().unwrap_or_else(PoisonError::into_inner);
        let shells = parsed.get_or_insert_with(|| {
            instructions
                .iter()
                .enumerate()
                .map(|(offset, instruction)| self.shell(instruction, offset))
                .collect()
        });
        let runs = instructions.iter().zip(shells.iter()).enumerate();
        runs.filter_map(|(offset, (instruction, shell))| {
            Some(Run { instruction, index: self.from + 1 + offset, shell: shell.clone()? })
        })
        .collect()
    }

    fn shell(&self, instruction: &Instruction, offset: usize) -> Option<Arc<Shell>> {
        let Arguments::Run(command) = &instruction.arguments else { return None };
        if self.windows {
            return None;
        }
        let script = match command {
            dockerfile::Command::Shell(script) => script,
            dockerfile::Command::Exec { words, span } => return Some(Arc::new(alone(words, *span)?)),
        };
        let shell = self.state_at(self.from + 1 + offset).shell().value().and_then(|words| words.first());
        let shell = shell.map_or(Interpreter::Posix, |program| Interpreter::of(program));
        (Interpreter::of_script(script, shell) == Interpreter::Posix).then(|| Arc::new(shell::parse(script)))
    }

    /// Begins to remember what many rules ask for, until [`Stage::forget`]: no text of the project may change meanwhile.
    pub(crate) fn remember(&self) {
        *self.memo.lock().unwrap_or_else(PoisonError::into_inner) = Some(Memo::default());
    }

    /// Forgets what rules asked for: nobody does when the stage has been looked at.
    pub(crate) fn forget(&self) {
        *self.shells.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.memo.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The only command of a `RUN` in exec form.
fn alone(words: &[dockerfile::Word], span: Span) -> Option<Shell> {
    let word = |word: &dockerfile::Word| Word {
        value: Some(word.text.as_str().into()),
        text: word.text.clone(),
        pattern: false,
        span: word.span,
        variables: Vec::new(),
    };
    let (name, args) = words.split_first()?;
    let command = Command {
        name: Some(word(name)),
        args: args.iter().map(word).collect(),
        assignments: Vec::new(),
        redirects: Vec::new(),
        span,
        before: Connector::None,
        after: None,
        context: Context::default(),
    };
    Some(Shell { commands: vec![command], errors: Vec::new() })
}

impl Run<'_> {
    /// Whether it is a program with its arguments, without a shell. Fixes that write shell have no place in it.
    pub fn is_exec(&self) -> bool {
        matches!(self.instruction.arguments, Arguments::Run(dockerfile::Command::Exec { .. }))
    }

    /// A fix of the script, where there is one.
    pub(crate) fn script<T>(&self, fix: T) -> Option<T> {
        (!self.is_exec()).then_some(fix)
    }

    /// Its commands in order, without what only starts them.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        self.shell.commands.iter().filter_map(Call::of)
    }

    /// The packages it installs, command by command.
    pub fn installs(&self) -> impl Iterator<Item = Install<'_>> {
        self.calls().filter_map(Install::of)
    }

    /// Whether a cache mount covers a path, so that nothing of it gets into the image.
    pub fn mounts_cache(&self, path: &str) -> bool {
        self.instruction.flags("mount").any(|mount| {
            let value = |keys: &[&str]| Some(mount.field(keys)?.value.as_ref()?.text.to_string());
            matches!(value(&["type"]).as_deref(), Some("cache" | "tmpfs"))
                && value(&["target", "dst", "destination"]).is_some_and(|target| {
                    path.strip_prefix(target.trim_end_matches('/'))
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
        })
    }
}

impl<'p> Call<'p> {
    fn of(command: &'p Command) -> Option<Self> {
        let mut name = command.name.as_ref()?;
        let mut args = command.args.as_slice();
        loop {
            let program = name.value.as_deref()?;
            let program = program.rsplit('/').next().unwrap_or(program);
            if !matches!(
                program,
                "sudo" | "env" | "nice" | "ionice" | "exec" | "command" | "time" | "eatmydata" | "nohup"
            ) {
                return Some(Self { command, program, name, args });
            }
            let skipped = args.iter().position(|w| !w.text.starts_with('-') && !w.text.contains('='))?;
            name = &args[skipped];
            args = &args[skipped + 1..];
        }
    }

    /// Whether one of these options is given, short ones also within a group of letters.
    pub fn has_option(self, options: &[&str]) -> bool {
        self.args.iter().take_while(|w| !w.is("--")).filter_map(|w| w.value.as_deref()).any(|argument| {
            options.iter().any(|option| match option.strip_prefix('-').filter(|letter| letter.len() == 1) {
                Some(letter) => argument
                    .strip_prefix('-')
                    .is_some_and(|rest| !rest.starts_with('-') && rest.contains(letter)),
                None => {
                    argument == *option || argument.strip_prefix(option).is_some_and(|r| r.starts_with('='))
                }
            })
        })
    }

    /// Whether the program is named as it is, without what only starts it and without its directory.
    pub fn is_bare(self) -> bool {
        let first = |name: &Word| std::ptr::eq(name, self.name);
        let name = self.command.name.as_ref();
        // The shell itself is what `exec` leaves out.
        let replaced = || name.is_some_and(|n| n.is("exec")) && self.command.args.first().is_some_and(first);
        self.name.is(self.program) && (name.is_some_and(first) || replaced())
    }

    /// The arguments that are no options, nor values of these options.
    pub fn operands(self, valued: &'static [&'static str]) -> impl Iterator<Item = &'p Word> + use<'p> {
        operands(self.args, valued)
    }

    /// What follows `pip install` or `python -m pip install`.
    pub fn pip_install(self) -> Option<&'p [Word]> {
        let install = Install::of(self).filter(|i| i.manager == Manager::Pip)?;
        let at = self.args.iter().position(|w| std::ptr::eq(w, install.verb))?;
        self.args.get(at + 1..)
    }

    /// The first argument that is no option.
    pub fn verb(self) -> Option<&'p Word> {
        self.args.iter().find(|w| !w.text.starts_with('-'))
    }
}

/// The words that are no options, nor values of these options.
pub fn operands<'p>(
    words: &'p [Word],
    valued: &'static [&'static str],
) -> impl Iterator<Item = &'p Word> + use<'p> {
    let mut skip = false;
    words.iter().filter(move |word| {
        let value = std::mem::take(&mut skip);
        skip = !value && valued.iter().any(|option| word.is(option));
        !value && !word.text.starts_with('-')
    })
}

impl<'p> Install<'p> {
    fn of(call: Call<'p>) -> Option<Self> {
        let (manager, verbs): (_, &[&str]) = match call.program {
            "apt-get" | "apt" | "aptitude" => (Manager::Apt, &["install"]),
            "apk" => (Manager::Apk, &["add"]),
            "dnf" => (Manager::Dnf, &["install", "localinstall", "groupinstall", "reinstall"]),
            "microdnf" => (Manager::Microdnf, &["install"]),
            "yum" => (Manager::Yum, &["install", "localinstall", "groupinstall", "reinstall"]),
            "zypper" => (Manager::Zypper, &["install", "in"]),
            pip if pip
                .strip_prefix("pip")
                .is_some_and(|v| v.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-')) =>
            {
                (Manager::Pip, &["install"])
            }
            "uv" => {
                let verb = call.verb()?;
                if verb.is("sync") || verb.is("add") {
                    return Some(Self { manager: Manager::Uv, call, verb });
                }
                let verb =
                    call.args.iter().find(|w| w.is("install") || w.is("sync")).filter(|_| verb.is("pip"))?;
                return Some(Self { manager: Manager::Uv, call, verb });
            }
            python if python.starts_with("python") => {
                let at = call
                    .args
                    .iter()
                    .position(|w| w.is("-m"))
                    .filter(|at| call.args.get(at + 1).is_some_and(|w| w.is("pip")))?;
                let verb = call.args.get(at + 2).filter(|w| w.is("install"))?;
                return Some(Self { manager: Manager::Pip, call, verb });
            }
            _ => return None,
        };
        let verb = call.args.iter().find(|w| verbs.iter().any(|verb| w.is(verb)))?;
        // `apt-get -o x=y install`: only words that are options or their values may stand before the verb.
        let before = call.args.iter().take_while(|w| !std::ptr::eq(*w, verb));
        let plain = before.filter(|w| !w.text.starts_with('-') && !w.text.contains([':', '='])).count();
        (plain == 0 || call.has_option(&["-o", "-c", "-t", "--repo"])).then_some(Self { manager, call, verb })
    }
}
