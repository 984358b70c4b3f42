//! Compose projects: files merged, extended, included and interpolated as Compose does it.

use camino::Utf8PathBuf;
use seaworthy_syntax::{Edit, SourceId};

use super::container::{Container, Intent};
use super::{ContainerId, Project};
use crate::parse::{Files, Parse};

/// A chain of Compose files, merged.
#[derive(Debug)]
pub struct Composition {
    /// The project's name.
    pub name: String,
    /// The files in the order they are merged.
    pub files: Vec<SourceId>,
    /// The directory that relative paths start from.
    pub directory: Utf8PathBuf,
    /// Its services.
    pub services: Vec<Service>,
}

/// What is said of a service besides its container.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its container.
    pub container: ContainerId,
}

/// Lowers every Compose file.
pub(super) fn lower(_parses: &[Parse], _files: &Files, _containers: &mut Vec<Container>) -> Vec<Composition> {
    Vec::new()
}

/// The texts that lowering needs.
pub(super) fn wanted(_parses: &[Parse], _files: &Files) -> Vec<Utf8PathBuf> {
    Vec::new()
}

/// Writes a change of a service back.
pub(super) fn set(_project: &Project, _container: &Container, _intent: &Intent) -> Option<Vec<Edit>> {
    None
}
