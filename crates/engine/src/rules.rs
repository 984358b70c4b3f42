//! Every rule. Written by `cargo xtask bless` from the files below `rules/`.

use crate::rule::Rule;

pub use crate::rule::find;

mod container {
    pub(super) mod added_capability;
    pub(super) mod always_healthy;
    pub(super) mod build_and_image;
    pub(super) mod build_time_variable;
    pub(super) mod conflicting_mounts;
    pub(super) mod cpu_limit;
    pub(super) mod dangerous_capability;
    pub(super) mod data_in_memory;
    pub(super) mod delay_behind_startup_probe;
    pub(super) mod development_setting;
    pub(super) mod duplicate_env;
    pub(super) mod executable_scratch;
    pub(super) mod exposed_ssh;
    pub(super) mod hidden_log_links;
    pub(super) mod host_device;
    pub(super) mod host_namespace;
    pub(super) mod identical_probes;
    pub(super) mod idle_capability;
    pub(super) mod local_image;
    pub(super) mod low_user_id;
    pub(super) mod mismatched_user;
    pub(super) mod missing_hook_program;
    pub(super) mod missing_volume;
    pub(super) mod moving_image_tag;
    pub(super) mod moving_tag_not_pulled;
    pub(super) mod no_apparmor_profile;
    pub(super) mod no_cpu_limit;
    pub(super) mod no_healthcheck;
    pub(super) mod no_linux_hardening;
    pub(super) mod no_liveness_probe;
    pub(super) mod no_logs;
    pub(super) mod no_memory_headroom;
    pub(super) mod no_memory_limit;
    pub(super) mod no_pids_limit;
    pub(super) mod no_readiness_probe;
    pub(super) mod no_resource_requests;
    pub(super) mod no_restart_policy;
    pub(super) mod no_seccomp_profile;
    pub(super) mod no_security_context;
    pub(super) mod no_storage_request;
    pub(super) mod privilege_escalation;
    pub(super) mod privileged_container;
    pub(super) mod privileged_port;
    pub(super) mod probe_of_other_host;
    pub(super) mod probe_on_unknown_port;
    pub(super) mod published_database;
    pub(super) mod published_everywhere;
    pub(super) mod refused_option;
    pub(super) mod retired_registry;
    pub(super) mod retired_software;
    pub(super) mod root_container;
    pub(super) mod runtime_socket;
    pub(super) mod secret_as_variable;
    pub(super) mod secret_in_env;
    pub(super) mod selinux_options;
    pub(super) mod sensitive_host_mount;
    pub(super) mod shallow_probe;
    pub(super) mod shared_propagation;
    pub(super) mod shell_syntax_without_shell;
    pub(super) mod short_stop_grace;
    pub(super) mod slow_healthcheck;
    pub(super) mod storage_limit_as_request;
    pub(super) mod sub_path_mount;
    pub(super) mod sudo_in_command;
    pub(super) mod trusted_any_proxy;
    pub(super) mod unbounded_log;
    pub(super) mod unconfined_profile;
    pub(super) mod undropped_capabilities;
    pub(super) mod unequal_requests;
    pub(super) mod unmasked_proc;
    pub(super) mod unmounted_data_path;
    pub(super) mod unpinned_image;
    pub(super) mod unqualified_image;
    pub(super) mod unsized_scratch;
    pub(super) mod untrusted_image;
    pub(super) mod unwritable_path;
    pub(super) mod weak_credentials;
    pub(super) mod windows_administrator;
    pub(super) mod writable_host_mount;
    pub(super) mod writable_root;
}

