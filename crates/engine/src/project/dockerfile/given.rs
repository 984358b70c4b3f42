//! Code that a stage gives to the user its program runs as, who could then change it.

use std::collections::BTreeSet;

use seaworthy_syntax::dockerfile::{Dockerfile, Flag, Instruction, edit};
use seaworthy_syntax::{Edit, Span};

use super::accounts::values;
use super::modes::opened;
use super::owned::{absolute, is_root, is_within};
use super::writable::{DATA, Reason};
use super::{Call, Identity, Project, Run, Stage, Writable};
use crate::project::layout::What;
use crate::project::layout::code::is_code;

/// Code that a `chown` or `COPY --chown` gives to the user.
#[derive(Debug)]
pub struct Given {
    /// What is given: a path in the image.
    pub path: String,
    /// Where.
    pub span: Span,
    /// What is done about it.
    pub outcome: Outcome,
}

/// What is done about code that its user owns.
#[derive(Debug)]
pub enum Outcome {
    /// It stays root's; these paths in it go on being the user's.
    Kept(Vec<String>, Vec<Edit>),
    /// It goes on being the user's, and why; the edits say so without copying the files into one more layer.
    Stays(&'static str, Option<Vec<Edit>>),
}

/// Where images have code, besides every directory that is not the system's.
const CODE: [&str; 6] = [
    "/usr/src",
    "/usr/app",
    "/usr/local/app",
    "/usr/share/nginx/html",
    "/usr/local/apache2/htdocs",
    "/usr/local/bin",
];

const SYSTEM: [&str; 14] = [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp",
    "/usr", "/var",
];

impl Stage {
    /// The code that it gives to the user its program runs as.
    pub fn given_code(&self, project: &Project, identity: &Identity) -> Vec<Given> {
        let Some(file) = project.dockerfile(self.source) else { return Vec::new() };
        let written = self.written(project, identity);
        let runs = self.runs(project);
        let transfers = self.transfers(project);
        let mut found = Vec::new();
        for (index, _, to) in &transfers {
            let Some(instruction) = file.instructions.get(*index) else { continue };
            let Some(flag) = instruction.flag("chown") else { continue };
            if !self.is_of(flag, *index, identity) || !is_place_of_code(to, identity) {
                continue;
            }
            if written.iter().any(|w| is_within(to, &w.path)) {
                continue;
            }
            let why = closed(instruction)
                .or_else(|| self.user_works_in(project, &runs, to))
                .or_else(|| self.closes(&runs, to));
            let outcome = match why {
                Some(why) => Outcome::Stays(why, None),
                None => match self.without_flag(project, file, instruction, flag, (*index, to), identity) {
                    Some((kept, edits)) => Outcome::Kept(kept, edits),
                    None => continue,
                },
            };
            found.push(Given { path: to.clone(), span: flag.span, outcome });
        }
        for run in &runs {
            for call in run.calls().filter(|c| c.program == "chown" && !c.command.context.function) {
                found.extend(self.given_by(project, file, &runs, run, call, identity, &written));
            }
        }
        found
    }

