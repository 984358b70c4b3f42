//! From what Compose comes to, to a container as the engine is asked for it.
//!
//! A trial is as the project says, but for what would reach beyond it: no port is published, no name is taken, a volume is
//! a fresh one, and a directory of the host is read-only or copied.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, Mount, MountType, MountVolumeOptions, ResourcesUlimits,
};
use seaworthy_engine::project::compose::{Item, Value};
use serde::Deserialize;
use serde_json::Value as Json;

/// A service, with what is used of it; the names are Compose's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub(super) image: Option<String>,
    pub(super) build: Option<Json>,
    command: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    environment: BTreeMap<String, Option<Text>>,
    pub(super) ports: Vec<Published>,
    expose: Vec<Text>,
    volumes: Vec<Volume>,
    configs: Vec<FileUse>,
    secrets: Vec<FileUse>,
    pub(super) healthcheck: Option<Check>,
    pub(super) user: Option<Text>,
    working_dir: Option<String>,
    cap_add: Vec<String>,
    cap_drop: Vec<String>,
    read_only: bool,
    tmpfs: Vec<String>,
    security_opt: Vec<String>,
    init: Option<bool>,
    stop_signal: Option<String>,
    pub(super) stop_grace_period: Option<String>,
    privileged: bool,
    network_mode: Option<String>,
    pid: Option<String>,
    ipc: Option<String>,
    devices: Vec<Json>,
    pub(super) depends_on: BTreeMap<String, DependsOn>,
    networks: BTreeMap<String, Option<Attached>>,
    extra_hosts: Vec<String>,
    hostname: Option<String>,
    shm_size: Option<Text>,
    ulimits: BTreeMap<String, Json>,
    sysctls: BTreeMap<String, Text>,
    group_add: Vec<Text>,
    dns: Vec<String>,
    mem_limit: Option<Text>,
    pids_limit: Option<i64>,
    deploy: Deploy,
    tty: bool,
    stdin_open: bool,
    platform: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Published {
    pub(super) target: u16,
    pub(super) protocol: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Volume {
    #[serde(rename = "type")]
    kind: String,
    source: Option<String>,
    target: String,
    read_only: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct FileUse {
    source: String,
    target: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Check {
    pub(super) test: Vec<String>,
    timeout: Option<String>,
    pub(super) interval: Option<String>,
    pub(super) start_period: Option<String>,
    pub(super) retries: Option<u32>,
    disable: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DependsOn {
    pub(super) condition: String,
    pub(super) required: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Attached {
    aliases: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Deploy {
    resources: Resources,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Resources {
    limits: Limits,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Limits {
    memory: Option<Text>,
    pids: Option<i64>,
}

/// A scalar where Compose takes a string.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    String(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::String(text) => f.write_str(text),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Bool(value) => write!(f, "{value}"),
        }
    }
}

/// What trials of a service start from.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    pub(super) body: ContainerCreateBody,
    /// What is copied in before the start: the directory of the host, and where it goes.
    pub(super) copies: Vec<(String, String)>,
    /// Volumes by name, and where they are mounted.
    pub(super) named: Vec<(String, String, bool)>,
    /// Names by which others call it.
    pub(super) aliases: Vec<String>,
    /// What was left out of the trials, said in full.
    pub(super) notes: Vec<String>,
    /// Why it is not run at all.
    pub(super) refusal: Option<String>,
}

/// What a value comes to as JSON.
pub(super) fn json(item: &Item) -> Json {
    match &item.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Str(text) => Json::String(text.clone()),
        Value::List(list) => Json::Array(list.iter().map(json).collect()),
        Value::Map(map) => map.iter().map(|(name, item)| (name.clone(), json(item))).collect(),
    }
}

impl Service {
    /// What trials of it start from; `files` are the paths of secrets and configs by name.
    pub(super) fn base(&self, name: &str, image: &str, files: &BTreeMap<String, String>) -> Base {
        let mut base = Base { refusal: self.refusal(), ..Base::default() };
        let host = self.host(&mut base, files);
        base.aliases.push(name.to_owned());
        base.aliases.extend(self.networks.values().flatten().flat_map(|n| n.aliases.iter().cloned()));
        // A variable that only the machine of whoever runs Compose knows is empty there too where it has none.
        let env = self.environment.iter().filter_map(|(n, v)| Some(format!("{n}={}", v.as_ref()?)));
        let exposed =
            self.ports.iter().map(|p| format!("{}/{}", p.target, p.protocol.as_deref().unwrap_or("tcp")));
        let also = self.expose.iter().map(ToString::to_string);
        let also = also.filter(|e| e.bytes().all(|b| b.is_ascii_digit())).map(|e| format!("{e}/tcp"));
        base.body = ContainerCreateBody {
            image: Some(image.to_owned()),
            hostname: self.hostname.clone(),
            user: self.user.as_ref().map(ToString::to_string),
            cmd: self.command.clone(),
            entrypoint: self.entrypoint.clone(),
            env: Some(env.collect()),
            exposed_ports: Some(exposed.chain(also).collect()),
            working_dir: self.working_dir.clone(),
            healthcheck: self.healthcheck.as_ref().map(Check::config),
            stop_signal: self.stop_signal.clone(),
            tty: Some(self.tty),
            open_stdin: Some(self.stdin_open),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        base
    }

    /// Why it is not run: it would not stay in its container.
    fn refusal(&self) -> Option<String> {
        let shared = |value: &Option<String>| {
            value.as_deref().is_some_and(|v| v == "host" || v.starts_with("container:"))
        };
        let network = self
            .network_mode
            .as_deref()
            .filter(|m| *m == "host" || m.starts_with("container:") || m.starts_with("service:"));
        if self.privileged {
            Some("it is privileged".to_owned())
        } else if let Some(mode) = network {
            Some(format!("it has no network of its own (`network_mode: {mode}`)"))
        } else if shared(&self.pid) || shared(&self.ipc) {
            Some("it shares the processes or the memory of others".to_owned())
        } else if !self.devices.is_empty() {
            Some("it uses devices of the host".to_owned())
        } else {
            None
        }
    }

    fn host(&self, base: &mut Base, files: &BTreeMap<String, String>) -> HostConfig {
        let mut mounts = Vec::new();
        let mut tmpfs: HashMap<String, String> = self
            .tmpfs
            .iter()
            .map(|t| t.split_once(':').unwrap_or((t, "")))
            .map(|(path, options)| (path.to_owned(), options.to_owned()))
            .collect();
        for volume in &self.volumes {
            match (volume.kind.as_str(), &volume.source) {
                ("bind", Some(source)) => bind(source, volume, &mut mounts, base),
                ("volume", Some(name)) => {
                    base.named.push((name.clone(), volume.target.clone(), volume.read_only));
                }
                ("volume", None) => mounts.push(fresh(&volume.target)),
                ("tmpfs", _) => {
                    tmpfs.insert(volume.target.clone(), String::new());
                }
                (kind, _) => base.notes.push(format!("the {kind} mount at {} is left out", volume.target)),
            }
        }
        for (used, folder) in
            self.secrets.iter().map(|u| (u, "/run/secrets/")).chain(self.configs.iter().map(|u| (u, "/")))
        {
            let target = used.target.clone().unwrap_or_else(|| used.source.clone());
            let target = if target.starts_with('/') { target } else { format!("{folder}{target}") };
            match files.get(&used.source).filter(|file| std::path::Path::new(file).is_file()) {
                Some(file) => mounts.push(read_only(file, &target)),
                None => base.notes.push(format!("the file at {target} is left out: its source is not here")),
            }
        }
        let limits = &self.deploy.resources.limits;
        let memory =
            self.mem_limit.as_ref().or(limits.memory.as_ref()).and_then(|m| m.to_string().parse().ok());
        HostConfig {
            mounts: Some(mounts),
            tmpfs: Some(tmpfs),
            cap_add: some(&self.cap_add),
            cap_drop: some(&self.cap_drop),
            security_opt: some(&self.security_opt),
            readonly_rootfs: Some(self.read_only),
            init: self.init,
            extra_hosts: some(&self.extra_hosts),
            dns: some(&self.dns),
            group_add: Some(self.group_add.iter().map(ToString::to_string).collect()),
            shm_size: self.shm_size.as_ref().and_then(|s| s.to_string().parse().ok()),
            sysctls: Some(self.sysctls.iter().map(|(k, v)| (k.clone(), v.to_string())).collect()),
            ulimits: Some(self.ulimits.iter().map(|(name, limit)| ulimit(name, limit)).collect()),
            memory,
            pids_limit: self.pids_limit.or(limits.pids),
            ..HostConfig::default()
        }
    }

    /// The platform that its image is for, where it is said.
    pub(super) fn platform(&self) -> Option<&str> {
        self.platform.as_deref()
    }
}

impl Check {
    fn config(&self) -> HealthConfig {
        if self.disable {
            return HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() };
        }
        HealthConfig {
            test: (!self.test.is_empty()).then(|| self.test.clone()),
            interval: self.interval.as_deref().and_then(nanoseconds),
            timeout: self.timeout.as_deref().and_then(nanoseconds),
            retries: self.retries.map(i64::from),
            start_period: self.start_period.as_deref().and_then(nanoseconds),
            start_interval: None,
        }
    }
}

pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    seaworthy_engine::syntax::duration::nanoseconds_of_compose(text)
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn ulimit(name: &str, limit: &Json) -> ResourcesUlimits {
    let number = |key: &str| limit.get(key).unwrap_or(limit).as_i64();
    ResourcesUlimits { name: Some(name.to_owned()), soft: number("soft"), hard: number("hard") }
}

/// A volume without a name, filled from the image.
pub(super) fn fresh(target: &str) -> Mount {
    Mount {
        target: Some(target.to_owned()),
        typ: Some(MountType::VOLUME),
        volume_options: Some(MountVolumeOptions::default()),
        ..Mount::default()
    }
}

/// A volume with a name.
pub(super) fn named(volume: &str, target: &str, is_read_only: bool) -> Mount {
    Mount { source: Some(volume.to_owned()), read_only: Some(is_read_only), ..fresh(target) }
}

fn read_only(source: &str, target: &str) -> Mount {
    Mount {
        target: Some(target.to_owned()),
        source: Some(source.to_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(true),
        ..Mount::default()
    }
}

/// The most of a directory that is copied, in bytes, and in files.
const COPIED: (u64, usize) = (64 << 20, 4_096);

/// A trial writes nothing of the host: what it may write is a copy.
fn bind(source: &str, volume: &Volume, mounts: &mut Vec<Mount>, base: &mut Base) {
    let Ok(meta) = std::fs::metadata(source) else {
        // Compose makes an empty directory there.
        mounts.push(fresh(&volume.target));
        return;
    };
    if meta.is_file() || meta.is_dir() && volume.read_only {
        mounts.push(read_only(source, &volume.target));
    } else if meta.is_dir() {
        mounts.push(fresh(&volume.target));
        let (mut bytes, mut files) = (0, 0);
        measure(std::path::Path::new(source), &mut bytes, &mut files);
        if bytes <= COPIED.0 && files <= COPIED.1 {
            base.copies.push((source.to_owned(), volume.target.clone()));
        } else {
            base.notes.push(format!("{} starts empty: {source} is too large to be copied", volume.target));
        }
    } else {
        base.notes.push(format!("the mount of {source} is left out: it is neither file nor directory"));
    }
}

fn measure(directory: &std::path::Path, bytes: &mut u64, files: &mut usize) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if *bytes > COPIED.0 || *files > COPIED.1 {
            return;
        }
        *files += 1;
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => measure(&entry.path(), bytes, files),
            Ok(_) => *bytes += entry.metadata().map_or(0, |m| m.len()),
            Err(_) => {}
        }
    }
}
