//! Every attribute of Compose, in the order of the specification.

use super::{Field, Form, Names, Object, Pairs, Shape, Types};

const fn f(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, always: false, printed: name }
}

const fn always(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, always: true, printed: name }
}

const fn printed(name: &'static str, shape: &'static Shape, printed: &'static str) -> Field {
    Field { name, shape, always: true, printed }
}

const fn object(fields: &'static [Field]) -> Object {
    Object { fields, required: &[], extensions: true, nullable: false, closed: true }
}

const fn requires(object: Object, required: &'static [&'static str]) -> Object {
    Object { fields: object.fields, required, ..object_flags(&object) }
}

const fn object_flags(object: &Object) -> Object {
    Object {
        fields: object.fields,
        required: object.required,
        extensions: object.extensions,
        nullable: object.nullable,
        closed: object.closed,
    }
}

const fn nullable(object: Object) -> Object {
    Object { nullable: true, ..object_flags(&object) }
}

const fn plain(object: Object) -> Object {
    Object { extensions: false, ..object_flags(&object) }
}

const fn scalar(types: Types, form: Form) -> Shape {
    Shape::Scalar(types, form)
}

const BOOL_OR_TEXT: Types = Types::BOOL.or(Types::STR);
const INT_OR_TEXT: Types = Types::INT.or(Types::STR);
const NUMBER_OR_TEXT: Types = Types::NUMBER.or(Types::STR);

static ANY: Shape = Shape::Any;
static TEXT: Shape = scalar(Types::STR, Form::Text);
static TEXT_OR_NULL: Shape = scalar(Types::STR.or(Types::NULL), Form::Text);
static TEXT_OR_NUMBER: Shape = scalar(NUMBER_OR_TEXT, Form::Text);
static TEXT_OR_INT: Shape = scalar(INT_OR_TEXT, Form::Text);
static TEXT_OR_BOOL: Shape = scalar(BOOL_OR_TEXT, Form::Text);
static BOOL: Shape = scalar(BOOL_OR_TEXT, Form::Bool);
static ONLY_BOOL: Shape = scalar(Types::BOOL, Form::Bool);
static ALWAYS_BOOL: Shape = scalar(Types::BOOL, Form::Flag);
static FLAG: Shape = scalar(BOOL_OR_TEXT, Form::Flag);
static OPT_OUT: Shape = scalar(BOOL_OR_TEXT, Form::OptOut);
static INT: Shape = scalar(INT_OR_TEXT, Form::Int);
static ONLY_INT: Shape = scalar(Types::INT, Form::Int);
static NUMBER_INT: Shape = scalar(NUMBER_OR_TEXT, Form::Int);
static ONLY_NUMBER_INT: Shape = scalar(Types::NUMBER, Form::Int);
static COUNT: Shape = scalar(INT_OR_TEXT, Form::Count);
static NUMBER_COUNT: Shape = scalar(NUMBER_OR_TEXT, Form::Count);
static FLOAT: Shape = scalar(NUMBER_OR_TEXT, Form::Float);
static NUMBER_BYTES: Shape = scalar(NUMBER_OR_TEXT, Form::Bytes);
static INT_BYTES: Shape = scalar(INT_OR_TEXT, Form::Bytes);
static TEXT_BYTES: Shape = scalar(Types::STR, Form::Bytes);
static DURATION: Shape = scalar(Types::STR, Form::Duration);
static PERIOD: Shape = scalar(Types::STR, Form::Period);
static MODE: Shape = scalar(NUMBER_OR_TEXT, Form::Mode);
static DEVICE_COUNT: Shape = scalar(INT_OR_TEXT, Form::Devices);

static TEXTS: Shape = Shape::List { item: &TEXT, unique: false };
static UNIQUE_TEXTS: Shape = Shape::List { item: &TEXT, unique: true };
static UNIQUE_TEXTS_OR_NUMBERS: Shape = Shape::List { item: &TEXT_OR_NUMBER, unique: true };
static TEXT_OR_TEXTS: Shape =
    Shape::OneOf(&[scalar(Types::STR, Form::Text), Shape::List { item: &TEXT, unique: true }]);
static LABEL_FILE: Shape =
    Shape::OneOf(&[scalar(Types::STR, Form::Text), Shape::List { item: &TEXT, unique: false }]);
