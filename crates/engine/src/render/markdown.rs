//! A table for a comment or a job's summary.

use std::io::{self, Write};

use super::places::Places;
use super::text::counted;
use crate::check::Report;

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## seaworthy\n\n{}", counted(report, places.files()))?;
    if report.diagnostics.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| severity | rule | place | message |\n|---|---|---|---|")?;
    for diagnostic in &report.diagnostics {
        let at = places.start(diagnostic.span);
        writeln!(
            out,
            "| {} | `{}` | {}:{} | {} |",
            diagnostic.severity.as_str(),
            diagnostic.rule.name,
            cell(&places.shown_path(diagnostic.span.source)),
            at.line,
            cell(&places.shown_message(&diagnostic.message, diagnostic.span)),
        )?;
    }
    Ok(())
}

/// A text in a cell: what would end the cell or begin an element is escaped. A code span keeps its text as it is,
/// but for the bar that would end the cell.
pub(super) fn cell(text: &str) -> String {
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut code = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        code ^= c == '`' && paired;
        match c {
            '`' if !paired => out.push_str("\\`"),
            '|' => out.push_str("\\|"),
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' if !code => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}
