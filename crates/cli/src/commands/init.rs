//! `seaworthy init`.

use std::io::Write;

use camino::Utf8Path;
use seaworthy_engine::Source;
use seaworthy_engine::init::{init, wanted};

use super::load::cwd;
use crate::args::Global;
use crate::discover::{self, label};
use crate::error::Error;
use crate::output::{complain, diff, stdout};
use crate::write::write;
use crate::{CLEAN, FAILED};

/// Makes what is missing, writes it, and tells the exit status.
pub(crate) fn run(directory: Option<&Utf8Path>, diff: bool, global: &Global) -> Result<u8, Error> {
    let directory = directory.unwrap_or(Utf8Path::new("."));
    let cwd = cwd()?;
    let top = label(directory, &cwd);
    let found = discover::discover(&[directory.to_owned()], None, &cwd, &|_| false)?;
    let mut files = found.files;
    loop {
        let wanted = wanted(&files, &top);
        if wanted.is_empty() {
            break;
        }
        discover::supply(&mut files, wanted, &found.tree);
    }
    let made = init(&files, &top);
    if !global.quiet {
        for what in &made.found {
            complain("found", what);
        }
        for note in &made.notes {
            complain("note", note);
        }
    }
    if made.found.is_empty() {
        let why = if made.notes.is_empty() {
            "no program was found: pyproject.toml, requirements.txt, package.json, go.mod, Cargo.toml, pom.xml, \
             build.gradle and index.html are looked for"
        } else {
            "nothing was written, since it is not told what runs"
        };
        complain("error", why);
        return Ok(FAILED);
    }
    let changes: Vec<(Option<&Source>, &Source)> = made.files.iter().map(|source| (None, source)).collect();
    if diff {
        diff::print(&changes, &|_: &Source| Default::default())?;
        return Ok(CLEAN);
    }
    write(&changes, &found.tree)?;
    let mut out = stdout();
    for source in made.files.iter().filter(|_| !global.quiet) {
        writeln!(out, "wrote {}", source.path)?;
    }
    out.flush()?;
    Ok(CLEAN)
}
