//! Files that get their owner only after they were copied.

use seaworthy_syntax::dockerfile::edit;
use seaworthy_syntax::dockerfile::{Arguments, Dockerfile};
use seaworthy_syntax::{Edit, Span};

use super::accounts::values;
use super::owned::{absolute, is_within};
use super::{Call, Project, Run, Stage, State};

/// A `chown -R` of what was copied before.
#[derive(Debug)]
pub struct Late {
    /// The path it is about.
    pub path: String,
    /// Whether commands, too, put files there.
    pub made_by_commands: bool,
    /// What is copied there, as indices into the Dockerfile's instructions.
    copies: Vec<usize>,
    /// The owner as `--chown` takes it, where it is known.
    owner: Option<String>,
}

impl Stage {
    /// What a `chown -R` of a `RUN` says too late; `None` where nothing was copied there.
    pub fn late_ownership(&self, project: &Project, run: &Run<'_>, call: Call<'_>) -> Option<Late> {
        let state = self.state_at(run.index);
        let words = values(call.args, state);
        let mut operands =
            call.args.iter().zip(words).filter(|(w, _)| !w.text.starts_with('-')).map(|(_, v)| v);
        let owner = operands.next()?;
        let targets: Vec<String> = operands
            .flatten()
            .filter_map(|path| absolute(path.trim_end_matches('*'), state))
            .filter(|path| path != "/")
            .collect();
        let copies: Vec<(usize, String)> = self
            .transfers(project)
            .into_iter()
            .filter(|(index, ..)| *index < run.index && self.chown(project, *index).is_none())
            .map(|(index, _, to)| (index, to))
            .collect();
        let path = targets.iter().find(|t| copies.iter().any(|(_, to)| is_within(to, t)))?.clone();
        let copies: Vec<usize> = copies
            .iter()
            .filter(|(_, to)| targets.iter().any(|t| is_within(to, t)))
            .map(|(index, _)| *index)
            .collect();
        let first = *copies.first()?;
        let made_by_commands = self.runs(project).iter().any(|other| {
            (first..=run.index).contains(&other.index)
                && other.calls().any(|c| {
                    !harmless(c) && {
                        let state = self.state_at(other.index);
                        let here =
                            absolute(".", state).is_some_and(|w| targets.iter().any(|t| is_within(&w, t)));
                        let named = values(c.args, state).into_iter().flatten().any(|word| {
                            word.contains('/')
                                && absolute(&word, state)
                                    .is_some_and(|w| targets.iter().any(|t| is_within(&w, t)))
                        });
                        here && !installs_elsewhere(c) || named
                    }
                })
        });
        let of_image = targets.iter().any(|target| self.brings(target));
        let owner = owner.filter(|_| !of_image).and_then(|owner| numeric(&owner, state));
        Some(Late { path, made_by_commands, copies, owner })
    }

    /// Whether its image, too, has files in a directory.
    fn brings(&self, path: &str) -> bool {
        let image =
            self.facts.and_then(|f| f.workdir.as_deref()).filter(|w| w.len() > 1 && *w != "/var/www/html");
        let system = ["/bin", "/etc", "/home", "/lib", "/sbin", "/usr", "/var", "/opt/bitnami", "/root"];
        let apart = ["/usr/src", "/usr/app", "/var/www", "/var/app"];
        image.is_some_and(|w| is_within(path, w) || is_within(w, path))
            || system.iter().any(|s| is_within(path, s))
                && !apart.iter().any(|a| is_within(path, a))
                && !(is_within(path, "/home") && path != "/home")
    }

    fn chown<'p>(
        &self,
        project: &'p Project,
        index: usize,
    ) -> Option<&'p seaworthy_syntax::dockerfile::Flag> {
        project.dockerfile(self.source)?.instructions.get(index)?.flag("chown")
    }
}

impl Late {
    /// The edits that say it where the files are copied, and leave only the directory itself to the `chown`.
    pub fn edits(&self, file: &Dockerfile, call: Call<'_>) -> Option<Vec<Edit>> {
        let owner = self.owner.as_ref().filter(|_| !self.made_by_commands)?;
        let mut edits = Vec::new();
        for index in &self.copies {
            let instruction = file.instructions.get(*index)?;
            if !matches!(instruction.arguments, Arguments::Copy(_) | Arguments::Add(_)) {
                return None;
            }
            edits.push(edit::set_flag(file, instruction, "chown", Some(owner))?);
        }
        let option = call
            .args
            .iter()
            .find(|w| w.is("--recursive") || w.text.starts_with('-') && w.text.contains('R'))?;
        let letters = option.text.replace('R', "");
        if option.is("--recursive") || letters == "-" {
            edits.push(edit::remove_word(file, option.span)?);
        } else {
            edits.push(Edit { span: Span { ..option.span }, text: letters });
        }
        Some(edits)
    }
}

/// Whether a command makes no files.
fn harmless(call: Call<'_>) -> bool {
    matches!(
        call.program,
        "chown"
            | "chmod"
            | "chgrp"
            | "useradd"
            | "adduser"
            | "groupadd"
            | "addgroup"
            | "usermod"
            | "cd"
            | "set"
            | "rm"
            | "ls"
            | "echo"
            | "true"
            | "id"
            | "apt-get"
            | "apt"
            | "apk"
            | "dnf"
            | "yum"
            | "microdnf"
            | "ln"
            | "mkdir"
            | "sed"
            | "setcap"
            | "test"
            | "["
            | "export"
            | "a2enmod"
            | "docker-php-ext-install"
            | "update-ca-certificates"
    )
}

/// Whether a command installs packages for the whole image, wherever it runs.
fn installs_elsewhere(call: Call<'_>) -> bool {
    matches!(call.program, "pip" | "pip3") && !call.has_option(&["-e", "--target", "-t"])
        || matches!(call.program, "npm" | "yarn")
            && (call.has_option(&["-g", "--global"]) || call.args.iter().any(|w| w.is("cache")))
        || call.args.first().is_some_and(|w| w.is("-m")) && call.args.get(1).is_some_and(|w| w.is("pip"))
        || call.program == "uv" && call.args.iter().any(|w| w.is("--system"))
}

/// An owner in numbers; by name where only that is written and the user is made before.
fn numeric(owner: &str, state: State<'_>) -> Option<String> {
    let (user, group) = match owner.split_once([':', '.']) {
        Some((user, group)) => (user, Some(group)),
        None => (owner, None),
    };
    let account = state.accounts().find(|a| a.name == user);
    let uid = user.parse::<u32>().ok().or(account.map(|a| a.uid))?;
    let gid = match group {
        // `user:` is the user's own group.
        Some("") => account.and_then(|a| a.gid)?,
        Some(group) => group.parse::<u32>().ok().or_else(|| state.group(group))?,
        None => account.and_then(|a| a.gid).unwrap_or(0),
    };
    Some(format!("{uid}:{gid}"))
}
