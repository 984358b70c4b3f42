//! From the command line to a project and its settings.

use rayon::prelude::*;
use seaworthy_engine::{Config, Project, SourceId, parse};

use crate::args::{Global, Input, Selection};
use crate::discover::{self, Note, Tree};
use crate::error::Error;
use crate::output::{complain, count};
use crate::progress::Progress;

/// What a command works on.
pub(crate) struct Loaded {
    pub(crate) project: Project,
    pub(crate) config: Config,
    pub(crate) tree: Tree,
    /// Whether something that was asked for could not be read.
    pub(crate) failed: bool,
}

/// Finds, reads and lowers everything.
pub(crate) fn load(
    input: &Input,
    selection: &Selection,
    global: &Global,
    progress: &Progress,
) -> Result<Loaded, Error> {
    progress.doing("looking for Dockerfiles, Compose files, manifests and workflows");
    let mut config = Config::default();
    if let Some(level) = selection.severity {
        config.severity = level.into();
    }
    config.target = selection.target.map(Into::into);
    let found = discover::discover(&input.paths, input.stdin_filename.as_deref(), &|_| false)?;
    let mut failed = false;
    for note in &found.notes {
        match note {
            Note::Failure(message) => {
                failed = true;
                complain("error", message);
            }
            Note::Warning(message) if !global.quiet => complain("warning", message),
            Note::Detail(message) if global.verbose => complain("note", message),
            Note::Warning(_) | Note::Detail(_) => {}
        }
    }
    progress.doing(format!("reading {}", count(found.sources.len(), "file")));
    let parses: Vec<_> = found
        .sources
        .into_par_iter()
        .enumerate()
        .map(|(n, source)| parse(SourceId(n as u32), source))
        .collect();
    let mut files = found.files;
    loop {
        let wanted = Project::wanted(&parses, &files);
        if wanted.is_empty() {
            break;
        }
        discover::supply(&mut files, wanted, &found.tree);
    }
    let project = Project::of(parses, files);
    progress.doing(format!("checking {}", count(project.parses().len(), "file")));
    Ok(Loaded { project, config, tree: found.tree, failed })
}
