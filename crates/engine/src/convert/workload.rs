//! What keeps a service running.

use super::names::Names;
use super::plan::Out;
use super::unit::Unit;
use super::{Object, Options};

/// The objects that run a service: its workload and what that needs.
pub(super) fn objects(
    _units: &[Unit<'_>],
    _at: usize,
    _names: &Names,
    _options: &Options,
    _out: &mut Out<'_>,
) -> Vec<Object> {
    Vec::new()
}
