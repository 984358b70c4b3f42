//! GitLab's code quality report.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::places::Places;
use crate::check::Report;
use crate::rule::Severity;
use seaworthy_syntax::Position;

#[derive(Serialize)]
struct Issue<'a> {
    description: Cow<'a, str>,
    check_name: &'a str,
    fingerprint: String,
    severity: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

impl From<Position> for Place {
    fn from(at: Position) -> Self {
        Self { line: at.line, column: at.column }
    }
}

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let issues: Vec<Issue<'_>> = report
        .diagnostics
        .iter()
        .map(|diagnostic| Issue {
            description: places.message(&diagnostic.message, diagnostic.span),
            check_name: diagnostic.rule.name,
            fingerprint: fingerprints.of(diagnostic, places),
            severity: match diagnostic.severity {
                Severity::Critical => "critical",
                Severity::High => "major",
                Severity::Medium => "minor",
                Severity::Low => "info",
            },
            location: Location {
                path: places.path(diagnostic.span.source),
                positions: Positions {
                    begin: places.start(diagnostic.span).into(),
                    end: places.end(diagnostic.span).into(),
                },
            },
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}
