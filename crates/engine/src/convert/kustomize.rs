//! A Kustomize base.
use seaworthy_syntax::Source;
use super::{Options, Ready};
pub(super) fn files(_ready: &Ready, _options: &Options, _explain: bool) -> Vec<Source> { Vec::new() }
