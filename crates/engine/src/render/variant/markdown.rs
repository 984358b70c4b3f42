//! A list for a comment or a job's summary.

use std::io::{self, Write};

use super::{Change, LeftOut, Made, Omission, Places, summary, word};
use crate::render::{markdown::cell, visible_path};

pub(super) fn write(made: &Made, places: &Places<'_>, done: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## seaworthy variant\n\n{}", summary(made, done))?;
    for variant in &made.variants {
        let Some(output) = variant.output() else { continue };
        let (from, to) = (places.shown_path(variant.source), visible_path(&output.source.path));
        writeln!(out, "\n### {} → {}\n\n{}", cell(&from), cell(&to), word(output.status, done))?;
        if !variant.changes.is_empty() {
            writeln!(out, "\n| line | change | why | by |\n|---:|---|---|---|")?;
        }
        for Change { rule, title, message, span } in &variant.changes {
            let line = places.start(*span).line;
            let (title, message) = (places.shown_message(title, *span), places.shown_message(message, *span));
            writeln!(out, "| {line} | {} | {} | `{rule}` |", cell(&title), cell(&message))?;
        }
        if !variant.omissions.is_empty() {
            writeln!(out, "\n| line | left out, since | by |\n|---:|---|---|")?;
        }
        for Omission { rule, message, span } in &variant.omissions {
            let line = places.start(*span).line;
            writeln!(out, "| {line} | {} | `{rule}` |", cell(&places.shown_message(message, *span)))?;
        }
        if !variant.drift.is_empty() {
            writeln!(out, "\n| place | differs |\n|---|---|")?;
        }
        for difference in &variant.drift {
            let at = places.start(difference.span);
            let path = places.shown_path(difference.span.source);
            let message = places.shown_message(&difference.message, difference.span);
            writeln!(out, "| {}:{} | {} |", cell(&path), at.line, cell(&message))?;
        }
    }
    if !made.left_out.is_empty() {
        writeln!(out, "\n| left out | why |\n|---|---|")?;
    }
    for LeftOut { span, reason, .. } in &made.left_out {
        let path = places.shown_path(span.source);
        writeln!(out, "| {} | {} |", cell(&path), cell(&places.shown_message(reason, *span)))?;
    }
    Ok(())
}
