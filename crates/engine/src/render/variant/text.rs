//! Each change with the line of the Dockerfile that it is about.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Change, LeftOut, Made, Omission, Places, Status, Variant, by_line, line_of, summary, word};
use crate::render::{style, visible_path};

/// The styles of the parts, or none.
struct Styles {
    bold: Style,
    dim: Style,
    done: Style,
    not_done: Style,
    refused: Style,
}

pub(super) fn write(
    made: &Made,
    places: &Places<'_>,
    color: bool,
    done: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let styled = |style: Style| if color { style } else { Style::new() };
    let styles = Styles {
        bold: styled(Style::new().bold()),
        dim: styled(Style::new().dimmed()),
        done: styled(AnsiColor::Green.on_default()),
        not_done: styled(AnsiColor::Yellow.on_default()),
        refused: styled(AnsiColor::Red.on_default().bold()),
    };
    for variant in &made.variants {
        one(variant, places, &styles, done, out)?;
    }
    let Styles { bold, dim, not_done, .. } = styles;
    if !made.left_out.is_empty() {
        writeln!(out, "{bold}left out{bold:#}")?;
    }
    for LeftOut { span, reason, .. } in &made.left_out {
        let at = places.start(*span);
        let reason = places.shown_message(reason, *span);
        let path = places.shown_path(span.source);
        writeln!(out, "  {not_done}{path}{not_done:#}{dim}:{}{dim:#}\n      {reason}", at.line)?;
    }
    if !made.left_out.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{bold}{}{bold:#}", summary(made, done))
}

fn one(
    variant: &Variant,
    places: &Places<'_>,
    styles: &Styles,
    done: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Styles { bold, dim, done: green, not_done, refused } = styles;
    let from = places.shown_path(variant.source);
    for (n, output) in variant.outputs.iter().enumerate() {
        let status = word(output.status, done);
        let style = match output.status {
            Status::New | Status::Stale => green,
            Status::Current | Status::Edited => dim,
            Status::Conflict => refused,
            Status::Foreign => not_done,
        };
        let path = visible_path(&output.source.path);
        if n == 0 {
            writeln!(out, "{bold}{from} → {path}{bold:#}  {style}{status}{style:#}")?;
        } else {
            writeln!(out, "  {dim}with{dim:#} {path}  {style}{status}{style:#}")?;
        }
    }
    let shown =
        variant.output().is_some_and(|o| matches!(o.status, Status::New | Status::Stale | Status::Conflict));
    let width = |line: u32| line.to_string().len().max(4);
    for (line, changes) in by_line(&variant.changes, |c| c.span, places).into_iter().filter(|_| shown) {
        let Some(first) = changes.first() else { continue };
        writeln!(out, "\n{dim}{line:>4}{dim:#}  {}", line_of(first.span, line, places))?;
        for Change { rule, title, message, span } in changes {
            let indent = width(line);
            let (title, message) = (places.shown_message(title, *span), places.shown_message(message, *span));
            writeln!(out, "{:indent$}  {green}{title}{green:#}  {dim}{rule}{dim:#}", "")?;
            writeln!(out, "{:indent$}  {dim}{message}{dim:#}", "")?;
        }
    }
    for (line, omissions) in by_line(&variant.omissions, |o| o.span, places) {
        let Some(first) = omissions.first() else { continue };
        writeln!(out, "\n{dim}{line:>4}{dim:#}  {}", line_of(first.span, line, places))?;
        for Omission { rule, message, span } in omissions {
            let message = places.shown_message(message, *span);
            let indent = width(line);
            writeln!(out, "{:indent$}  {not_done}left out: {message}{not_done:#}  {dim}{rule}{dim:#}", "")?;
        }
    }
    for difference in &variant.drift {
        let style = style(difference.severity);
        let style = if *bold == Style::new() { Style::new() } else { style };
        let at = places.start(difference.span);
        let path = places.shown_path(difference.span.source);
        let message = places.shown_message(&difference.message, difference.span);
        writeln!(out, "\n  {style}differs{style:#}  {path}:{}: {message}", at.line)?;
        for label in &difference.related {
            let at = places.start(label.span);
            let path = places.shown_path(label.span.source);
            let message = places.shown_message(&label.message, label.span);
            writeln!(out, "           {dim}{path}:{}: {message}{dim:#}", at.line)?;
        }
    }
    writeln!(out)
}
