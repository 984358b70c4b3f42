//! What refers to what, across files and formats.

use super::{BuildId, ContainerId, Project};

/// What refers to what.
#[derive(Debug, Default)]
pub struct Links {
    /// Containers and the stage that builds their image.
    pub built_by: Vec<(ContainerId, BuildId, usize)>,
}

/// Finds the links of a project whose files are lowered.
pub(super) fn find(_project: &Project) -> Links {
    Links::default()
}

/// Hands down to containers what their Dockerfile or their public image decides.
pub(super) fn inherit(_project: &mut Project) {}
