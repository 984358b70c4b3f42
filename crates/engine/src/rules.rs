//! Every rule. Written by `cargo xtask bless` from the files below `rules/`.

use crate::rule::Rule;

pub use crate::rule::find;

mod container {
    pub(super) mod conflicting_mounts;
    pub(super) mod dangerous_capability;
    pub(super) mod development_setting;
    pub(super) mod duplicate_env;
    pub(super) mod exposed_ssh;
    pub(super) mod host_namespace;
    pub(super) mod identical_probes;
    pub(super) mod missing_volume;
    pub(super) mod moving_image_tag;
    pub(super) mod moving_tag_not_pulled;
    pub(super) mod no_memory_limit;
    pub(super) mod no_readiness_probe;
    pub(super) mod no_resource_requests;
    pub(super) mod no_restart_policy;
    pub(super) mod no_seccomp_profile;
    pub(super) mod privilege_escalation;
    pub(super) mod privileged_container;
    pub(super) mod probe_on_unknown_port;
    pub(super) mod published_database;
    pub(super) mod root_container;
    pub(super) mod runtime_socket;
    pub(super) mod secret_in_env;
    pub(super) mod sensitive_host_mount;
    pub(super) mod unconfined_profile;
    pub(super) mod undropped_capabilities;
    pub(super) mod unsized_scratch;
    pub(super) mod writable_root;
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
    &container::conflicting_mounts::RULE,
    &container::dangerous_capability::RULE,
    &container::development_setting::RULE,
    &container::duplicate_env::RULE,
    &container::exposed_ssh::RULE,
    &container::host_namespace::RULE,
    &container::identical_probes::RULE,
    &container::missing_volume::RULE,
    &container::moving_image_tag::RULE,
    &container::moving_tag_not_pulled::RULE,
    &container::no_memory_limit::RULE,
    &container::no_readiness_probe::RULE,
    &container::no_resource_requests::RULE,
    &container::no_restart_policy::RULE,
    &container::no_seccomp_profile::RULE,
    &container::privilege_escalation::RULE,
    &container::privileged_container::RULE,
    &container::probe_on_unknown_port::RULE,
    &container::published_database::RULE,
    &container::root_container::RULE,
    &container::runtime_socket::RULE,
    &container::secret_in_env::RULE,
    &container::sensitive_host_mount::RULE,
    &workload::single_replica::RULE,
    &project::syntax_error::RULE,
    &container::unconfined_profile::RULE,
    &container::undropped_capabilities::RULE,
    &container::unsized_scratch::RULE,
    &dockerfile::untagged_base::RULE,
    &project::unused_suppression::RULE,
    &container::writable_root::RULE,
];