static NULLABLE_PAIRS: Shape = Shape::Pairs(Pairs::Nullable);
static LISTED_PAIRS: Shape = Shape::Pairs(Pairs::Listed);
static TEXT_PAIRS: Shape = Shape::Pairs(Pairs::Text);
static HOSTS: Shape = Shape::Hosts;
static COMMAND: Shape = Shape::Command;
static TEST: Shape = Shape::Test;
static OPTION: Shape = scalar(NUMBER_OR_TEXT, Form::Text);
static OPTION_OR_NULL: Shape = scalar(NUMBER_OR_TEXT.or(Types::NULL), Form::Text);
static OPTIONS: Shape = Shape::Map { value: &OPTION, names: Names::Any };
static LOG_OPTIONS: Shape = Shape::Map { value: &OPTION_OR_NULL, names: Names::Any };
static STORAGE_OPTIONS: Shape = Shape::Map { value: &ANY, names: Names::Any };
static TEXT_MAP: Shape = Shape::Map { value: &TEXT, names: Names::Any };
static ULIMITS: Shape = Shape::Map { value: &Shape::Ulimit, names: Names::Any };

/// The whole project.
pub(in crate::project::compose) static PROJECT: Shape = Shape::Object(&Object {
    fields: &[
        f("version", &TEXT),
        f("name", &TEXT),
        f("include", &INCLUDES),
        always("services", &SERVICES),
        f("models", &MODELS),
        f("networks", &NETWORKS),
        f("volumes", &VOLUMES),
        f("secrets", &SECRETS),
        f("configs", &CONFIGS),
    ],
    required: &[],
    extensions: true,
    nullable: false,
    closed: true,
});

static INCLUDES: Shape = Shape::List { item: &INCLUDE, unique: false };
static INCLUDE: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&plain(object(&[
        f("path", &TEXT_OR_TEXTS),
        f("env_file", &TEXT_OR_TEXTS),
        f("project_directory", &TEXT),
    ]))),
]);

static SERVICES: Shape = Shape::Map { value: &SERVICE, names: Names::Word };
static MODELS: Shape = Shape::Map { value: &MODEL, names: Names::Any };
static NETWORKS: Shape = Shape::Map { value: &NETWORK, names: Names::Any };
static VOLUMES: Shape = Shape::Map { value: &VOLUME, names: Names::Word };
static SECRETS: Shape = Shape::Map { value: &SECRET, names: Names::Word };
static CONFIGS: Shape = Shape::Map { value: &CONFIG, names: Names::Word };

/// A service.
pub(in crate::project::compose) static SERVICE: Shape = Shape::Object(&object(&[
    f("annotations", &TEXT_PAIRS),
    f("attach", &FLAG),
    f("blkio_config", &BLKIO),
    f("build", &BUILD),
    f("cap_add", &UNIQUE_TEXTS),
    f("cap_drop", &UNIQUE_TEXTS),
    f("cgroup", &CGROUP),
    f("cgroup_parent", &TEXT),
    always("command", &COMMAND),
    f("configs", &FILE_MOUNTS),
    f("container_name", &CONTAINER_NAME),
    f("cpu_count", &CPU_COUNT),
    f("cpu_percent", &CPU_PERCENT),
    f("cpu_period", &NUMBER_INT),
    f("cpu_quota", &NUMBER_INT),
    f("cpu_rt_period", &NUMBER_INT),
    f("cpu_rt_runtime", &NUMBER_INT),
    f("cpu_shares", &NUMBER_INT),
    f("cpus", &FLOAT),
    f("cpuset", &TEXT),
    f("credential_spec", &CREDENTIAL_SPEC),
    f("depends_on", &DEPENDS_ON),
    f("deploy", &DEPLOY),
    f("develop", &DEVELOP),
    f("device_cgroup_rules", &UNIQUE_TEXTS),
    f("devices", &DEVICES),
    f("dns", &TEXT_OR_TEXTS),
    f("dns_opt", &UNIQUE_TEXTS),
    f("dns_search", &TEXT_OR_TEXTS),
    f("domainname", &TEXT),
    always("entrypoint", &COMMAND),
    f("env_file", &ENV_FILE),
    f("environment", &NULLABLE_PAIRS),
    f("expose", &UNIQUE_TEXTS_OR_NUMBERS),
    f("extends", &EXTENDS),
    f("external_links", &UNIQUE_TEXTS),
    f("extra_hosts", &HOSTS),
    f("gpus", &GPUS),
    f("group_add", &UNIQUE_TEXTS_OR_NUMBERS),
    f("healthcheck", &HEALTHCHECK),
    f("hostname", &TEXT),
    f("image", &TEXT),
    f("init", &FLAG),
    f("ipc", &TEXT),
    f("isolation", &TEXT),
    f("label_file", &LABEL_FILE),
    f("labels", &TEXT_PAIRS),
    f("links", &UNIQUE_TEXTS),
    f("logging", &LOGGING),
    f("mac_address", &TEXT),
    f("mem_limit", &NUMBER_BYTES),
    f("mem_reservation", &INT_BYTES),
    f("mem_swappiness", &INT_BYTES),
    f("memswap_limit", &NUMBER_BYTES),
    f("models", &SERVICE_MODELS),
    f("network_mode", &TEXT),
    f("networks", &SERVICE_NETWORKS),
    f("oom_kill_disable", &BOOL),
    f("oom_score_adj", &OOM_SCORE),
    f("pid", &TEXT_OR_NULL),
    f("pids_limit", &NUMBER_INT),
    f("platform", &TEXT),
    f("ports", &PORTS),
    f("post_start", &HOOKS),
    f("pre_stop", &HOOKS),
    f("privileged", &BOOL),
    f("profiles", &UNIQUE_TEXTS),
    f("provider", &PROVIDER),
    f("pull_policy", &PULL_POLICY),
    f("pull_refresh_after", &TEXT),
    f("read_only", &BOOL),
    f("restart", &TEXT),
    f("runtime", &TEXT),
    f("scale", &COUNT),
    f("secrets", &FILE_MOUNTS),
    f("security_opt", &UNIQUE_TEXTS),
    f("shm_size", &NUMBER_BYTES),
    f("stdin_open", &BOOL),
    f("stop_grace_period", &PERIOD),
    f("stop_signal", &TEXT),
    f("storage_opt", &STORAGE_OPTIONS),
    f("sysctls", &TEXT_PAIRS),
    f("tmpfs", &TEXT_OR_TEXTS),
    f("tty", &BOOL),
    f("ulimits", &ULIMITS),
    f("use_api_socket", &ONLY_BOOL),
    f("user", &TEXT),
    f("userns_mode", &TEXT),
    f("uts", &TEXT),
    f("volumes", &SERVICE_VOLUMES),
    f("volumes_from", &UNIQUE_TEXTS),
    f("working_dir", &TEXT),
]));

