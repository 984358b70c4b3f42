//! A Kustomize base.
use super::{Options, Ready};
use seaworthy_syntax::Source;
pub(super) fn files(_ready: &Ready, _options: &Options, _explain: bool) -> Vec<Source> {
    Vec::new()
}
