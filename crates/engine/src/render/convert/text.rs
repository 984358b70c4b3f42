//! What differs and what is left out, with the lines that say it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Conversion, Places, command, objects_to_make};
use crate::convert::{Fate, Row, Step};
use crate::render::visible_path;

pub(super) fn write(
    conversion: &Conversion<'_>,
    places: &Places<'_>,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let styled = |style: Style| if color { style } else { Style::new() };
    let (bold, dim) = (styled(Style::new().bold()), styled(Style::new().dimmed()));
    let red = styled(AnsiColor::Red.on_default().bold());
    let fate_style = |fate| match fate {
        Fate::Mapped => styled(AnsiColor::Green.on_default()),
        Fate::Approximated => styled(AnsiColor::Yellow.on_default()),
        Fate::Refused => red,
    };
    for problem in conversion.further_problems() {
        let (path, at) = (places.shown_path(problem.span.source), places.start(problem.span));
        let message = places.shown_message(&problem.message, problem.span);
        writeln!(out, "{path}{dim}:{}:{}{dim:#}  {red}wrong{red:#}\n    {message}", at.line, at.column)?;
    }
    let mut last = None;
    for row in conversion.rows() {
        let Row { key, span, fate, note } = row;
        if last != Some((key, span)) {
            if let Some(span) = span {
                let (path, at) = (places.shown_path(span.source), places.start(*span));
                write!(out, "{path}{dim}:{}:{}{dim:#}  ", at.line, at.column)?;
            }
            writeln!(out, "{bold}{}{bold:#}", crate::render::places::visible(key.as_str().into()))?;
        }
        last = Some((key, span));
        let note = match span {
            Some(span) => places.shown_message(note, *span),
            None => crate::render::places::visible(note.as_str().into()),
        };
        let style = fate_style(*fate);
        writeln!(out, "    {style}{}{style:#}: {note}", fate.as_str())?;
    }
    for object in objects_to_make(conversion.plan) {
        let keys = || conversion.plan.to_fill.iter().filter(|key| key.object == object);
        let kind = if keys().any(|key| key.secret) { "Secret" } else { "ConfigMap" };
        writeln!(out, "\n{bold}{kind} {object}{bold:#}: somebody has to make it")?;
        let width = keys().map(|key| key.key.chars().count()).max().unwrap_or(0);
        for key in keys() {
            let need = if key.optional { " (may be left out)" } else { "" };
            writeln!(out, "    {:width$}  {dim}{}{need}{dim:#}", key.key, key.purpose)?;
        }
        if let Some(command) = command(conversion.plan, object) {
            for line in command.lines() {
                writeln!(out, "    {line}")?;
            }
        }
    }
    if !conversion.plan.steps.is_empty() {
        writeln!(out, "\n{bold}Left to do{bold:#}")?;
    }
    for Step { what, command } in &conversion.plan.steps {
        writeln!(out, "    {what}\n      {command}")?;
    }
    if let Some(folder) = conversion.folder {
        for file in folder.refused() {
            let path = visible_path(&file.source.path);
            writeln!(out, "{red}{path}{red:#} was edited or written by somebody and stays as it is")?;
        }
        for path in &folder.kept {
            let path = visible_path(path);
            writeln!(out, "{red}{path}{red:#} is made no more, but was edited and stays: remove it by hand")?;
        }
    }
    let plan = conversion.plan;
    if conversion.rows().next().is_some() || !plan.to_fill.is_empty() || !plan.steps.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{bold}{}{bold:#}", conversion.summary())
}