mod dockerfile {
    pub(super) mod add_instead_of_copy;
    pub(super) mod apt_instead_of_apt_get;
    pub(super) mod archive_copied_to_unpack;
    pub(super) mod base_argument;
    pub(super) mod base_without_digest;
    pub(super) mod broken_exec_form;
    pub(super) mod build_error;
    pub(super) mod cd_in_run;
    pub(super) mod consecutive_runs;
    pub(super) mod copied_source_missing;
    pub(super) mod copied_tests;
    pub(super) mod copy_destination_without_slash;
    pub(super) mod copy_without_workdir;
    pub(super) mod current_directory_in_path;
    pub(super) mod distribution_upgrade;
    pub(super) mod duplicate_stage_name;
    pub(super) mod empty_continuation;
    pub(super) mod existing_account;
    pub(super) mod expose_format;
    pub(super) mod fixed_platform;
    pub(super) mod hidden_failure;
    pub(super) mod ignored_copy;
    pub(super) mod ignored_readme;
    pub(super) mod inline_suppression;
    pub(super) mod keyword_case;
    pub(super) mod label_key;
    pub(super) mod label_schema;
    pub(super) mod late_ownership;
    pub(super) mod legacy_env_format;
    pub(super) mod log_init;
    pub(super) mod maintainer_instruction;
    pub(super) mod mismatched_runtime;
    pub(super) mod misplaced_uv_setting;
    pub(super) mod missing_healthcheck;
    pub(super) mod missing_home;
    pub(super) mod moving_base_tag;
    pub(super) mod named_user;
    pub(super) mod never_compiled;
    pub(super) mod noisy_download;
    pub(super) mod package_cache_kept;
    pub(super) mod pointless_command;
    pub(super) mod recommended_packages;
    pub(super) mod relative_workdir;
    pub(super) mod repeated_instruction;
    pub(super) mod replaced_shell;
    pub(super) mod reserved_stage_name;
    pub(super) mod root_user;
    pub(super) mod secret_in_build;
    pub(super) mod shell_form_command;
    pub(super) mod shell_problem;
    pub(super) mod shell_wrapped_command;
    pub(super) mod sorted_packages;
    pub(super) mod stage_name_case;
    pub(super) mod stale_package_index;
    pub(super) mod sudo_in_run;
    pub(super) mod two_downloaders;
    pub(super) mod unchecked_pipe;
    pub(super) mod unconfirmed_install;
    pub(super) mod undefined_variable;
    pub(super) mod unhandled_stop_signal;
    pub(super) mod unknown_copy_stage;
    pub(super) mod unpinned_packages;
    pub(super) mod untagged_base;
    pub(super) mod untrusted_registry;
    pub(super) mod unused_lock_file;
    pub(super) mod unverified_download;
    pub(super) mod useless_cleanup;
    pub(super) mod whole_image_copied;
    pub(super) mod world_writable;
}

mod live {
    pub(super) mod blocked_connection;
    pub(super) mod cluster_warning;
    pub(super) mod drifted_pod;
    pub(super) mod exposed_workload;
    pub(super) mod failed_health_checks;
    pub(super) mod failing_healthcheck;
    pub(super) mod larger_variant;
    pub(super) mod loopback_listener;
    pub(super) mod lost_requests;
    pub(super) mod needs_capabilities;
    pub(super) mod needs_writable_root;
    pub(super) mod never_healthy;
    pub(super) mod refused_access;
    pub(super) mod refused_manifest;
    pub(super) mod root_process;
    pub(super) mod silent_port;
    pub(super) mod silent_service;
    pub(super) mod slow_stop;
    pub(super) mod tight_limit;
    pub(super) mod unenforced_policy;
    pub(super) mod unneeded_capabilities;
    pub(super) mod unneeded_privilege_gain;
    pub(super) mod unneeded_writable_root;
    pub(super) mod unresolved_name;
    pub(super) mod unwanted_connection;
}

