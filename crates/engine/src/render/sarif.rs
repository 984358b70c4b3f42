//! SARIF 2.1.0.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::HOME;
use super::fingerprint::Fingerprints;
use super::places::Places;
use crate::check::Report;
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::rule::{Category, Rule, Severity};
use seaworthy_syntax::{SourceId, Span};

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    id: &'a str,
    short_description: Text<'a>,
    full_description: Text<'a>,
    help: Help<'a>,
    default_configuration: Configuration,
    properties: RuleProperties<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties<'a> {
    tags: Vec<&'a str>,
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
    /// The number that GitHub grades security findings by.
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: Fingerprint,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Mended<'a>>,
    properties: Properties,
}

#[derive(Serialize)]
struct Properties {
    severity: &'static str,
}

#[derive(Serialize)]
struct Fingerprint {
    #[serde(rename = "seaworthy/v1")]
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(rename = "physicalLocation")]
    place: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mended<'a> {
    description: Text<'a>,
    artifact_changes: Vec<Change<'a>>,
    properties: FixProperties,
}

#[derive(Serialize)]
struct FixProperties {
    safety: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Text<'a>,
}

pub(super) fn write(report: &Report, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let fired: BTreeMap<&str, &'static Rule> =
        report.diagnostics.iter().map(|d| (d.rule.name, d.rule)).collect();
    let numbers: BTreeMap<&str, usize> = fired.keys().enumerate().map(|(i, name)| (*name, i)).collect();
    let mut fingerprints = Fingerprints::default();
    let results = report
        .diagnostics
        .iter()
        .map(|diagnostic| Found {
            rule_id: diagnostic.rule.name,
            rule_index: numbers[diagnostic.rule.name],
            level: level(diagnostic.severity),
            message: Text { text: places.message(&diagnostic.message, diagnostic.span) },
            locations: [Location { id: None, place: physical(diagnostic.span, places), message: None }],
            related_locations: related(diagnostic, places),
            partial_fingerprints: Fingerprint { value: fingerprints.of(diagnostic, places) },
            fixes: places
                .fix(diagnostic)
                .filter(|fix| fix.safety > Safety::Manual)
                .map(|fix| mended(fix, diagnostic.span, places))
                .into_iter()
                .collect(),
            properties: Properties { severity: diagnostic.severity.as_str() },
        })
        .collect();
    let driver = Driver {
        name: "seaworthy",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: HOME,
        rules: fired.into_values().map(descriptor).collect(),
    };
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn descriptor(rule: &'static Rule) -> Descriptor<'static> {
    let security = rule.category == Category::Security;
    let full = format!("{}. {}.", rule.why(), rule.remedy());
    Descriptor {
        id: rule.name,
        short_description: Text { text: rule.summary.into() },
        full_description: Text { text: full.into() },
        help: Help { text: rule.docs, markdown: rule.docs },
        default_configuration: Configuration { enabled: rule.default, level: level(rule.severity) },
        properties: RuleProperties {
            tags: std::iter::once(rule.category.as_str()).chain(rule.aliases.iter().copied()).collect(),
            precision: "high",
            problem_severity: match rule.severity {
                Severity::Critical | Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low => "recommendation",
            },
            security_severity: security.then_some(match rule.severity {
                Severity::Critical => "9.5",
                Severity::High => "8.0",
                Severity::Medium => "5.5",
                Severity::Low => "3.0",
            }),
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn related<'a>(diagnostic: &'a Diagnostic, places: &Places<'a>) -> Vec<Location<'a>> {
    let labels = diagnostic.related.iter().enumerate();
    labels
        .map(|(i, label)| Location {
            id: Some(i + 1),
            place: physical(label.span, places),
            message: Some(Text { text: places.message(&label.message, label.span) }),
        })
        .collect()
}

fn mended<'a>(fix: &'a Fix, at: Span, places: &Places<'a>) -> Mended<'a> {
    let mut changes: BTreeMap<SourceId, Vec<Replacement<'a>>> = BTreeMap::new();
    for edit in &fix.edits {
        changes.entry(edit.span.source).or_default().push(Replacement {
            deleted_region: region(edit.span, places),
            inserted_content: Text { text: Cow::Borrowed(&edit.text) },
        });
    }
    Mended {
        description: Text { text: places.message(&fix.title, at) },
        artifact_changes: changes
            .into_iter()
            .map(|(source, replacements)| Change {
                artifact_location: artifact(places.path(source)),
                replacements,
            })
            .collect(),
        properties: FixProperties { safety: fix.safety.as_str() },
    }
}

fn physical(span: Span, places: &Places<'_>) -> Physical {
    Physical { artifact_location: artifact(places.path(span.source)), region: region(span, places) }
}

fn region(span: Span, places: &Places<'_>) -> Region {
    let (start, end) = (places.start(span), places.end(span));
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

/// A path as a URI: relative to the top of what was checked, or absolute.
fn artifact(path: &str) -> Artifact {
    let path = path.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || drive {
        let slash = if drive { "/" } else { "" };
        return Artifact { uri: format!("file://{slash}{}", encoded(&path)), uri_base_id: None };
    }
    Artifact { uri: encoded(&path), uri_base_id: Some("%SRCROOT%") }
}

/// A path with everything percent-encoded that a URI does not hold as it is.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
