//! What making variants came to, in the formats that people and programs read.

mod json;
mod markdown;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};

use seaworthy_syntax::Span;

use super::places::Places;
use crate::check::Report;
use crate::variant::{Change, LeftOut, Made, Omission, Status, Variant};

/// A format of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Each change with the line of the Dockerfile that it is about.
    Text,
    /// Our own contract: `docs/variant.schema.json`.
    Json,
    /// A list for a comment or a job's summary.
    Markdown,
}

/// Writes what making variants came to. `color` counts for [`Format::Text`] alone; `done` says whether the files were
/// written, or would be.
///
/// # Errors
/// Those of the writer.
pub fn render(made: &Made, format: Format, color: bool, done: bool, out: &mut dyn Write) -> io::Result<()> {
    let secrets = Report { diagnostics: made.secrets.clone(), ..Report::default() };
    let places = Places::of(&secrets, &made.project);
    match format {
        Format::Text => text::write(made, &places, color, done, out),
        Format::Json => json::write(made, &places, out),
        Format::Markdown => markdown::write(made, &places, done, out),
    }
}

/// The last line: how many files there are of each status.
pub fn summary(made: &Made, done: bool) -> String {
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for output in made.variants.iter().filter_map(Variant::output) {
        *counts.entry(output.status as u8).or_default() += 1;
    }
    let all =
        [Status::New, Status::Stale, Status::Current, Status::Edited, Status::Conflict, Status::Foreign];
    let parts: Vec<String> = all
        .into_iter()
        .filter_map(|status| Some(format!("{} {}", counts.get(&(status as u8))?, word(status, done))))
        .collect();
    let variants = made.variants.len();
    let mut line = match variants {
        0 => "No Dockerfile gets a variant".to_owned(),
        1 => format!("1 variant: {}", parts.join(", ")),
        n => format!("{n} variants: {}", parts.join(", ")),
    };
    match made.left_out.len() {
        0 => {}
        1 => line.push_str("; 1 Dockerfile left out"),
        n => line.push_str(&format!("; {n} Dockerfiles left out")),
    }
    line
}

/// What was or would be done with a variant.
fn word(status: Status, done: bool) -> &'static str {
    match (status, done) {
        (Status::New, true) => "written",
        (Status::New, false) => "to be written",
        (Status::Stale, true) => "written anew",
        (Status::Stale, false) => "to be written anew",
        (Status::Current, _) => "unchanged",
        (Status::Edited, _) => "edited by hand, left as it is",
        (Status::Conflict, _) => "edited by hand, not overwritten",
        (Status::Foreign, _) => "written by others, compared",
    }
}

/// What is said of one line of a Dockerfile, in the order of the lines.
fn by_line<'m, T>(items: &'m [T], span: impl Fn(&T) -> Span, places: &Places<'_>) -> Vec<(u32, Vec<&'m T>)> {
    let mut lines: Vec<(u32, Vec<&T>)> = Vec::new();
    for item in items {
        let line = places.start(span(item)).line;
        match lines.last_mut().filter(|(last, _)| *last == line) {
            Some((_, items)) => items.push(item),
            None => lines.push((line, vec![item])),
        }
    }
    lines
}

/// A line of a Dockerfile as it may be shown.
fn line_of<'p>(span: Span, line: u32, places: &Places<'p>) -> std::borrow::Cow<'p, str> {
    let text = places.text(span.source);
    let range = places.lines(span.source).map(|lines| lines.line_range(text, line));
    let text = range.and_then(|range| text.get(range)).unwrap_or_default();
    places.shown_message(text.trim_start_matches('\u{feff}').trim_end(), span)
}