mod project {
    pub(super) mod account_token_secret;
    pub(super) mod anonymous_rights;
    pub(super) mod blocked_eviction;
    pub(super) mod blocked_traffic;
    pub(super) mod build_without_cache;
    pub(super) mod catch_all_ingress;
    pub(super) mod claimed_address;
    pub(super) mod cluster_admin;
    pub(super) mod conflicting_autoscalers;
    pub(super) mod conflicting_settings;
    pub(super) mod container_detection;
    pub(super) mod control_plane_rights;
    pub(super) mod credentials_in_url;
    pub(super) mod dangling_autoscaler;
    pub(super) mod dangling_ingress;
    pub(super) mod dangling_monitor;
    pub(super) mod dangling_peer;
    pub(super) mod dangling_selector;
    pub(super) mod dangling_service;
    pub(super) mod default_namespace;
    pub(super) mod default_service_account;
    pub(super) mod default_token_permissions;
    pub(super) mod dependency_cycle;
    pub(super) mod deprecated_api_version;
    pub(super) mod disabled_dependency;
    pub(super) mod discarded_build_cache;
    pub(super) mod dns_without_tcp;
    pub(super) mod double_exposure;
    pub(super) mod duplicate_entry;
    pub(super) mod duplicate_host_port;
    pub(super) mod duplicate_object;
    pub(super) mod duplicate_route;
    pub(super) mod empty_disruption_budget;
    pub(super) mod ended_release;
    pub(super) mod escalation_rights;
    pub(super) mod exec_rights;
    pub(super) mod exposed_service;
    pub(super) mod fail_fast_builds;
    pub(super) mod fixed_name_of_several;
    pub(super) mod idle_ingress_annotation;
    pub(super) mod idle_network_policy;
    pub(super) mod incomplete_claim;
    pub(super) mod ingress_class_annotation;
    pub(super) mod ingress_snippet;
    pub(super) mod ingress_without_tls;
    pub(super) mod invalid_value;
    pub(super) mod legacy_link;
    pub(super) mod limited_restarts;
    pub(super) mod line_as_program;
    pub(super) mod load_balancer_without_tls;
    pub(super) mod lost_command;
    pub(super) mod lost_name;
    pub(super) mod lost_port;
    pub(super) mod lost_probe;
    pub(super) mod lost_service;
    pub(super) mod lost_variable;
    pub(super) mod lost_volume;
    pub(super) mod low_autoscaler_minimum;
    pub(super) mod memory_autoscaler;
    pub(super) mod misplaced_pod_security_label;
    pub(super) mod missing_bind_source;
    pub(super) mod missing_build_context;
    pub(super) mod missing_config;
    pub(super) mod missing_dependency;
    pub(super) mod missing_key;
    pub(super) mod missing_service_account;
    pub(super) mod no_disruption_budget;
    pub(super) mod no_dockerignore;
    pub(super) mod no_namespace_quota;
    pub(super) mod no_pod_security_level;
    pub(super) mod no_project_name;
    pub(super) mod no_storage_class;
    pub(super) mod obsolete_version;
    pub(super) mod other_image_family;
    pub(super) mod placeholder_value;
    pub(super) mod pod_creation_rights;
    pub(super) mod push_on_pull_request;
    pub(super) mod quoted_volume;
    pub(super) mod replicas_with_autoscaler;
    pub(super) mod secret_access;
    pub(super) mod secret_build_argument;
    pub(super) mod secret_in_config;
    pub(super) mod secret_in_env_file;
    pub(super) mod secret_in_manifest;
    pub(super) mod serial_builds;
    pub(super) mod service_without_image;
    pub(super) mod shared_selector;
    pub(super) mod shared_volume;
    pub(super) mod started_not_ready;
    pub(super) mod stuck_eviction;
    pub(super) mod sync_without_reload;
    pub(super) mod syntax_error;
    pub(super) mod undefined_reference;
    pub(super) mod unhealthy_dependency;
    pub(super) mod unknown_key;
    pub(super) mod unlistened_port;
    pub(super) mod unmatched_published_port;
    pub(super) mod unmatched_target_port;
    pub(super) mod unpinned_action;
    pub(super) mod unquoted_port;
    pub(super) mod unreachable_internet;
    pub(super) mod unreachable_published_port;
    pub(super) mod unresolvable_service;
    pub(super) mod unresolved_entry_point;
    pub(super) mod unselective_network_policy;
    pub(super) mod unset_namespace_label;
    pub(super) mod unset_variable;
    pub(super) mod unshipped_mount;
    pub(super) mod unsorted_entries;
    pub(super) mod unsupported_access_mode;
    pub(super) mod unused_config_key;
    pub(super) mod unused_definition;
    pub(super) mod unused_suppression;
    pub(super) mod variable_of_container;
    pub(super) mod variant_drift;
    pub(super) mod wildcard_rights;
    pub(super) mod written_registry_password;
}

mod variant {
    pub(super) mod development_dependencies;
    pub(super) mod exec_command;
    pub(super) mod exec_script;
    pub(super) mod existing_application;
    pub(super) mod first_process;
    pub(super) mod graceful_timeout;
    pub(super) mod healthcheck_moved;
    pub(super) mod language_caches;
    pub(super) mod numeric_user;
    pub(super) mod owned_paths;
    pub(super) mod readable_files;
    pub(super) mod readable_home;
    pub(super) mod readable_tools;
    pub(super) mod settled_environment;
    pub(super) mod shipped_tests;
    pub(super) mod unprivileged_port;
    pub(super) mod unprivileged_server;
    pub(super) mod unwritable_code;
}

