//! Checkstyle's XML.

use std::io::{self, Write};

use super::places::Places;
use super::xml::Escaped;
use crate::check::Report;
use crate::rule::Severity;

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    for found in report.diagnostics.chunk_by(|a, b| a.span.source == b.span.source) {
        writeln!(out, "  <file name=\"{}\">", Escaped(places.path(found[0].span.source)))?;
        for diagnostic in found {
            let at = places.start(diagnostic.span);
            let severity = match diagnostic.severity {
                Severity::Critical | Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low => "info",
            };
            writeln!(
                out,
                "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"seaworthy.{}\"/>",
                at.line,
                at.column,
                Escaped(places.message(&diagnostic.message, diagnostic.span)),
                diagnostic.rule.name,
            )?;
        }
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}
