//! Our own contract, version 1: `docs/convert.schema.json`. A change that breaks a reader is a new version.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::{Conversion, Places};
use crate::convert::{Fate, Platform, Row, To};
use crate::render::json::{Position, place};

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    project: &'a str,
    to: &'a str,
    platform: &'a str,
    services: Vec<Service<'a>>,
    rows: Vec<Key<'a>>,
    problems: Vec<Wrong<'a>>,
    to_fill: Vec<ToFill<'a>>,
    steps: Vec<ToDo<'a>>,
    variables: Vec<Variable<'a>>,
    files: Vec<File<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Service<'a> {
    #[serde(rename = "service")]
    compose: &'a str,
    name: &'a str,
    enabled: bool,
    profiles: &'a [String],
    objects: Vec<Object<'a>>,
}

#[derive(Serialize)]
struct Object<'a> {
    kind: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Key<'a> {
    #[serde(rename = "key")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Position>,
    fate: &'a str,
    note: Cow<'a, str>,
}

#[derive(Serialize)]
struct Wrong<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    message: Cow<'a, str>,
}

#[derive(Serialize)]
struct ToFill<'a> {
    object: &'a str,
    secret: bool,
    key: &'a str,
    purpose: &'a str,
    optional: bool,
}

#[derive(Serialize)]
struct ToDo<'a> {
    what: &'a str,
    command: &'a str,
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    required: bool,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    status: &'a str,
}

#[derive(Serialize)]
struct Summary {
    services: usize,
    mapped: usize,
    approximated: usize,
    refused: usize,
    to_fill: usize,
}

pub(super) fn write(conversion: &Conversion<'_>, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let plan = conversion.plan;
    let services = plan.services.iter().map(|service| Service {
        compose: &service.service,
        name: &service.name,
        enabled: service.enabled,
        profiles: &service.profiles,
        objects: service.objects.iter().map(|o| Object { kind: o.kind, name: &o.name }).collect(),
    });
    let problems = conversion.problems().map(|problem| {
        let (path, start, end) = place(problem.span, places);
        Wrong { path, start, end, message: places.message(&problem.message, problem.span) }
    });
    let to_fill = plan.to_fill.iter().map(|key| ToFill {
        object: &key.object,
        secret: key.secret,
        key: &key.key,
        purpose: &key.purpose,
        optional: key.optional,
    });
    let variables = plan.variables.iter();
    let variables = variables.map(|v| Variable { name: &v.name, required: v.required.is_some() });
    let files = conversion.folder.map(|folder| {
        let gone = folder.gone.iter().map(|source| File { path: source.path.as_str(), status: "gone" });
        let kept = folder.kept.iter().map(|path| File { path: path.as_str(), status: "kept" });
        let files = folder.files.iter();
        let files = files.map(|f| File { path: f.source.path.as_str(), status: f.status.as_str() });
        files.chain(gone).chain(kept).collect()
    });
    let report = Report {
        version: 1,
        project: &plan.name,
        to: match conversion.to {
            To::Manifests => "manifests",
            To::Kustomize => "kustomize",
            To::Helm => "helm",
        },
        platform: match conversion.platform {
            Platform::Kubernetes => "kubernetes",
            Platform::K3s => "k3s",
        },
        services: services.collect(),
        rows: plan.carried.rows.iter().map(|row| key(row, places)).collect(),
        problems: problems.collect(),
        to_fill: to_fill.collect(),
        steps: plan.steps.iter().map(|step| ToDo { what: &step.what, command: &step.command }).collect(),
        variables: variables.collect(),
        files: files.unwrap_or_default(),
        summary: Summary {
            services: plan.services.iter().filter(|service| service.enabled).count(),
            mapped: conversion.count(Fate::Mapped),
            approximated: conversion.count(Fate::Approximated),
            refused: conversion.count(Fate::Refused),
            to_fill: plan.to_fill.len(),
        },
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn key<'a>(row: &'a Row, places: &Places<'a>) -> Key<'a> {
    let (fate, note) = (row.fate.as_str(), row.note.as_str());
    let Some(span) = row.span else {
        return Key { name: &row.key, path: None, start: None, end: None, fate, note: note.into() };
    };
    let (path, start, end) = place(span, places);
    let note = places.message(note, span);
    Key { name: &row.key, path: Some(path), start: Some(start), end: Some(end), fate, note }
}
