//! Every rule. Written by `cargo xtask bless` from the files below `rules/`.

use crate::rule::Rule;

pub use crate::rule::find;

mod container {
    pub(super) mod privilege_escalation;
}

mod dockerfile {
    pub(super) mod untagged_base;
}

mod project {
    pub(super) mod syntax_error;
    pub(super) mod unused_suppression;
}

mod workload {
    pub(super) mod single_replica;
}

/// Every rule, sorted by name.
#[rustfmt::skip]
pub static ALL: &[&Rule] = &[
    &container::privilege_escalation::RULE,
    &workload::single_replica::RULE,
    &project::syntax_error::RULE,
    &dockerfile::untagged_base::RULE,
    &project::unused_suppression::RULE,
];
