//! One line a finding.

use std::io::{self, Write};

use anstyle::Style;
use rayon::prelude::*;

use super::places::Places;
use super::style;
use crate::check::Report;
use crate::diagnostic::Diagnostic;

/// How many lines are put together in one go.
const BATCH: usize = 512;

pub(super) fn write(
    report: &Report,
    places: &Places<'_>,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Lines do not depend on each other, and a report may have many: too many to hold all of them.
    for some in report.diagnostics.chunks(BATCH * 32) {
        let parts: Vec<String> = some
            .par_chunks(BATCH)
            .map(|some| some.iter().fold(String::new(), |text, d| text + &line(d, places, color)))
            .collect();
        parts.iter().try_for_each(|part| out.write_all(part.as_bytes()))?;
    }
    Ok(())
}

fn line(diagnostic: &Diagnostic, places: &Places<'_>, color: bool) -> String {
    let at = places.start(diagnostic.span);
    let (bold, grade) =
        if color { (Style::new().bold(), style(diagnostic.severity)) } else { Default::default() };
    format!(
        "{bold}{}{bold:#}:{}:{}: {grade}{}{grade:#} {} {}\n",
        places.shown_path(diagnostic.span.source),
        at.line,
        at.column,
        diagnostic.severity.as_str(),
        diagnostic.rule.name,
        places.shown_message(&diagnostic.message, diagnostic.span),
    )
}
