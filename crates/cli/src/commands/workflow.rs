//! `seaworthy workflow`.

use std::fs;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::project::workflow::System;
use seaworthy_engine::variant::Status;

use seaworthy_engine::workflow::{Options, workflow};
use seaworthy_engine::{Project, Source};

use super::load::{Variants, cwd, load};
use crate::args::{Global, Input, Selection, Workflow};
use crate::discover::label;
use crate::error::{Error, reason};
use crate::output::{complain, count, diff};
use crate::progress::Progress;
use crate::write::write;
use crate::{CLEAN, FAILED, FOUND};

/// Makes the workflow and writes it, and tells the exit status.
pub(crate) fn run(args: &Workflow, global: &Global) -> Result<u8, Error> {
    let directory = args.directory.clone().unwrap_or_else(|| ".".into());
    let input = Input { paths: vec![directory.clone()], config: args.config.clone(), ..Input::default() };
    let progress = Progress::new(global.quiet);
    let loaded = load(&input, &Selection::default(), global, &progress, Variants::AsFound)?;
    drop(progress);
    let project = &loaded.project;
    let options = Options {
        system: args.system.map_or_else(|| used(project, &directory), Into::into),
        root: label(&directory, &cwd()?),
        branch: args.branch.clone().or_else(|| checked_out(&directory)).unwrap_or_else(|| "main".into()),
        serial: args.serial,
        registry: args.registry.clone(),
        platforms: args.platforms.clone(),
    };
    let Some(made) = workflow(project, &options) else {
        return Err(Error::message(
            "no Dockerfile that ships was found, so there is nothing to build; name the directory that holds them",
        ));
    };
    if !global.quiet {
        for note in &made.notes {
            complain("note", note);
        }
    }
    let path = &made.source.path;
    let change = [(made.existing.as_ref(), &made.source)];
    let refused = matches!(made.status, Status::Conflict | Status::Foreign);
    let no_secrets = |_: &Source| Default::default();
    if args.diff && made.status != Status::Current || refused {
        diff::print(&change, &no_secrets)?;
    }
    if refused {
        let why = if made.status == Status::Conflict {
            "was edited by hand"
        } else {
            "was written by somebody else"
        };
        complain(
            "error",
            &format!("{path} {why} and stays as it is; take over what you want, or remove it and run again"),
        );
    } else if made.status.is_written() && !args.diff && !args.check {
        if let Some(directory) = path.parent().filter(|d| !d.as_str().is_empty()) {
            fs::create_dir_all(directory).map_err(|e| {
                Error::message(format!("cannot make the directory {directory}: {}", reason(&e)))
            })?;
        }
        write(&change, &loaded.tree)?;
    }
    if !global.quiet && !refused {
        let done = match (made.status, args.diff || args.check) {
            (Status::Current, _) => "is as it should be",
            (_, true) => "would be written",
            (_, false) => "is written",
        };
        let mut out = anstream::stderr().lock();
        writeln!(out, "{path} {done}: it builds {}", count(made.images.len(), "image"))?;
    }
    let found = refused || (args.diff || args.check) && made.status.is_written();
    Ok(match (loaded.failed, found) {
        (true, _) => FAILED,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    })
}

/// What the repository's workflows run on today.
pub(super) fn used(project: &Project, directory: &Utf8Path) -> System {
    let builds = project.image_jobs.first().map(|job| project.workflows[job.workflow].system);
    let any = project.workflows.first().map(|workflow| workflow.system);
    let by_name = [(".github", System::GitHub), (".gitea", System::Gitea), (".forgejo", System::Gitea)];
    let kept = by_name.into_iter().find(|(name, _)| directory.join(name).is_dir()).map(|(_, system)| system);
    builds.or(any).or(kept).unwrap_or(System::GitHub)
}

/// The branch that the remote repository starts from, or else the one that is checked out.
pub(super) fn checked_out(directory: &Utf8Path) -> Option<String> {
    let read = |path: &str, prefix: &str| {
        let head: Utf8PathBuf = directory.join(".git").join(path);
        let text = fs::read_to_string(head).ok()?;
        Some(text.trim().strip_prefix("ref: ")?.strip_prefix(prefix)?.to_owned())
    };
    read("refs/remotes/origin/HEAD", "refs/remotes/origin/").or_else(|| read("HEAD", "refs/heads/"))
}
