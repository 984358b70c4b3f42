//! One line a finding.

use std::io::{self, Write};

use super::places::Places;
use crate::check::Report;

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        let at = places.start(diagnostic.span);
        writeln!(
            out,
            "{}:{}:{}: {} {} {}",
            places.path(diagnostic.span.source),
            at.line,
            at.column,
            diagnostic.severity.as_str(),
            diagnostic.rule.name,
            diagnostic.message,
        )?;
    }
    Ok(())
}
