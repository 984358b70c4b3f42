//! `seaworthy fix`.

use std::io::Write;

use anstyle::Style;
use seaworthy_engine::fix::{Dropped, Fixed, fix};
use seaworthy_engine::syntax::Span;
use seaworthy_engine::{Project, Safety, Source};

use super::load::{Loaded, Variants, load};
use crate::args::{Fix, Global};
use crate::error::Error;
use crate::output::{self, complain, count, diff};
use crate::progress::Progress;
use crate::write::write;
use crate::{CLEAN, FAILED, FOUND};

/// Fixes, writes, prints what remains, and tells the exit status.
pub(crate) fn run(args: &Fix, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let loaded = load(&args.input, &args.selection, global, &progress, Variants::AsFound)?;
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
    let changes: Vec<(Option<&Source>, &Source)> = before
        .iter()
        .zip(&fixed.sources)
        .filter(|(old, new)| old.text != new.text)
        .map(|(old, new)| (Some(old), new))
        .collect();
    let found = |something: bool| match (failed, something) {
        (true, _) => FAILED,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    };
    if args.diff {
        let secrets = |source: &Source| {
            let id = before.iter().position(|s| s.path == source.path);
            let of = |all: &[Span]| {
                all.iter().copied().filter(|span| Some(span.source.0 as usize) == id).collect()
            };
            [of(&fixed.hidden), of(&fixed.report.hidden)]
        };
        let masked = diff::print(&changes, &secrets)?;
        if masked > 0 && !global.quiet {
            complain("note", &hidden(masked));
        }
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
    write(&changes, &tree)?;
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

pub(super) fn our_bug(dropped: &Dropped, project: &Project) -> String {
    let path = project.parse(dropped.source).map_or("?", |p| p.source.path.as_str());
    format!(
        "{path}: the fix of {} was left out, since it {}; this is a bug of seaworthy, please report it at {}/issues",
        dropped.rule,
        dropped.error,
        env!("CARGO_PKG_REPOSITORY"),
    )
}

fn hidden(lines: usize) -> String {
    format!(
        "{} of the diff hold{} a secret, shown as `…`, so that it does not apply there; `seaworthy fix` writes it",
        count(lines, "line"),
        if lines == 1 { "s" } else { "" }
    )
}
