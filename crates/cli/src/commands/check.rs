//! `seaworthy check`.

use seaworthy_engine::baseline::Baseline;
use seaworthy_engine::check;

use super::load::{Loaded, Variants, load};
use crate::args::{Check, Global};
use crate::error::{Error, reason};
use crate::progress::Progress;
use crate::{CLEAN, FAILED, FOUND, output};

/// Checks, prints, and tells the exit status.
pub(crate) fn run(args: &Check, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let Loaded { project, mut config, failed, .. } =
        load(&args.input, &args.selection, global, &progress, Variants::AsFound)?;
    config.fixes = args.output.statistics || args.output.format.shows_fixes();
    let mut report = check(&project, &config);
    drop(progress);
    if let Some(path) = &args.write_baseline {
        let text = Baseline::of(&report, &project).write().map_err(Error::message)?;
        std::fs::write(path, text)
            .map_err(|e| Error::message(format!("cannot write the baseline {path}: {}", reason(&e))))?;
        output::complain("note", &format!("wrote {} findings to {path}", report.diagnostics.len()));
        return Ok(if failed { FAILED } else { CLEAN });
    }
    if let Some(path) = &args.baseline {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::message(format!("cannot read the baseline {path}: {}", reason(&e))))?;
        let baseline = Baseline::read(&text).map_err(|e| Error::message(format!("{path} {e}")))?;
        baseline.subtract(&mut report, &project);
    }
    output::report(&report, &project, &args.output, global)?;
    let status = match (failed, report.diagnostics.iter().any(|d| config.fails(d))) {
        (true, _) => FAILED,
        (false, false) => CLEAN,
        (false, true) => FOUND,
    };
    // The program ends: the system takes all of it back at once, faster than piece by piece.
    std::mem::forget((project, report));
    Ok(status)
}
