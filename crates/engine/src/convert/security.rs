//! Whom a container runs as and what it may do.

use super::plan::Out;
use super::unit::Unit;

/// Whom a service runs as: its user and group by number; `None` where nothing tells.
pub(super) fn user(_unit: &Unit<'_>, _out: &mut Out<'_>) -> Option<(u32, u32)> {
    None
}