static CONTAINER_NAME: Shape = scalar(Types::STR, Form::ContainerName);
static PULL_POLICY: Shape = scalar(Types::STR, Form::PullPolicy);
static CGROUP: Shape = scalar(Types::STR, Form::Word(&["host", "private"]));
static CPU_COUNT: Shape = scalar(INT_OR_TEXT, Form::Bounded(0, i64::MAX));
static CPU_PERCENT: Shape = scalar(INT_OR_TEXT, Form::Bounded(0, 100));
static OOM_SCORE: Shape = scalar(INT_OR_TEXT, Form::Bounded(-1000, 1000));

static BLKIO_LIMIT: Shape =
    Shape::Object(&plain(object(&[printed("path", &TEXT, "Path"), printed("rate", &INT_BYTES, "Rate")])));
static BLKIO_WEIGHT: Shape =
    Shape::Object(&plain(object(&[printed("path", &TEXT, "Path"), printed("weight", &COUNT, "Weight")])));
static BLKIO_LIMITS: Shape = Shape::List { item: &BLKIO_LIMIT, unique: false };
static BLKIO_WEIGHTS: Shape = Shape::List { item: &BLKIO_WEIGHT, unique: false };
static BLKIO: Shape = Shape::Object(&plain(object(&[
    f("device_read_bps", &BLKIO_LIMITS),
    f("device_read_iops", &BLKIO_LIMITS),
    f("device_write_bps", &BLKIO_LIMITS),
    f("device_write_iops", &BLKIO_LIMITS),
    f("weight", &INT),
    f("weight_device", &BLKIO_WEIGHTS),
])));

static BUILD: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&object(&[
        f("additional_contexts", &TEXT_PAIRS),
        f("args", &NULLABLE_PAIRS),
        f("cache_from", &TEXTS),
        f("cache_to", &TEXTS),
        f("context", &TEXT),
        f("dockerfile", &TEXT),
        f("dockerfile_inline", &TEXT),
        f("entitlements", &TEXTS),
        f("extra_hosts", &HOSTS),
        f("isolation", &TEXT),
        f("labels", &TEXT_PAIRS),
        f("network", &TEXT),
        f("no_cache", &BOOL),
        f("no_cache_filter", &TEXT_OR_TEXTS),
        f("platforms", &TEXTS),
        f("privileged", &BOOL),
        f("provenance", &TEXT_OR_BOOL),
        f("pull", &BOOL),
        f("sbom", &TEXT_OR_BOOL),
        f("secrets", &FILE_MOUNTS),
        f("shm_size", &INT_BYTES),
        f("ssh", &LISTED_PAIRS),
        f("tags", &TEXTS),
        f("target", &TEXT),
        f("ulimits", &ULIMITS),
    ])),
]);