    /// The code that a `chown` gives to the user.
    #[expect(clippy::too_many_arguments, reason = "what is known of the stage is told once")]
    fn given_by(
        &self,
        project: &Project,
        file: &Dockerfile,
        runs: &[Run<'_>],
        run: &Run<'_>,
        call: Call<'_>,
        identity: &Identity,
        written: &[Writable],
    ) -> Option<Given> {
        let state = self.state_at(run.index);
        let words = values(call.args, state);
        let options = call.args.iter().filter(|w| w.text.starts_with('-'));
        let mut operands = call.args.iter().zip(words).filter(|(w, _)| !w.text.starts_with('-'));
        let (owner, value) = operands.next()?;
        if !is_user(&value?, identity) || options.clone().any(|w| w.text.starts_with("--")) {
            return None;
        }
        let recursive = call.has_option(&["-R"]);
        let copied: Vec<String> = self.transfers(project).into_iter().map(|(_, _, to)| to).collect();
        let workdir = self.end().workdir().value();
        let (mut code, mut kept, mut others) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut home = false;
        for (word, value) in operands {
            let all = value.as_deref().is_some_and(|v| v.ends_with('*'));
            let path = value.and_then(|v| absolute(v.trim_end_matches('*').trim_end_matches('/'), state));
            let path = path.filter(|path| {
                is_place_of_code(path, identity)
                    && copied.iter().any(|to| is_within(to, path))
                    && (recursive || workdir == Some(path))
                    && !written.iter().any(|w| is_within(path, &w.path))
            });
            let Some(path) = path else {
                others.push(word.text.to_string());
                continue;
            };
            if recursive {
                let made_before = |w: &&Writable| matches!(w.reason, Reason::Made(at) if at <= run.index);
                kept.extend(written.iter().filter(made_before).map(|w| w.path.clone()));
                kept.extend(self.data_in_context(project, &path, run.index));
                kept.retain(|k| is_within(k, &path));
            }
            home |= identity.home.as_deref() == Some(&path) && !all;
            code.push(path);
        }
        let path = code.first()?.clone();
        let given = |outcome| Some(Given { path: path.clone(), span: call.command.span, outcome });
        let why = code
            .iter()
            .find_map(|path| self.user_works_in(project, runs, path).or_else(|| self.closes(runs, path)));
        if let Some(why) = why {
            let late = self.late_ownership(project, run, call);
            return given(Outcome::Stays(why, late.and_then(|late| late.edits(file, call))));
        }
        let mut kept: Vec<String> = kept.into_iter().collect();
        // What lies in another that is kept is kept with it.
        let all = kept.clone();
        kept.retain(|k| !all.iter().any(|other| other != k && is_within(k, other)));
        others.extend(kept.iter().cloned());
        let options: Vec<&str> = options.map(|w| w.text.as_str()).collect();
        let mut commands = Vec::new();
        if !others.is_empty() {
            let words = options.iter().copied().chain([owner.text.as_str()]);
            let words: Vec<&str> = words.chain(others.iter().map(String::as_str)).collect();
            commands.push(format!("chown {}", words.join(" ")));
        }
        let lone_home = home && code.len() == 1 && !recursive;
        if lone_home {
            return None;
        }
        if home && let Some(home) = &identity.home {
            kept.insert(0, home.clone());
            commands.push(format!("chown {} {home}", owner.text));
        }
        let edit = if commands.is_empty() {
            match run.shell.commands.as_slice() {
                [only] if only.span == call.command.span => Some(edit::remove(file, run.instruction)),
                _ => edit::remove_command(file, &run.shell, call.command),
            }
        } else {
            let span = call.command.span;
            let chained = commands.len() == 1 || call.command.context.depth == 0;
            let plain = call.command.redirects.is_empty() && call.name.span.start == span.start;
            (chained && plain && !edit::has_comment(file, span))
                .then(|| Edit { span, text: commands.join(" && ") })
        };
        let outcome = match edit {
            Some(edit) => Outcome::Kept(kept, vec![edit]),
            None => Outcome::Stays("its `chown` is part of something that cannot be taken apart here", None),
        };
        given(outcome)
    }

    /// A `COPY` without `--chown`, and what of it goes on being the user's.
    fn without_flag(
        &self,
        project: &Project,
        file: &Dockerfile,
        instruction: &Instruction,
        flag: &Flag,
        (index, to): (usize, &str),
        identity: &Identity,
    ) -> Option<(Vec<String>, Vec<Edit>)> {
        let mut edits = vec![edit::remove_word(file, flag.span)?];
        let kept = self.data_in_context(project, to, index + 1);
        if !kept.is_empty() {
            let command = format!("chown -R {} {}", identity.owner(), kept.join(" "));
            let run = [edit::New::new(seaworthy_syntax::dockerfile::Keyword::Run, command)];
            if !is_root(self.state_at(index)) {
                return None;
            }
            edits.push(edit::insert_after(file, instruction, &run));
        }
        Some((kept, edits))
    }

    /// Whether a `--chown` names the user.
    fn is_of(&self, flag: &Flag, index: usize, identity: &Identity) -> bool {
        let value = flag.value.as_ref().and_then(|v| v.expand(&self.state_at(index)).ok()?.value);
        value.is_some_and(|value| is_user(&value, identity))
    }

    /// Directories of data that are copied into a tree before an instruction: what an application keeps there may be its own.
    fn data_in_context(&self, project: &Project, tree: &str, before: usize) -> Vec<String> {
        let context = project.build(self.build).context();
        let mut found = BTreeSet::new();
        for copied in self.copied().iter().filter(|c| c.since < before) {
            let What::Directory(directory) = &copied.what else { continue };
            for first in ["", "public/", "static/", "var/"] {
                for name in DATA {
                    let below = format!("{first}{name}");
                    let path = directory.join(&below);
                    let target = format!("{}/{below}", copied.target.trim_end_matches('/'));
                    let is_directory =
                        project.files.exists(&path) == Some(true) && !project.files.is_file(&path);
                    if !is_directory
                        || !is_within(&target, tree)
                        || context.is_some_and(|c| c.ignores(&path))
                        || project.files.below(&path).any(|file| is_code(&file))
                    {
                        continue;
                    }
                    found.insert(target);
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether commands that the user runs may write into a directory of the image.
    fn user_works_in(&self, project: &Project, runs: &[Run<'_>], path: &str) -> Option<&'static str> {
        let works = runs.iter().filter(|run| !is_root(self.state_at(run.index))).any(|run| {
            let state = self.state_at(run.index);
            let here = absolute(".", state).is_some_and(|w| is_within(&w, path) || is_within(path, &w));
            here || project.text(run.instruction.span).contains(path)
        });
        // A stage that goes on from this one may do so, too.
        let goes_on =
            project.build(self.build).stages.iter().any(|s| s.base == super::Base::Stage(self.index));
        (works || goes_on).then_some("commands of the build run as this user and may write there")
    }

    /// Whether a mode leaves what lies in a directory to its owner alone.
    fn closes(&self, runs: &[Run<'_>], path: &str) -> Option<&'static str> {
        let closes = runs.iter().any(|run| {
            let state = self.state_at(run.index);
            run.calls().filter(|c| c.program == "chmod").any(|call| {
                let mut words = values(call.args, state).into_iter().flatten().filter(|w| !is_option(w));
                let mode = words.next().unwrap_or_default();
                let shut = opened(&mode).is_some()
                    || mode.split_once(['-', '=']).is_some_and(|(who, what)| {
                        who.contains(['o', 'a']) && (mode.contains('=') != what.contains('r'))
                    });
                shut && words
                    .filter_map(|w| absolute(&w, state))
                    .any(|w| is_within(&w, path) || is_within(path, &w))
            })
        });
        closes.then_some("a mode leaves it to its owner alone")
    }
}

fn is_option(word: &str) -> bool {
    word.starts_with('-')
        && word[1..]
            .chars()
            .all(|c| "RcfvHLP-".contains(c) || c.is_ascii_lowercase() && word.starts_with("--"))
}

/// Whether the mode of a `COPY` leaves its files to their owner alone.
fn closed(instruction: &Instruction) -> Option<&'static str> {
    let mode = instruction.flag("chmod")?.value.as_ref()?;
    opened(&mode.text).map(|_| "its mode leaves it to its owner alone")
}

/// Whether an owner, as `chown` takes it, is the user.
fn is_user(owner: &str, identity: &Identity) -> bool {
    let user = owner.split([':', '.']).next().unwrap_or_default();
    !user.is_empty() && (identity.name.as_deref() == Some(user) || user.parse() == Ok(identity.uid))
}

/// Whether an image has code at a path, which its program only reads.
fn is_place_of_code(path: &str, identity: &Identity) -> bool {
    let hidden = |home: &str| path.strip_prefix(home).is_some_and(|rest| rest.starts_with("/."));
    path.len() > 1
        && path != "/home"
        && !identity.home.as_deref().is_some_and(hidden)
        && (CODE.iter().any(|c| is_within(path, c))
            || is_within(path, "/var/www") && path != "/var/www"
            || !SYSTEM.iter().any(|s| is_within(path, s)))
}
