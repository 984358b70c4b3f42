//! What CI builds: which job builds which Dockerfile in which context, to which tags and platforms.

use camino::Utf8PathBuf;
use seaworthy_syntax::{SourceId, Span, Spanned};

use super::Place;
use super::container::ImageName;
use crate::parse::{Files, Parse};

/// An image that a CI job builds.
#[derive(Debug)]
pub struct ImageJob {
    /// The workflow.
    pub source: SourceId,
    /// The job.
    pub job: Spanned<String>,
    /// The step or the line of the script that builds.
    pub span: Span,
    /// The step's mapping, where it is a step.
    pub place: Option<Place>,
    /// The Dockerfile, from the top of the repository; `None` where a variable decides.
    pub dockerfile: Option<Utf8PathBuf>,
    /// The build context; `None` where a variable decides.
    pub context: Option<Utf8PathBuf>,
    /// The stage it names.
    pub target: Option<String>,
    /// Tags, as far as they are written out.
    pub tags: Vec<Spanned<ImageName>>,
    /// Platforms.
    pub platforms: Vec<String>,
    /// Whether it pushes; `None` where a variable decides.
    pub push: Option<bool>,
}

/// Lowers every workflow.
pub(super) fn lower(_parses: &[Parse], _files: &Files) -> Vec<ImageJob> {
    Vec::new()
}
