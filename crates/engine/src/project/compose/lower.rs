//! From a merged project to containers.

use super::Composition;
use crate::project::Container;

pub(super) fn lower(_composition: &mut Composition, _at: usize, _containers: &mut Vec<Container>) {}
