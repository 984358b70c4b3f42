//! `seaworthy check`.

use std::io::Write;

use seaworthy_engine::check;
use seaworthy_syntax::LineIndex;

use super::load::{Loaded, load};
use crate::args::{Check, Global};
use crate::error::Error;
use crate::output::{count, stdout};
use crate::progress::Progress;
use crate::{CLEAN, FAILED, FOUND};

/// Checks, prints, and tells the exit status.
pub(crate) fn run(args: &Check, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let Loaded { project, config, failed, .. } = load(&args.input, &args.selection, global, &progress)?;
    let report = check(&project, &config);
    drop(progress);
    let mut out = stdout();
    for parse in project.parses() {
        for error in parse.errors() {
            let text = &parse.source.text;
            let at = LineIndex::new(text).position(text, error.span.start);
            writeln!(
                out,
                "{}:{}:{}: high syntax-error {}",
                parse.source.path, at.line, at.column, error.value
            )?;
        }
    }
    for diagnostic in &report.diagnostics {
        let Some(parse) = project.parse(diagnostic.span.source) else { continue };
        let text = &parse.source.text;
        let at = LineIndex::new(text).position(text, diagnostic.span.start);
        writeln!(
            out,
            "{}:{}:{}: {} {} {}",
            parse.source.path,
            at.line,
            at.column,
            diagnostic.severity.as_str(),
            diagnostic.rule.name,
            diagnostic.message
        )?;
    }
    if !global.quiet {
        writeln!(
            out,
            "{} in {}",
            count(report.diagnostics.len(), "finding"),
            count(project.parses().len(), "file")
        )?;
    }
    out.flush()?;
    Ok(match (failed, report.diagnostics.is_empty()) {
        (true, _) => FAILED,
        (false, true) => CLEAN,
        (false, false) => FOUND,
    })
}
