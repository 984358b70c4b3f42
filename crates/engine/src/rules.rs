//! Every rule, sorted by name.
use crate::rule::Rule;

/// Every rule, sorted by name.
pub static ALL: &[&Rule] = &[];
