//! One line a finding.

use std::io::{self, Write};

use anstyle::Style;

use super::places::Places;
use super::style;
use crate::check::Report;

pub(super) fn write(
    report: &Report,
    places: &Places<'_>,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        let at = places.start(diagnostic.span);
        let (bold, grade) =
            if color { (Style::new().bold(), style(diagnostic.severity)) } else { Default::default() };
        writeln!(
            out,
            "{bold}{}{bold:#}:{}:{}: {grade}{}{grade:#} {} {}",
            places.shown_path(diagnostic.span.source),
            at.line,
            at.column,
            diagnostic.severity.as_str(),
            diagnostic.rule.name,
            places.shown_message(&diagnostic.message, diagnostic.span),
        )?;
    }
    Ok(())
}
