//! A Helm chart.
use super::Plan;
use seaworthy_syntax::Source;
pub(super) fn files(_plan: &Plan, _explain: bool) -> Vec<Source> {
    Vec::new()
}