static CREDENTIAL_SPEC: Shape =
    Shape::Object(&object(&[f("config", &TEXT), f("file", &TEXT), f("registry", &TEXT)]));

static DEPENDENCY: Shape = Shape::Object(&requires(
    object(&[f("condition", &CONDITION), always("required", &ALWAYS_BOOL), f("restart", &BOOL)]),
    &["condition"],
));
static CONDITION: Shape =
    scalar(Types::STR, Form::Word(&["service_started", "service_healthy", "service_completed_successfully"]));
static DEPENDS_ON: Shape = Shape::OneOf(&[
    Shape::List { item: &TEXT, unique: true },
    Shape::Map { value: &DEPENDENCY, names: Names::Word },
]);

static DEPLOY: Shape = Shape::Object(&nullable(object(&[
    f("endpoint_mode", &TEXT),
    f("labels", &TEXT_PAIRS),
    f("mode", &TEXT),
    always("placement", &PLACEMENT),
    f("replicas", &COUNT),
    always("resources", &RESOURCES),
    f("restart_policy", &RESTART_POLICY),
    f("rollback_config", &UPDATE),
    f("update_config", &UPDATE),
])));
static UPDATE: Shape = Shape::Object(&object(&[
    f("delay", &DURATION),
    f("failure_action", &TEXT),
    f("max_failure_ratio", &FLOAT),
    f("monitor", &DURATION),
    f("order", &ORDER),
    f("parallelism", &COUNT),
]));
static ORDER: Shape = scalar(Types::STR, Form::Word(&["start-first", "stop-first"]));
static RESOURCES: Shape = Shape::Object(&object(&[f("limits", &LIMITS), f("reservations", &RESERVATIONS)]));
static LIMITS: Shape =
    Shape::Object(&object(&[f("cpus", &FLOAT), f("memory", &TEXT_BYTES), f("pids", &INT)]));
static RESERVATIONS: Shape = Shape::Object(&object(&[
    f("cpus", &FLOAT),
    f("devices", &DEVICE_REQUESTS),
    f("generic_resources", &GENERIC_RESOURCES),
    f("memory", &TEXT_BYTES),
]));
static GENERIC_RESOURCES: Shape = Shape::List { item: &GENERIC_RESOURCE, unique: false };
static GENERIC_RESOURCE: Shape = Shape::Object(&object(&[f("discrete_resource_spec", &DISCRETE_RESOURCE)]));
static DISCRETE_RESOURCE: Shape =
    Shape::Object(&object(&[always("kind", &TEXT), always("value", &NUMBER_COUNT)]));
static DEVICE_REQUEST_FIELDS: &[Field] = &[
    f("capabilities", &UNIQUE_TEXTS),
    f("count", &DEVICE_COUNT),
    f("device_ids", &UNIQUE_TEXTS),
    f("driver", &TEXT),
    f("options", &TEXT_PAIRS),
];
static DEVICE_REQUESTS: Shape = Shape::List { item: &DEVICE_REQUEST, unique: false };
static DEVICE_REQUEST: Shape = Shape::Object(&Object {
    fields: DEVICE_REQUEST_FIELDS,
    required: &["capabilities"],
    extensions: true,
    nullable: false,
    closed: true,
});
static GPU: Shape = Shape::Object(&Object {
    fields: DEVICE_REQUEST_FIELDS,
    required: &[],
    extensions: true,
    nullable: false,
    closed: false,
});
static GPUS: Shape =
    Shape::OneOf(&[scalar(Types::STR, Form::Word(&["all"])), Shape::List { item: &GPU, unique: false }]);
static RESTART_POLICY: Shape = Shape::Object(&object(&[
    f("condition", &TEXT),
    f("delay", &PERIOD),
    f("max_attempts", &COUNT),
    f("window", &PERIOD),
]));
static PLACEMENT: Shape = Shape::Object(&object(&[
    f("constraints", &TEXTS),
    f("max_replicas_per_node", &INT),
    f("preferences", &PREFERENCES),
]));
static PREFERENCES: Shape = Shape::List { item: &PREFERENCE, unique: false };
static PREFERENCE: Shape = Shape::Object(&object(&[f("spread", &TEXT)]));