mod workload {
    pub(super) mod absent_node_label;
    pub(super) mod any_node;
    pub(super) mod control_plane_toleration;
    pub(super) mod cron_job_deadline;
    pub(super) mod crowded_pod;
    pub(super) mod debugging_container;
    pub(super) mod default_ndots;
    pub(super) mod duplicate_container_name;
    pub(super) mod duplicate_container_port;
    pub(super) mod host_aliases;
    pub(super) mod host_path_volume;
    pub(super) mod host_port;
    pub(super) mod host_process;
    pub(super) mod kept_job;
    pub(super) mod long_pre_stop;
    pub(super) mod missing_fs_group;
    pub(super) mod missing_label;
    pub(super) mod mounted_service_account_token;
    pub(super) mod naked_pod;
    pub(super) mod no_network_policy;
    pub(super) mod no_pre_stop;
    pub(super) mod no_priority_class;
    pub(super) mod no_pull_secret;
    pub(super) mod no_rolling_update;
    pub(super) mod no_stop_grace;
    pub(super) mod old_service_account_field;
    pub(super) mod overlapping_cron_job;
    pub(super) mod root_group;
    pub(super) mod selector_mismatch;
    pub(super) mod service_link_collision;
    pub(super) mod service_links;
    pub(super) mod shared_claim;
    pub(super) mod shared_user_namespace;
    pub(super) mod single_replica;
    pub(super) mod stateful_set_service;
    pub(super) mod system_namespace;
    pub(super) mod uncommon_volume_type;
    pub(super) mod unlimited_job;
    pub(super) mod unsafe_sysctl;
    pub(super) mod unspread_replicas;
    pub(super) mod unsupported_restart_policy;
}

