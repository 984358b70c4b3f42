//! Tables for a comment or a job's summary.

use std::io::{self, Write};

use super::{Conversion, Places, command, objects_to_make};
use crate::convert::{Row, Step};
use crate::render::markdown::cell;

pub(super) fn write(conversion: &Conversion<'_>, places: &Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## seaworthy convert\n\n{}", conversion.summary())?;
    let mut problems = conversion.further_problems().peekable();
    if problems.peek().is_some() {
        writeln!(out, "\n| place | wrong |\n|---|---|")?;
    }
    for problem in problems {
        let (path, at) = (places.shown_path(problem.span.source), places.start(problem.span));
        let message = places.shown_message(&problem.message, problem.span);
        writeln!(out, "| {}:{} | {} |", cell(&path), at.line, cell(&message))?;
    }
    let mut rows = conversion.rows().peekable();
    if rows.peek().is_some() {
        writeln!(out, "\n| place | key | fate | note |\n|---|---|---|---|")?;
    }
    for Row { key, span, fate, note } in rows {
        let place =
            span.map(|span| format!("{}:{}", cell(&places.shown_path(span.source)), places.start(span).line));
        let note = match span {
            Some(span) => places.shown_message(note, *span),
            None => crate::render::places::visible(note.as_str().into()),
        };
        let place = place.unwrap_or_default();
        writeln!(out, "| {place} | `{}` | {} | {} |", cell(key), fate.as_str(), cell(&note))?;
    }
    for object in objects_to_make(conversion.plan) {
        writeln!(out, "\n### `{object}`: somebody has to make it\n\n| key | for | |\n|---|---|---|")?;
        for key in conversion.plan.to_fill.iter().filter(|key| key.object == object) {
            let need = if key.optional { "may be left out" } else { "" };
            writeln!(out, "| `{}` | {} | {need} |", cell(&key.key), cell(&key.purpose))?;
        }
        if let Some(command) = command(conversion.plan, object) {
            writeln!(out, "\n```sh\n{command}\n```")?;
        }
    }
    if !conversion.plan.steps.is_empty() {
        writeln!(out, "\n### Left to do\n")?;
    }
    for Step { what, command } in &conversion.plan.steps {
        writeln!(out, "- {}\n\n  ```sh\n  {command}\n  ```", cell(what))?;
    }
    Ok(())
}