static DEVELOP: Shape = Shape::Object(&nullable(object(&[f("watch", &WATCH)])));
static WATCH: Shape = Shape::List { item: &TRIGGER, unique: false };
static TRIGGER: Shape = Shape::Object(&requires(
    object(&[
        f("action", &ACTION),
        always("exec", &HOOK),
        f("ignore", &TEXT_OR_TEXTS),
        f("include", &TEXT_OR_TEXTS),
        f("initial_sync", &ONLY_BOOL),
        f("path", &TEXT),
        f("target", &TEXT),
    ]),
    &["path", "action"],
));
static ACTION: Shape =
    scalar(Types::STR, Form::Word(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"]));
static HOOK: Shape = Shape::Object(&requires(
    object(&[
        always("command", &COMMAND),
        f("environment", &NULLABLE_PAIRS),
        f("privileged", &BOOL),
        f("user", &TEXT),
        f("working_dir", &TEXT),
    ]),
    &["command"],
));
static HOOKS: Shape = Shape::List { item: &HOOK, unique: false };

static DEVICES: Shape = Shape::List { item: &DEVICE, unique: false };
static DEVICE: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&requires(
        object(&[f("permissions", &TEXT), f("source", &TEXT), f("target", &TEXT)]),
        &["source"],
    )),
]);

static ENV_FILE: Shape =
    Shape::OneOf(&[scalar(Types::STR, Form::Text), Shape::List { item: &ENV_FILE_ENTRY, unique: false }]);
static ENV_FILE_ENTRY: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&plain(requires(
        object(&[f("format", &TEXT), f("path", &TEXT), f("required", &OPT_OUT)]),
        &["path"],
    ))),
]);

static EXTENDS: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&plain(requires(object(&[f("file", &TEXT), f("service", &TEXT)]), &["service"]))),
]);

static HEALTHCHECK: Shape = Shape::Object(&object(&[
    f("disable", &BOOL),
    f("interval", &PERIOD),
    f("retries", &NUMBER_COUNT),
    f("start_interval", &PERIOD),
    f("start_period", &PERIOD),
    f("test", &TEST),
    f("timeout", &PERIOD),
]));

static LOGGING: Shape = Shape::Object(&object(&[f("driver", &TEXT), f("options", &LOG_OPTIONS)]));

static SERVICE_MODELS: Shape = Shape::OneOf(&[
    Shape::List { item: &TEXT, unique: true },
    Shape::Map { value: &SERVICE_MODEL, names: Names::Any },
]);
static SERVICE_MODEL: Shape =
    Shape::Object(&nullable(object(&[f("endpoint_var", &TEXT), f("model_var", &TEXT)])));

static SERVICE_NETWORKS: Shape = Shape::OneOf(&[
    Shape::List { item: &TEXT, unique: true },
    Shape::Map { value: &SERVICE_NETWORK, names: Names::Word },
]);
static SERVICE_NETWORK: Shape = Shape::Object(&nullable(object(&[
    f("aliases", &UNIQUE_TEXTS),
    f("driver_opts", &OPTIONS),
    f("gw_priority", &ONLY_NUMBER_INT),
    f("interface_name", &TEXT),
    f("ipv4_address", &TEXT),
    f("ipv6_address", &TEXT),
    f("link_local_ips", &UNIQUE_TEXTS),
    f("mac_address", &TEXT),
    f("priority", &ONLY_NUMBER_INT),
])));

static PORTS: Shape = Shape::List { item: &PORT, unique: true };
static PORT: Shape = Shape::OneOf(&[
    scalar(NUMBER_OR_TEXT, Form::Text),
    Shape::Object(&object(&[
        f("app_protocol", &TEXT),
        f("host_ip", &TEXT),
        f("mode", &TEXT),
        f("name", &TEXT),
        f("protocol", &TEXT),
        f("published", &TEXT_OR_INT),
        f("target", &INT),
    ])),
]);

static PROVIDER: Shape =
    Shape::Object(&requires(object(&[f("options", &PROVIDER_OPTIONS), f("type", &TEXT)]), &["type"]));
static PROVIDER_OPTIONS: Shape = Shape::Map { value: &ANY, names: Names::Any };

static FILE_MOUNTS: Shape = Shape::List { item: &FILE_MOUNT, unique: false };
static FILE_MOUNT: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&object(&[
        f("gid", &TEXT),
        f("mode", &MODE),
        f("source", &TEXT),
        f("target", &TEXT),
        f("uid", &TEXT),
    ])),
]);

