//! `seaworthy variant`.

use std::io::Write;

use camino::Utf8PathBuf;
use seaworthy_engine::render::variant::{Format, render, summary};
use seaworthy_engine::variant::{Made, Status, variant_of, wanted};
use seaworthy_engine::{Source, SourceId, Span};

use super::fix::our_bug;
use super::load::{Loaded, Variants, load};
use crate::args::{Global, Input, Selection, Variant};
use crate::discover::Asked;
use crate::error::Error;
use crate::output::{colored, complain, diff, stdout};
use crate::progress::Progress;
use crate::write::write;
use crate::{CLEAN, FAILED, FOUND, discover};

/// Makes variants, writes them, prints what was done, and tells the exit status.
pub(crate) fn run(args: &Variant, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let selection = Selection { ignore: args.ignore.clone(), ..Selection::default() };
    let input = &args.input;
    if input.stdin_filename.is_some() || input.paths.iter().any(|path| path == "-") {
        return Err(Error::message(
            "a variant lies beside its Dockerfile, so standard input can have none; name a file",
        ));
    }
    let cwd = std::env::current_dir().ok().and_then(|cwd| Utf8PathBuf::from_path_buf(cwd).ok());
    let asked = Asked::of(&input.paths, &cwd.unwrap_or_default());
    let input = Input { paths: asked.paths.clone(), config: input.config.clone(), ..Input::default() };
    let loaded = load(&input, &selection, global, &progress, Variants::Beside)?;
    if loaded.misconfigured {
        return Err(Error::message(
            "no variant was made, since the settings cannot be understood; mend them first",
        ));
    }
    let Loaded { mut project, config, tree, failed, .. } = loaded;
    let wanted = wanted(&project);
    discover::supply(&mut project.files, wanted, &tree);
    progress.doing("making variants");
    let made = variant_of(project, &config, |path| asked.has(path));
    drop(progress);
    for dropped in &made.dropped {
        complain("warning", &our_bug(dropped, &made.project));
    }
    let outputs = || made.variants.iter().flat_map(|v| &v.outputs);
    let changes: Vec<(Option<&Source>, &Source)> = outputs()
        .filter(|output| output.status.is_written())
        .map(|output| (output.existing.as_ref(), &output.source))
        .collect();
    let dry = args.diff || args.check;
    let conflicts: Vec<(Option<&Source>, &Source)> = outputs()
        .filter(|output| output.status == Status::Conflict)
        .map(|output| (output.existing.as_ref(), &output.source))
        .collect();
    if !dry {
        write(&changes, &tree)?;
    }
    let hidden = made.secrets.iter().flat_map(|d| &d.hidden).map(|span| made.project.text(*span));
    let values: Vec<&str> =
        hidden.map(|value| value.trim_matches(['"', '\''])).filter(|v| v.chars().count() >= 3).collect();
    let secrets = |source: &Source| {
        let mut both = changes.iter().chain(&conflicts);
        let old = both.find(|(_, new)| new.path == source.path).and_then(|(old, _)| *old);
        [old.map_or_else(Vec::new, |old| occurrences(&old.text, &values)), occurrences(&source.text, &values)]
    };
    if args.diff {
        diff::print(&changes, &secrets)?;
        if !global.quiet {
            complain_of(&made, false);
        }
    } else {
        print(&made, args.format.into(), !dry, global)?;
    }
    // What is refused is shown, so that it can be taken over by hand.
    if args.diff || args.format == crate::args::VariantFormat::Text && !global.quiet {
        diff::print(&conflicts, &secrets)?;
    }
    let drifts = made.variants.iter().any(|v| !v.drift.is_empty());
    let found = !conflicts.is_empty() || drifts || dry && !changes.is_empty();
    Ok(match (failed, found) {
        (true, _) => FAILED,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    })
}

/// Where values stand in a text, in its order.
fn occurrences(text: &str, values: &[&str]) -> Vec<Span> {
    let of = |value: &&str| {
        let length = value.len() as u32;
        let at = text.match_indices(*value).map(|(at, _)| at as u32).collect::<Vec<_>>();
        at.into_iter().map(move |start| Span { source: SourceId(0), start, end: start + length })
    };
    let mut found: Vec<Span> = values.iter().flat_map(of).collect();
    found.sort();
    found.dedup();
    found
}

fn print(made: &Made, format: Format, done: bool, global: &Global) -> Result<(), Error> {
    if global.quiet && format == Format::Text {
        return Ok(());
    }
    let mut out = stdout();
    render(made, format, colored(), done, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Says on standard error what a diff does not show.
fn complain_of(made: &Made, done: bool) {
    complain("note", &summary(made, done));
}
