//! Commands of GitHub's workflows, which annotate the lines of a pull request.

use std::io::{self, Write};

use super::places::Places;
use crate::check::Report;
use crate::rule::Severity;

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        let command = match diagnostic.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low => "notice",
        };
        let rule = diagnostic.rule.name;
        let path = places.path(diagnostic.span.source);
        let (start, end) = (places.start(diagnostic.span), places.end(diagnostic.span));
        write!(out, "::{command} title={},", property(&format!("seaworthy ({rule})")))?;
        write!(out, "file={},line={},endLine={}", property(path), start.line, end.line)?;
        // GitHub refuses columns where an annotation covers several lines.
        if start.line == end.line {
            write!(out, ",col={},endColumn={}", start.column, end.column)?;
        }
        let message = places.shown_message(&diagnostic.message, diagnostic.span);
        // The log shows nothing but the message, so it has to say where.
        let message = format!("{path}:{}:{}: {rule} {message}", start.line, start.column);
        writeln!(out, "::{}", data(&message))?;
    }
    Ok(())
}

/// A message as the runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property as the runner reads it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
