//! Our own contract, version 1: `docs/report.schema.json`. A change that breaks a reader is a new version.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::places::Places;
use crate::check::Report as Findings;
use crate::diagnostic::{Diagnostic, Safety};
use crate::rule::Severity;
use seaworthy_syntax::{SourceId, Span};

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    findings: Vec<Finding<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    rule: &'a str,
    aliases: &'a [&'a str],
    category: &'a str,
    severity: &'a str,
    message: Cow<'a, str>,
    path: &'a str,
    start: Position,
    end: Position,
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
pub(super) struct Position {
    offset: u32,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    message: Cow<'a, str>,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: Cow<'a, str>,
    safety: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    text: &'a str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    findings: usize,
    fixable: usize,
    suppressed: usize,
    by_severity: BySeverity,
}

#[derive(Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

pub(super) fn write(report: &Findings, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<Finding<'_>> = report.diagnostics.iter().map(|d| finding(d, places)).collect();
    let applied = |f: &&Finding<'_>| f.fix.as_ref().is_some_and(|f| f.safety != Safety::Manual.as_str());
    let graded = |severity| report.diagnostics.iter().filter(|d| d.severity == severity).count();
    let summary = Summary {
        files: places.files(),
        findings: findings.len(),
        fixable: findings.iter().filter(applied).count(),
        suppressed: report.suppressed,
        by_severity: BySeverity {
            critical: graded(Severity::Critical),
            high: graded(Severity::High),
            medium: graded(Severity::Medium),
            low: graded(Severity::Low),
        },
    };
    serde_json::to_writer_pretty(&mut *out, &Report { version: 1, findings, summary })?;
    writeln!(out)
}

pub(super) fn finding<'a>(diagnostic: &'a Diagnostic, places: &Places<'a>) -> Finding<'a> {
    let rule = diagnostic.rule;
    let (path, start, end) = place(diagnostic.span, places);
    Finding {
        rule: rule.name,
        aliases: diagnostic.ids,
        category: rule.category.as_str(),
        severity: diagnostic.severity.as_str(),
        message: places.message(&diagnostic.message, diagnostic.span),
        path,
        start,
        end,
        related: diagnostic
            .related
            .iter()
            .map(|label| {
                let (path, start, end) = place(label.span, places);
                Related { path, start, end, message: places.message(&label.message, label.span) }
            })
            .collect(),
        fix: places.fix(diagnostic).map(|fix| Fix {
            title: places.message(&fix.title, diagnostic.span),
            safety: fix.safety.as_str(),
            edits: fix
                .edits
                .iter()
                .map(|edit| {
                    let (path, start, end) = place(edit.span, places);
                    Edit { path, start, end, text: &edit.text }
                })
                .collect(),
        }),
    }
}

pub(super) fn place<'a>(span: Span, places: &Places<'a>) -> (&'a str, Position, Position) {
    let position = |source: SourceId, offset: u32, at: seaworthy_syntax::Position| Position {
        offset: places.file_offset(source, offset),
        line: at.line,
        column: at.column,
    };
    let start = position(span.source, span.start, places.start(span));
    let end = position(span.source, span.end, places.end(span));
    (places.path(span.source), start, end)
}
