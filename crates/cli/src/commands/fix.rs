//! `seaworthy fix`.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use seaworthy_engine::fix::{Dropped, Fixed, fix};
use seaworthy_engine::{Project, Safety, Source};
use similar::{ChangeTag, TextDiff};

use super::load::{Loaded, load};
use crate::args::{Fix, Global};
use crate::error::Error;
use crate::output::{self, complain, count, stdout};
use crate::progress::Progress;
use crate::write::replace;
use crate::{CLEAN, FAILED, FOUND};

/// Fixes, writes, prints what remains, and tells the exit status.
pub(crate) fn run(args: &Fix, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let loaded = load(&args.input, &args.selection, global, &progress)?;
    if loaded.misconfigured {
        return Err(Error::message(
            "nothing was fixed, since the settings cannot be understood; mend them first",
        ));
    }
    let Loaded { project, config, tree, stdin, failed, .. } = loaded;
    let before: Vec<Source> = project.parses().iter().map(|p| p.source.clone()).collect();
    let safety = if args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let fixed = fix(project, &config, safety);
    drop(progress);
    for dropped in &fixed.dropped {
        complain("warning", &our_bug(dropped, &fixed.project));
    }
    let changes: Vec<(&Source, &Source)> =
        before.iter().zip(&fixed.sources).filter(|(old, new)| old.text != new.text).collect();
    let found = |something: bool| match (failed, something) {
        (true, _) => FAILED,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    };
    if args.diff {
        diff(&changes)?;
    }
    if args.diff || args.check {
        if !global.quiet {
            say(&fixed, changes.len(), "would fix")?;
        }
        return Ok(found(!changes.is_empty()));
    }
    if let Some(label) = stdin {
        let mut out = std::io::stdout().lock();
        if let Some(source) = fixed.sources.iter().find(|s| s.path == label) {
            out.write_all(&source.to_bytes())?;
        }
        out.flush()?;
        return Ok(found(!fixed.report.diagnostics.is_empty()));
    }
    replace(&changes, &tree)?;
    output::report(&fixed.report, &fixed.project, &args.output, global)?;
    if !global.quiet {
        say(&fixed, changes.len(), "fixed")?;
    }
    Ok(found(!fixed.report.diagnostics.is_empty()))
}

/// Says how many findings of which rules were fixed. It is no part of the report: it goes to standard error.
fn say(fixed: &Fixed, files: usize, done: &str) -> Result<(), Error> {
    let mut out = anstream::stderr().lock();
    let all: usize = fixed.applied.values().sum();
    if all == 0 {
        writeln!(out, "nothing to fix")?;
        return Ok(());
    }
    let bold = Style::new().bold();
    writeln!(out, "{bold}{done} {} in {}{bold:#}:", count(all, "problem"), count(files, "file"))?;
    let width = fixed.applied.keys().map(|name| name.len()).max().unwrap_or_default();
    let mut applied: Vec<_> = fixed.applied.iter().collect();
    applied.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), **name));
    for (name, n) in applied {
        writeln!(out, "  {name:width$}  {n}")?;
    }
    Ok(())
}

fn our_bug(dropped: &Dropped, project: &Project) -> String {
    let path = project.parse(dropped.source).map_or("?", |p| p.source.path.as_str());
    format!(
        "{path}: the fix of {} was left out, since it {}; this is a bug of seaworthy, please report it at {}/issues",
        dropped.rule,
        dropped.error,
        env!("CARGO_PKG_REPOSITORY"),
    )
}

/// Prints what changes as a unified diff that `patch -p0` applies.
fn diff(changes: &[(&Source, &Source)]) -> Result<(), Error> {
    let mut out = stdout();
    let color = std::io::stdout().is_terminal();
    for (old, new) in changes {
        let diff = TextDiff::from_lines(&*old.text, &*new.text);
        let name = old.path.as_str();
        if !color {
            // Bytes that are no text come out as they are in the file.
            let text = diff.unified_diff().header(name, name).to_string();
            out.write_all(&old.with_text(text).to_bytes())?;
            continue;
        }
        let bold = Style::new().bold();
        writeln!(out, "{bold}--- {name}{bold:#}\n{bold}+++ {name}{bold:#}")?;
        for hunk in diff.unified_diff().iter_hunks() {
            let header = AnsiColor::Cyan.on_default();
            writeln!(out, "{header}{}{header:#}", hunk.header())?;
            for change in hunk.iter_changes() {
                let style = match change.tag() {
                    ChangeTag::Delete => AnsiColor::Red.on_default(),
                    ChangeTag::Insert => AnsiColor::Green.on_default(),
                    ChangeTag::Equal => Style::new(),
                };
                let line = change.value().trim_end_matches(['\n', '\r']);
                writeln!(out, "{style}{}{line}{style:#}", change.tag())?;
                if change.missing_newline() {
                    writeln!(out, "\\ No newline at end of file")?;
                }
            }
        }
    }
    out.flush()?;
    Ok(())
}
