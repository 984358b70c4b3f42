//! A report in the formats that people and programs read.
//!
//! Each format is one file with types of its own, so that a change of ours never changes what others parse. No format
//! shows what stands at a [hidden](crate::Diagnostic::hidden) place.

mod checkstyle;
mod concise;
pub mod convert;
pub mod documents;
mod fingerprint;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod places;
mod sarif;
mod text;
pub mod variant;
mod xml;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::check::Report;
use crate::project::Project;
use crate::rule::Severity;
use places::Places;
pub use text::{statistics, summary};

/// A format of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Excerpts of the sources, with why it matters and what to do.
    Text,
    /// One line a finding: `path:line:column: severity rule message`.
    Concise,
    /// Our own contract: `docs/report.schema.json`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Commands of GitHub's workflows, which annotate the lines of a pull request.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// A `JUnit` report: a failed case for each finding.
    Junit,
    /// Checkstyle's XML.
    Checkstyle,
    /// A table for a comment or a job's summary.
    Markdown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Concise,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Checkstyle,
        Self::Markdown,
    ];

    /// The word in arguments.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Checkstyle => "checkstyle",
            Self::Markdown => "markdown",
        }
    }

    /// Whether it says how findings are mended.
    pub fn shows_fixes(self) -> bool {
        matches!(self, Self::Text | Self::Json | Self::Sarif)
    }

    /// The format of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// Writes a report on a project. `color` counts for [`Format::Text`] and [`Format::Concise`] alone.
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
    let places = Places::of(report, project);
    match format {
        Format::Text => text::write(report, &places, color, out),
        Format::Concise => concise::write(report, &places, color, out),
        Format::Json => json::write(report, &places, out),
        Format::Sarif => sarif::write(report, &places, out),
        Format::Github => github::write(report, &places, out),
        Format::Gitlab => gitlab::write(report, &places, out),
        Format::Junit => junit::write(report, &places, out),
        Format::Checkstyle => checkstyle::write(report, &places, out),
        Format::Markdown => markdown::write(report, &places, out),
    }
}

/// The address of the project, for formats that want one.
pub(crate) const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// A path for people, without control characters.
fn visible_path(path: &camino::Utf8Path) -> std::borrow::Cow<'_, str> {
    places::visible(std::borrow::Cow::Borrowed(path.as_str()))
}

/// The style of a severity.
fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::BrightRed.on_default().bold().underline(),
        Severity::High => AnsiColor::BrightRed.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low => AnsiColor::BrightBlue.on_default().bold(),
    }
}