/// Every rule, sorted by name.
#[rustfmt::skip]
pub static ALL: &[&Rule] = &[
    &workload::absent_node_label::RULE,
    &project::account_token_secret::RULE,
    &dockerfile::add_instead_of_copy::RULE,
    &container::added_capability::RULE,
    &container::always_healthy::RULE,
    &project::anonymous_rights::RULE,
    &workload::any_node::RULE,
    &dockerfile::apt_instead_of_apt_get::RULE,
    &dockerfile::archive_copied_to_unpack::RULE,
    &dockerfile::base_argument::RULE,
    &dockerfile::base_without_digest::RULE,
    &live::blocked_connection::RULE,
    &project::blocked_eviction::RULE,
    &project::blocked_traffic::RULE,
    &dockerfile::broken_exec_form::RULE,
    &container::build_and_image::RULE,
    &dockerfile::build_error::RULE,
    &container::build_time_variable::RULE,
    &project::build_without_cache::RULE,
    &project::catch_all_ingress::RULE,
    &dockerfile::cd_in_run::RULE,
    &project::claimed_address::RULE,
    &project::cluster_admin::RULE,
    &live::cluster_warning::RULE,
    &project::conflicting_autoscalers::RULE,
    &container::conflicting_mounts::RULE,
    &project::conflicting_settings::RULE,
    &dockerfile::consecutive_runs::RULE,
    &project::container_detection::RULE,
    &project::control_plane_rights::RULE,
    &workload::control_plane_toleration::RULE,
    &dockerfile::copied_source_missing::RULE,
    &dockerfile::copied_tests::RULE,
    &dockerfile::copy_destination_without_slash::RULE,
    &dockerfile::copy_without_workdir::RULE,
    &container::cpu_limit::RULE,
    &project::credentials_in_url::RULE,
    &workload::cron_job_deadline::RULE,
    &workload::crowded_pod::RULE,
    &dockerfile::current_directory_in_path::RULE,
    &container::dangerous_capability::RULE,
    &project::dangling_autoscaler::RULE,
    &project::dangling_ingress::RULE,
    &project::dangling_monitor::RULE,
    &project::dangling_peer::RULE,
    &project::dangling_selector::RULE,
    &project::dangling_service::RULE,
    &container::data_in_memory::RULE,
    &workload::debugging_container::RULE,
    &project::default_namespace::RULE,
    &workload::default_ndots::RULE,
    &project::default_service_account::RULE,
    &project::default_token_permissions::RULE,
    &container::delay_behind_startup_probe::RULE,
    &project::dependency_cycle::RULE,
    &project::deprecated_api_version::RULE,
    &variant::development_dependencies::RULE,
    &container::development_setting::RULE,
    &project::disabled_dependency::RULE,
    &project::discarded_build_cache::RULE,
    &dockerfile::distribution_upgrade::RULE,
    &project::dns_without_tcp::RULE,
    &project::double_exposure::RULE,
    &live::drifted_pod::RULE,
    &workload::duplicate_container_name::RULE,
    &workload::duplicate_container_port::RULE,
    &project::duplicate_entry::RULE,
    &container::duplicate_env::RULE,
    &project::duplicate_host_port::RULE,
    &project::duplicate_object::RULE,
    &project::duplicate_route::RULE,
    &dockerfile::duplicate_stage_name::RULE,
    &dockerfile::empty_continuation::RULE,
    &project::empty_disruption_budget::RULE,
    &project::ended_release::RULE,
    &project::escalation_rights::RULE,
    &variant::exec_command::RULE,
    &project::exec_rights::RULE,
    &variant::exec_script::RULE,
    &container::executable_scratch::RULE,
    &dockerfile::existing_account::RULE,
    &variant::existing_application::RULE,
    &dockerfile::expose_format::RULE,
    &project::exposed_service::RULE,
    &container::exposed_ssh::RULE,
    &live::exposed_workload::RULE,
    &project::fail_fast_builds::RULE,
    &live::failed_health_checks::RULE,
    &live::failing_healthcheck::RULE,
    &variant::first_process::RULE,
    &project::fixed_name_of_several::RULE,
    &dockerfile::fixed_platform::RULE,
    &variant::graceful_timeout::RULE,
    &variant::healthcheck_moved::RULE,
    &dockerfile::hidden_failure::RULE,
    &container::hidden_log_links::RULE,
    &workload::host_aliases::RULE,
    &container::host_device::RULE,
    &container::host_namespace::RULE,
    &workload::host_path_volume::RULE,
    &workload::host_port::RULE,
    &workload::host_process::RULE,
    &container::identical_probes::RULE,
    &container::idle_capability::RULE,
    &project::idle_ingress_annotation::RULE,
    &project::idle_network_policy::RULE,
    &dockerfile::ignored_copy::RULE,
    &dockerfile::ignored_readme::RULE,
    &project::incomplete_claim::RULE,
    &project::ingress_class_annotation::RULE,
    &project::ingress_snippet::RULE,
    &project::ingress_without_tls::RULE,
    &dockerfile::inline_suppression::RULE,
    &project::invalid_value::RULE,
    &workload::kept_job::RULE,
    &dockerfile::keyword_case::RULE,
    &dockerfile::label_key::RULE,
    &dockerfile::label_schema::RULE,
    &variant::language_caches::RULE,
    &live::larger_variant::RULE,
    &dockerfile::late_ownership::RULE,
    &dockerfile::legacy_env_format::RULE,
    &project::legacy_link::RULE,
    &project::limited_restarts::RULE,
    &project::line_as_program::RULE,
    &project::load_balancer_without_tls::RULE,
    &container::local_image::RULE,
    &dockerfile::log_init::RULE,
    &workload::long_pre_stop::RULE,
    &live::loopback_listener::RULE,
    &project::lost_command::RULE,
    &project::lost_name::RULE,
    &project::lost_port::RULE,
    &project::lost_probe::RULE,
    &live::lost_requests::RULE,
    &project::lost_service::RULE,
    &project::lost_variable::RULE,
    &project::lost_volume::RULE,
    &project::low_autoscaler_minimum::RULE,
    &container::low_user_id::RULE,
    &dockerfile::maintainer_instruction::RULE,
    &project::memory_autoscaler::RULE,
    &dockerfile::mismatched_runtime::RULE,
    &container::mismatched_user::RULE,
    &project::misplaced_pod_security_label::RULE,
    &dockerfile::misplaced_uv_setting::RULE,
    &project::missing_bind_source::RULE,
    &project::missing_build_context::RULE,
    &project::missing_config::RULE,
    &project::missing_dependency::RULE,
    &workload::missing_fs_group::RULE,
    &dockerfile::missing_healthcheck::RULE,
    &dockerfile::missing_home::RULE,
    &container::missing_hook_program::RULE,
    &project::missing_key::RULE,
    &workload::missing_label::RULE,
    &project::missing_service_account::RULE,
    &container::missing_volume::RULE,
    &workload::mounted_service_account_token::RULE,
    &dockerfile::moving_base_tag::RULE,
    &container::moving_image_tag::RULE,
    &container::moving_tag_not_pulled::RULE,
    &workload::naked_pod::RULE,
    &dockerfile::named_user::RULE,
    &live::needs_capabilities::RULE,
    &live::needs_writable_root::RULE,
    &dockerfile::never_compiled::RULE,
    &live::never_healthy::RULE,
    &container::no_apparmor_profile::RULE,
    &container::no_cpu_limit::RULE,
    &project::no_disruption_budget::RULE,
    &project::no_dockerignore::RULE,
    &container::no_healthcheck::RULE,
    &container::no_linux_hardening::RULE,
    &container::no_liveness_probe::RULE,
    &container::no_logs::RULE,
    &container::no_memory_headroom::RULE,
    &container::no_memory_limit::RULE,
    &project::no_namespace_quota::RULE,
    &workload::no_network_policy::RULE,
    &container::no_pids_limit::RULE,
    &project::no_pod_security_level::RULE,
    &workload::no_pre_stop::RULE,
    &workload::no_priority_class::RULE,
    &project::no_project_name::RULE,
    &workload::no_pull_secret::RULE,
    &container::no_readiness_probe::RULE,
    &container::no_resource_requests::RULE,
    &container::no_restart_policy::RULE,
    &workload::no_rolling_update::RULE,
    &container::no_seccomp_profile::RULE,
    &container::no_security_context::RULE,
    &workload::no_stop_grace::RULE,
    &project::no_storage_class::RULE,
    &container::no_storage_request::RULE,
    &dockerfile::noisy_download::RULE,
    &variant::numeric_user::RULE,
    &project::obsolete_version::RULE,
    &workload::old_service_account_field::RULE,
    &project::other_image_family::RULE,
    &workload::overlapping_cron_job::RULE,
    &variant::owned_paths::RULE,
    &dockerfile::package_cache_kept::RULE,
    &project::placeholder_value::RULE,
    &project::pod_creation_rights::RULE,
    &dockerfile::pointless_command::RULE,
    &container::privilege_escalation::RULE,
    &container::privileged_container::RULE,
    &container::privileged_port::RULE,
    &container::probe_of_other_host::RULE,
    &container::probe_on_unknown_port::RULE,
    &container::published_database::RULE,
    &container::published_everywhere::RULE,
    &project::push_on_pull_request::RULE,
    &project::quoted_volume::RULE,
    &variant::readable_files::RULE,
    &variant::readable_home::RULE,
    &variant::readable_tools::RULE,
    &dockerfile::recommended_packages::RULE,
    &live::refused_access::RULE,
    &live::refused_manifest::RULE,
    &container::refused_option::RULE,
    &dockerfile::relative_workdir::RULE,
    &dockerfile::repeated_instruction::RULE,
    &dockerfile::replaced_shell::RULE,
    &project::replicas_with_autoscaler::RULE,
    &dockerfile::reserved_stage_name::RULE,
    &container::retired_registry::RULE,
    &container::retired_software::RULE,
    &container::root_container::RULE,
    &workload::root_group::RULE,
    &live::root_process::RULE,
    &dockerfile::root_user::RULE,
    &container::runtime_socket::RULE,
    &project::secret_access::RULE,
    &container::secret_as_variable::RULE,
    &project::secret_build_argument::RULE,
    &dockerfile::secret_in_build::RULE,
    &project::secret_in_config::RULE,
    &container::secret_in_env::RULE,
    &project::secret_in_env_file::RULE,
    &project::secret_in_manifest::RULE,
    &workload::selector_mismatch::RULE,
    &container::selinux_options::RULE,
    &container::sensitive_host_mount::RULE,
    &project::serial_builds::RULE,
    &workload::service_link_collision::RULE,
    &workload::service_links::RULE,
    &project::service_without_image::RULE,
    &variant::settled_environment::RULE,
    &container::shallow_probe::RULE,
    &workload::shared_claim::RULE,
    &container::shared_propagation::RULE,
    &project::shared_selector::RULE,
    &workload::shared_user_namespace::RULE,
    &project::shared_volume::RULE,
    &dockerfile::shell_form_command::RULE,
    &dockerfile::shell_problem::RULE,
    &container::shell_syntax_without_shell::RULE,
    &dockerfile::shell_wrapped_command::RULE,
    &variant::shipped_tests::RULE,
    &container::short_stop_grace::RULE,
    &live::silent_port::RULE,
    &live::silent_service::RULE,
    &workload::single_replica::RULE,
    &container::slow_healthcheck::RULE,
    &live::slow_stop::RULE,
    &dockerfile::sorted_packages::RULE,
    &dockerfile::stage_name_case::RULE,
    &dockerfile::stale_package_index::RULE,
    &project::started_not_ready::RULE,
    &workload::stateful_set_service::RULE,
    &container::storage_limit_as_request::RULE,
    &project::stuck_eviction::RULE,
    &container::sub_path_mount::RULE,
    &container::sudo_in_command::RULE,
    &dockerfile::sudo_in_run::RULE,
    &project::sync_without_reload::RULE,
    &project::syntax_error::RULE,
    &workload::system_namespace::RULE,
    &live::tight_limit::RULE,
    &container::trusted_any_proxy::RULE,
    &dockerfile::two_downloaders::RULE,
    &container::unbounded_log::RULE,
    &dockerfile::unchecked_pipe::RULE,
    &workload::uncommon_volume_type::RULE,
    &container::unconfined_profile::RULE,
    &dockerfile::unconfirmed_install::RULE,
    &project::undefined_reference::RULE,
    &dockerfile::undefined_variable::RULE,
    &container::undropped_capabilities::RULE,
    &live::unenforced_policy::RULE,
    &container::unequal_requests::RULE,
    &dockerfile::unhandled_stop_signal::RULE,
    &project::unhealthy_dependency::RULE,
    &dockerfile::unknown_copy_stage::RULE,
    &project::unknown_key::RULE,
    &workload::unlimited_job::RULE,
    &project::unlistened_port::RULE,
    &container::unmasked_proc::RULE,
    &project::unmatched_published_port::RULE,
    &project::unmatched_target_port::RULE,
    &container::unmounted_data_path::RULE,
    &live::unneeded_capabilities::RULE,
    &live::unneeded_privilege_gain::RULE,
    &live::unneeded_writable_root::RULE,
    &project::unpinned_action::RULE,
    &container::unpinned_image::RULE,
    &dockerfile::unpinned_packages::RULE,
    &variant::unprivileged_port::RULE,
    &variant::unprivileged_server::RULE,
    &container::unqualified_image::RULE,
    &project::unquoted_port::RULE,
    &project::unreachable_internet::RULE,
    &project::unreachable_published_port::RULE,
    &project::unresolvable_service::RULE,
    &project::unresolved_entry_point::RULE,
    &live::unresolved_name::RULE,
    &workload::unsafe_sysctl::RULE,
    &project::unselective_network_policy::RULE,
    &project::unset_namespace_label::RULE,
    &project::unset_variable::RULE,
    &project::unshipped_mount::RULE,
    &container::unsized_scratch::RULE,
    &project::unsorted_entries::RULE,
    &workload::unspread_replicas::RULE,
    &project::unsupported_access_mode::RULE,
    &workload::unsupported_restart_policy::RULE,
    &dockerfile::untagged_base::RULE,
    &container::untrusted_image::RULE,
    &dockerfile::untrusted_registry::RULE,
    &project::unused_config_key::RULE,
    &project::unused_definition::RULE,
    &dockerfile::unused_lock_file::RULE,
    &project::unused_suppression::RULE,
    &dockerfile::unverified_download::RULE,
    &live::unwanted_connection::RULE,
    &variant::unwritable_code::RULE,
    &container::unwritable_path::RULE,
    &dockerfile::useless_cleanup::RULE,
    &project::variable_of_container::RULE,
    &project::variant_drift::RULE,
    &container::weak_credentials::RULE,
    &dockerfile::whole_image_copied::RULE,
    &project::wildcard_rights::RULE,
    &container::windows_administrator::RULE,
    &dockerfile::world_writable::RULE,
    &container::writable_host_mount::RULE,
    &container::writable_root::RULE,
    &project::written_registry_password::RULE,
];
