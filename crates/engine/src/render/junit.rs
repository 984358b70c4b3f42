//! A `JUnit` report: a suite for each file with findings, a failed case for each finding.

use std::io::{self, Write};

use super::places::Places;
use super::xml::Escaped;
use crate::check::Report;

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let count = report.diagnostics.len();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    // A report without a case counts as a run that went wrong in most readers.
    let tests = count.max(1);
    writeln!(out, "<testsuites name=\"seaworthy\" tests=\"{tests}\" failures=\"{count}\" errors=\"0\">")?;
    if count == 0 {
        writeln!(out, "  <testsuite name=\"seaworthy\" tests=\"1\" failures=\"0\" errors=\"0\">")?;
        writeln!(out, "    <testcase name=\"no findings\" classname=\"seaworthy\"/>\n  </testsuite>")?;
    }
    for found in report.diagnostics.chunk_by(|a, b| a.span.source == b.span.source) {
        let path = Escaped(places.path(found[0].span.source));
        let count = found.len();
        writeln!(out, "  <testsuite name=\"{path}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\">")?;
        for diagnostic in found {
            let rule = diagnostic.rule;
            let at = places.start(diagnostic.span);
            let message = places.message(&diagnostic.message, diagnostic.span);
            let place = format!("{}:{}:{}", places.path(diagnostic.span.source), at.line, at.column);
            writeln!(
                out,
                "    <testcase name=\"{} ({}:{})\" classname=\"{path}\" file=\"{path}\" line=\"{}\">",
                rule.name, at.line, at.column, at.line,
            )?;
            let severity = diagnostic.severity.as_str();
            writeln!(
                out,
                "      <failure message=\"{}\" type=\"{severity}\">{}</failure>\n    </testcase>",
                Escaped(&message),
                Escaped(format!("{place}: {severity} {} {message}", rule.name)),
            )?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}
