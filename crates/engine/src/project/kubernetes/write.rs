//! Writing a change of a pod's container back.

use seaworthy_syntax::Edit;

use crate::project::Project;
use crate::project::container::{Container, Intent};

/// Writes a change of a pod's container back.
pub(in crate::project) fn set(
    _project: &Project,
    _container: &Container,
    _intent: &Intent,
) -> Option<Vec<Edit>> {
    None
}
