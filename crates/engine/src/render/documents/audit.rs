//! What is wrong, with its places.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use seaworthy_syntax::{Kind, SourceId, Span};

use super::{Class, Sources, checklist, counted, instruction, is, lines, place, read, said};
use crate::rule::Severity;

/// A line of the table of a Dockerfile.
struct Row {
    /// Where it is: the whole instruction, for `74–75`.
    span: Span,
    class: Class,
    /// `None` for what only Kubernetes minds.
    severity: Option<Severity>,
    wrong: String,
    /// What the variant does about it.
    done: BTreeSet<String>,
}

pub(super) fn write(sources: Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    let project = &sources.made.project;
    let places = sources.places();
    let rows = rows(sources);
    writeln!(out, "# What keeps these containers from running well in production\n")?;
    writeln!(out, "Read: {}.\n", read(project))?;
    summary(sources, &rows, out)?;
    writeln!(out, "\n## Checklist\n")?;
    checklist::write(&checklist::IMAGES, sources, out)?;
    checklist::write(&checklist::SECURITY, sources, out)?;
    checklist::write(&checklist::RESOURCES, sources, out)?;
    checklist::write(&checklist::HEALTH, sources, out)?;
    checklist::write(&checklist::NETWORK, sources, out)?;
    for (source, rows) in &rows {
        writeln!(out, "\n## {}\n", project.path(*source))?;
        writeln!(
            out,
            "| line | class | severity | what is wrong | its Kubernetes variant |\n|---|---|---|---|---|"
        )?;
        for row in rows {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                lines(&places, row.span),
                row.class.as_str(),
                row.severity.map_or("", Severity::as_str),
                said(&places, &row.wrong, row.span),
                said(&places, &row.done.iter().cloned().collect::<Vec<_>>().join("; "), row.span),
            )?;
        }
    }
    let others: Vec<_> =
        sources.report.diagnostics.iter().filter(|d| !is(project, d.span.source, Kind::Dockerfile)).collect();
    if !others.is_empty() {
        writeln!(out, "\n## Other files\n")?;
        writeln!(out, "| place | class | severity | rule | what is wrong |\n|---|---|---|---|---|")?;
        for found in others {
            writeln!(
                out,
                "| {} | {} | {} | `{}` | {} |",
                super::cell(&place(&places, found.span)),
                Class::of(found.rule).as_str(),
                found.severity.as_str(),
                found.rule.name,
                said(&places, &found.message, found.span),
            )?;
        }
    }
    if !sources.made.left_out.is_empty() {
        writeln!(out, "\n## Dockerfiles that get no variant\n")?;
        for left in &sources.made.left_out {
            writeln!(out, "- `{}`: {}", place(&places, left.span), said(&places, &left.reason, left.span))?;
        }
    }
    Ok(())
}

fn summary(sources: Sources<'_>, rows: &BTreeMap<SourceId, Vec<Row>>, out: &mut dyn Write) -> io::Result<()> {
    let project = &sources.made.project;
    let mut classes: BTreeMap<Class, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (source, rows) in rows {
        for row in rows {
            let (n, files) = classes.entry(row.class).or_default();
            *n += 1;
            files.insert(project.path(*source).as_str());
        }
    }
    for found in sources.report.diagnostics.iter().filter(|d| !is(project, d.span.source, Kind::Dockerfile)) {
        let (n, files) = classes.entry(Class::of(found.rule)).or_default();
        *n += 1;
        files.insert(project.path(found.span.source).as_str());
    }
    writeln!(out, "| class | findings | files |\n|---|--:|--:|")?;
    for (class, (n, files)) in &classes {
        writeln!(out, "| {} | {n} | {} |", class.as_str(), files.len())?;
    }
    let urgent = sources.report.diagnostics.iter().filter(|d| d.severity >= Severity::High).count();
    writeln!(
        out,
        "\nOf what `seaworthy check` found, {} of high or critical severity.",
        counted(urgent, "finding")
    )
}

/// What is wrong in each Dockerfile and what its variant does about it.
fn rows(sources: Sources<'_>) -> BTreeMap<SourceId, Vec<Row>> {
    let project = &sources.made.project;
    let whole = |span: Span| instruction(project, span).map_or(span, |i| i.span);
    let mut rows: BTreeMap<SourceId, Vec<Row>> = BTreeMap::new();
    for found in &sources.report.diagnostics {
        if is(project, found.span.source, Kind::Dockerfile) {
            rows.entry(found.span.source).or_default().push(Row {
                span: whole(found.span),
                class: Class::of(found.rule),
                severity: Some(found.severity),
                wrong: found.message.clone(),
                done: BTreeSet::new(),
            });
        }
    }
    for variant in &sources.made.variants {
        let rows = rows.entry(variant.source).or_default();
        for change in &variant.changes {
            let Some(rule) = crate::rule::find(change.rule).into_iter().next() else { continue };
            let (class, span) = (Class::of(rule), whole(change.span));
            // What is done about the user is said where the program that runs as root is named.
            let about_user = matches!(change.rule, "numeric-user" | "unprivileged-server" | "owned-paths");
            let same = rows.iter_mut().find(|row| {
                row.class == class && (row.span == span || about_user && row.wrong.contains("root"))
            });
            match same {
                Some(row) => _ = row.done.insert(change.title.clone()),
                None => rows.push(Row {
                    span,
                    class,
                    severity: None,
                    wrong: change.message.clone(),
                    done: BTreeSet::from([change.title.clone()]),
                }),
            }
        }
        rows.sort_by_key(|row| (row.span, row.class));
    }
    rows.retain(|_, rows| !rows.is_empty());
    rows
}
