//! Changes of a service, written into the file that owns it.

use seaworthy_syntax::Edit;

use crate::project::{Container, Intent, Project};

pub(super) fn set(_project: &Project, _container: &Container, _intent: &Intent) -> Option<Vec<Edit>> {
    None
}
