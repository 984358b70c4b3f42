//! A Helm chart.
use seaworthy_syntax::Source;
use super::Plan;
pub(super) fn files(_plan: &Plan, _explain: bool) -> Vec<Source> { Vec::new() }
