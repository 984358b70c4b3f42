//! Our own contract, version 1: `docs/variant.schema.json`. A change that breaks a reader is a new version.

use std::borrow::Cow;
use std::io::{self, Write};

use seaworthy_syntax::Span;
use serde::Serialize;

use super::{Change, LeftOut, Made, Omission, Places, Status, Variant};
use crate::project::container::{Action, Probe};
use crate::render::json::{Finding, Position, finding, place};

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    variants: Vec<Entry<'a>>,
    left_out: Vec<Dockerfile<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Entry<'a> {
    source: &'a str,
    path: &'a str,
    status: &'a str,
    files: Vec<File<'a>>,
    changes: Vec<Changed<'a>>,
    left_out: Vec<Omitted<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<Probed<'a>>,
    needs: Needed<'a>,
    drift: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    status: &'a str,
}

#[derive(Serialize)]
struct Changed<'a> {
    rule: &'a str,
    title: Cow<'a, str>,
    message: Cow<'a, str>,
    start: Position,
    end: Position,
}

/// What the image needs where it runs.
#[derive(Serialize)]
struct Needed<'a> {
    user: Option<&'a str>,
    ports: &'a [u16],
    writable: &'a [String],
    filled: &'a [String],
}

/// What the kubelet has to ask instead of the health check, with Docker's numbers where none are written.
#[derive(Serialize)]
struct Probed<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<Cow<'a, str>>>,
    period_seconds: u64,
    timeout_seconds: u64,
    failure_threshold: u64,
    start_seconds: u64,
}

#[derive(Serialize)]
struct Omitted<'a> {
    rule: &'a str,
    message: Cow<'a, str>,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Dockerfile<'a> {
    path: &'a str,
    reason: Cow<'a, str>,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Summary {
    dockerfiles: usize,
    variants: usize,
    left_out: usize,
    changes: usize,
    by_status: ByStatus,
}

#[derive(Serialize)]
struct ByStatus {
    new: usize,
    stale: usize,
    current: usize,
    edited: usize,
    conflict: usize,
    foreign: usize,
}

pub(super) fn write(made: &Made, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let of = |status| made.variants.iter().filter_map(Variant::output).filter(|o| o.status == status).count();
    let summary = Summary {
        dockerfiles: made.variants.len() + made.left_out.len(),
        variants: made.variants.len(),
        left_out: made.left_out.len(),
        changes: made.variants.iter().map(|v| v.changes.len()).sum(),
        by_status: ByStatus {
            new: of(Status::New),
            stale: of(Status::Stale),
            current: of(Status::Current),
            edited: of(Status::Edited),
            conflict: of(Status::Conflict),
            foreign: of(Status::Foreign),
        },
    };
    let variants = made.variants.iter().filter_map(|v| entry(v, places)).collect();
    let left_out = made.left_out.iter().map(|left| dockerfile(left, places)).collect();
    serde_json::to_writer_pretty(&mut *out, &Report { version: 1, variants, left_out, summary })?;
    writeln!(out)
}

fn entry<'a>(variant: &'a Variant, places: &Places<'a>) -> Option<Entry<'a>> {
    let output = variant.output()?;
    let files = variant.outputs.iter();
    let files = files.map(|o| File { path: o.source.path.as_str(), status: o.status.as_str() });
    Some(Entry {
        source: places.path(variant.source),
        path: output.source.path.as_str(),
        status: output.status.as_str(),
        files: files.collect(),
        changes: variant.changes.iter().map(|change| changed(change, places)).collect(),
        left_out: variant.omissions.iter().map(|omission| omitted(omission, places)).collect(),
        probe: variant.probe.as_ref().map(|probe| probed(probe, places)),
        needs: Needed {
            user: variant.needs.user.as_deref(),
            ports: &variant.needs.ports,
            writable: &variant.needs.writable,
            filled: &variant.needs.filled,
        },
        drift: variant.drift.iter().map(|d| finding(d, places)).collect(),
    })
}

fn probed<'a>(probe: &'a Probe, places: &Places<'_>) -> Probed<'a> {
    let word = |word: &'a str| places.message(word, probe.span);
    let (kind, path, command) = match &probe.action {
        Action::Http { path, .. } => ("http", Some(path.as_str()), None),
        Action::Tcp(_) | Action::Grpc(_) => ("tcp", None, None),
        Action::Exec(words) => ("exec", None, Some(words.iter().map(|w| word(w)).collect())),
        Action::Shell(line) => ("exec", None, Some(vec!["/bin/sh".into(), "-c".into(), word(line)])),
        Action::None => ("none", None, None),
    };
    Probed {
        kind,
        path,
        port: probe.port(),
        command,
        period_seconds: probe.interval.unwrap_or(30),
        timeout_seconds: probe.timeout.unwrap_or(30),
        failure_threshold: probe.failures(),
        start_seconds: probe.start_period.unwrap_or(0),
    }
}

fn changed<'a>(Change { rule, title, message, span }: &'a Change, places: &Places<'a>) -> Changed<'a> {
    let (start, end) = ends(*span, places);
    let (title, message) = (places.message(title, *span), places.message(message, *span));
    Changed { rule, title, message, start, end }
}

fn omitted<'a>(Omission { rule, message, span }: &'a Omission, places: &Places<'a>) -> Omitted<'a> {
    let (start, end) = ends(*span, places);
    Omitted { rule, message: places.message(message, *span), start, end }
}

fn dockerfile<'a>(LeftOut { span, reason, .. }: &'a LeftOut, places: &Places<'a>) -> Dockerfile<'a> {
    let (start, end) = ends(*span, places);
    Dockerfile { path: places.path(span.source), reason: places.message(reason, *span), start, end }
}

fn ends(span: Span, places: &Places<'_>) -> (Position, Position) {
    let (_, start, end) = place(span, places);
    (start, end)
}
