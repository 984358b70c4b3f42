//! A report in the formats that people and programs read.
//!
//! Each format is one file with types of its own, so that a change of ours never changes what others parse.

mod concise;
mod places;

use std::io::{self, Write};

use crate::check::Report;
use crate::project::Project;
use places::Places;

/// A format of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One line a finding: `path:line:column: severity rule message`.
    Concise,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 1] = [Self::Concise];

    /// The word in arguments.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Concise => "concise",
        }
    }

    /// The format of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// Writes a report on a project. `color` counts only for formats that people read.
///
/// # Errors
/// Those of the writer.
pub fn render(
    report: &Report,
    project: &Project,
    format: Format,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    _ = color;
    let places = Places::of(report, project);
    match format {
        Format::Concise => concise::write(report, &places, out),
    }
}