static SERVICE_VOLUMES: Shape = Shape::List { item: &SERVICE_VOLUME, unique: true };
static SERVICE_VOLUME: Shape = Shape::OneOf(&[
    scalar(Types::STR, Form::Text),
    Shape::Object(&requires(
        object(&[
            f("bind", &MOUNT_BIND),
            f("consistency", &TEXT),
            f("image", &MOUNT_IMAGE),
            f("read_only", &BOOL),
            f("source", &TEXT),
            f("target", &TEXT),
            f("tmpfs", &MOUNT_TMPFS),
            f("type", &MOUNT_TYPE),
            f("volume", &MOUNT_VOLUME),
        ]),
        &["type"],
    )),
]);
static MOUNT_TYPE: Shape =
    scalar(Types::STR, Form::Word(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"]));
static MOUNT_BIND: Shape = Shape::Object(&object(&[
    f("create_host_path", &OPT_OUT),
    f("propagation", &TEXT),
    f("recursive", &RECURSIVE),
    f("selinux", &SELINUX),
]));
static RECURSIVE: Shape = scalar(Types::STR, Form::Word(&["enabled", "disabled", "writable", "readonly"]));
static SELINUX: Shape = scalar(Types::STR, Form::Word(&["z", "Z"]));
static MOUNT_VOLUME: Shape =
    Shape::Object(&object(&[f("labels", &TEXT_PAIRS), f("nocopy", &BOOL), f("subpath", &TEXT)]));
static MOUNT_TMPFS: Shape = Shape::Object(&object(&[f("mode", &NUMBER_INT), f("size", &INT_BYTES)]));
static MOUNT_IMAGE: Shape = Shape::Object(&object(&[f("subpath", &TEXT)]));

static MODEL: Shape = Shape::Object(&requires(
    object(&[f("context_size", &ONLY_INT), f("model", &TEXT), f("name", &TEXT), f("runtime_flags", &TEXTS)]),
    &["model"],
));

static EXTERNAL: Shape =
    Shape::OneOf(&[scalar(BOOL_OR_TEXT, Form::Bool), Shape::Object(&object(&[f("name", &TEXT)]))]);
static EXTERNAL_FILE: Shape = Shape::OneOf(&[
    scalar(BOOL_OR_TEXT, Form::Bool),
    Shape::Object(&Object {
        fields: &[f("name", &TEXT)],
        required: &[],
        extensions: true,
        nullable: false,
        closed: false,
    }),
]);
static NETWORK: Shape = Shape::Object(&nullable(object(&[
    f("attachable", &BOOL),
    f("driver", &TEXT),
    f("driver_opts", &OPTIONS),
    f("enable_ipv4", &FLAG),
    f("enable_ipv6", &FLAG),
    f("external", &EXTERNAL),
    f("internal", &BOOL),
    always("ipam", &IPAM),
    f("labels", &TEXT_PAIRS),
    f("name", &TEXT),
])));
static IPAM: Shape =
    Shape::Object(&object(&[f("config", &IPAM_POOLS), f("driver", &TEXT), f("options", &TEXT_MAP)]));
static IPAM_POOLS: Shape = Shape::List { item: &IPAM_POOL, unique: false };
static IPAM_POOL: Shape = Shape::Object(&object(&[
    f("aux_addresses", &TEXT_MAP),
    f("gateway", &TEXT),
    f("ip_range", &TEXT),
    f("subnet", &TEXT),
]));
static VOLUME: Shape = Shape::Object(&nullable(object(&[
    f("driver", &TEXT),
    f("driver_opts", &OPTIONS),
    f("external", &EXTERNAL),
    f("labels", &TEXT_PAIRS),
    f("name", &TEXT),
])));
static SECRET: Shape = Shape::Object(&object(&[
    f("driver", &TEXT),
    f("driver_opts", &OPTIONS),
    f("environment", &TEXT),
    f("external", &EXTERNAL_FILE),
    f("file", &TEXT),
    f("labels", &TEXT_PAIRS),
    f("name", &TEXT),
    f("template_driver", &TEXT),
]));
static CONFIG: Shape = Shape::Object(&object(&[
    f("content", &TEXT),
    f("environment", &TEXT),
    f("external", &EXTERNAL_FILE),
    f("file", &TEXT),
    f("labels", &TEXT_PAIRS),
    f("name", &TEXT),
    f("template_driver", &TEXT),
]));
