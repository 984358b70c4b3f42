//! From a merged project to containers.

use seaworthy_syntax::duration::nanoseconds_of_compose;
use seaworthy_syntax::path;
use seaworthy_syntax::{SourceId, Span, Spanned};

use super::item::{Item, Value};
use super::{Attachment, Composition, Dependency, Service, ServiceBuild, units};
use crate::project::container::{
    Action, Container, EnvValue, EnvVar, ImageName, Mount, Namespace, Port, Probe, Resources, User, Volume,
};
use crate::project::{ContainerId, Origin, Setting};
use crate::rule::Target;

/// The containers of a project, numbered from 0: one for each service that is written in a source.
pub(super) fn lower(composition: &mut Composition, at: usize) -> Vec<Container> {
    let all = composition.model.get("services").map(Item::entries).unwrap_or_default();
    let mut services = Vec::with_capacity(all.len());
    let mut containers = Vec::with_capacity(all.len());
    for (name, item) in all {
        let Some(place) = item.place else { continue };
        let id = ContainerId(containers.len() as u32);
        let reader = Reader { item, owner: place.source };
        let span = item.key.or(item.at).unwrap_or(Span { source: place.source, start: 0, end: 0 });
        let mut container = Container::new(id, Spanned::new(name.to_owned(), span), Target::Docker, place);
        container.composition = Some(at);
        reader.fill(&mut container);
        containers.push(container);
        services.push(reader.service(name, id));
    }
    composition.services = services;
    containers
}

/// Reads the values of a service.
struct Reader<'r> {
    item: &'r Item,
    /// The file that defines it first.
    owner: SourceId,
}

impl Reader<'_> {
    fn origin(&self, item: &Item) -> Origin {
        match (item.origin, item.at) {
            (Origin::Extends, _) => Origin::Extends,
            (_, Some(at)) if at.source != self.owner => Origin::Override,
            (origin, _) => origin,
        }
    }

    /// A setting of a value; nothing where the value cannot be what is wanted.
    fn setting<T>(&self, item: Option<&Item>, read: impl FnOnce(&Item) -> Option<T>) -> Setting<T> {
        let Some(item) = item else { return Setting::default() };
        let origin = self.origin(item);
        if item.is_unknown() || item.items().iter().any(Item::is_unknown) {
            return Setting::unknown(origin, item.span());
        }
        match read(item) {
            Some(value) => Setting::known(value, origin, item.span()),
            None => Setting::default(),
        }
    }

    fn text(&self, key: &str) -> Setting<String> {
        self.setting(self.item.get(key), filled)
    }

    fn flag(&self, key: &str) -> Setting<bool> {
        self.setting(self.item.get(key), Item::as_bool)
    }

    fn words(&self, key: &str) -> Setting<Vec<String>> {
        self.setting(self.item.get(key), |item| {
            Some(item.as_list()?.iter().filter_map(Item::to_text).collect())
        })
    }

    fn list(&self, key: &str) -> &[Item] {
        self.item.get(key).map(Item::items).unwrap_or_default()
    }

    fn deploy(&self, path: &[&str]) -> Option<&Item> {
        self.item.get("deploy")?.at_path(path)
    }

    fn fill(&self, container: &mut Container) {
        container.image = match self.item.get("image") {
            // A name that is none is not for rules to judge.
            Some(image) if filled(image).is_some_and(|text| ImageName::parse(&text).is_none()) => {
                Setting::unknown(self.origin(image), image.span())
            }
            image => self.setting(image, |item| ImageName::parse(&filled(item)?)),
        };
        container.user =
            self.setting(self.item.get("user"), |item| filled(item).map(|text| User::parse(&text)));
        container.read_only_root = self.flag("read_only");
        container.privileged = self.flag("privileged");
        container.init = self.flag("init");
        container.windows =
            self.item.get("platform").and_then(Item::as_str).is_some_and(|p| p.starts_with("windows"));
        container.added_capabilities = self.capabilities("cap_add");
        container.dropped_capabilities = self.capabilities("cap_drop");
        self.security_options(container);
        container.host_namespaces = [
            ("network_mode", Namespace::Network),
            ("pid", Namespace::Pid),
            ("ipc", Namespace::Ipc),
            ("userns_mode", Namespace::User),
            ("uts", Namespace::Uts),
            ("cgroup", Namespace::Cgroup),
        ]
        .into_iter()
        .filter_map(|(key, namespace)| {
            let item = self.item.get(key).filter(|item| item.as_str() == Some("host"))?;
            Some(Spanned::new(namespace, item.span()?))
        })
        .collect();
        container.entrypoint = self.words("entrypoint");
        container.command = self.words("command");
        container.workdir = self.text("working_dir");
        container.env = self.env();
        container.ports = self.ports();
        container.mounts = self.mounts();
        container.healthcheck = self.healthcheck();
        container.resources = self.resources();
        container.restart = self.restart();
        container.pull_policy = self.text("pull_policy");
        container.stop_grace = self.setting(self.item.get("stop_grace_period"), seconds);
        container.stop_signal = self.text("stop_signal");
        container.pre_stop = self.list("pre_stop").first().and_then(Item::span);
        container.pids_limit = self
            .setting(self.deploy(&["resources", "limits", "pids"]), limit)
            .or(self.setting(self.item.get("pids_limit"), limit));
    }

    fn capabilities(&self, key: &str) -> Vec<Spanned<String>> {
        let name = |item: &Item| {
            let text = filled(item)?.to_ascii_uppercase();
            let name = text.strip_prefix("CAP_").unwrap_or(&text).to_owned();
            Some(Spanned::new(name, item.span()?))
        };
        self.list(key).iter().filter_map(name).collect()
    }

    fn security_options(&self, container: &mut Container) {
        for item in self.list("security_opt") {
            let origin = self.origin(item);
            if item.is_unknown() {
                for setting in [&mut container.seccomp, &mut container.apparmor, &mut container.proc_mount] {
                    *setting = std::mem::take(setting).or(Setting::unknown(origin, item.span()));
                }
                container.privilege_escalation = std::mem::take(&mut container.privilege_escalation)
                    .or(Setting::unknown(origin, item.span()));
                continue;
            }
            let Some(text) = item.as_str() else { continue };
            let (name, value) = text.split_once(['=', ':']).unwrap_or((text, ""));
            let profile = |value: &str| {
                let value = if value == "unconfined" { "Unconfined" } else { value };
                Setting::known(value.to_owned(), origin, item.span())
            };
            match (name, value) {
                ("no-new-privileges", value) => {
                    let refused = matches!(value, "" | "true" | "1" | "t" | "T" | "TRUE" | "True");
                    container.privilege_escalation = Setting::known(!refused, origin, item.span());
                }
                ("seccomp", value) => container.seccomp = profile(value),
                ("apparmor", value) => container.apparmor = profile(value),
                ("systempaths", "unconfined") => {
                    container.proc_mount = Setting::known("Unmasked".to_owned(), origin, item.span());
                }
                _ => {}
            }
        }
    }

    fn env(&self) -> Vec<EnvVar> {
        let entries = self.item.get("environment").map(Item::entries).unwrap_or_default();
        entries
            .into_iter()
            .filter_map(|(name, item)| {
                let span = item.key.or(item.at)?;
                let origin = self.origin(item);
                let value = if item.is_unknown() {
                    Setting::unknown(origin, item.at)
                } else {
                    let value = match item.to_text() {
                        Some(text) => EnvValue::Literal(text),
                        None => EnvValue::Host,
                    };
                    Setting::known(value, origin, item.span())
                };
                Some(EnvVar { name: Spanned::new(name.to_owned(), span), value })
            })
            .collect()
    }

    fn ports(&self) -> Vec<Port> {
        let mut ports: Vec<Port> = Vec::new();
        let mut long: Vec<(Port, Span)> = self.list("ports").iter().filter_map(long_port).collect();
        // A range was taken apart into one port each, all of the same place.
        long.sort_by_key(|(port, span)| (*span, port.container));
        for (port, _) in long {
            if let Some(last) = ports.last_mut()
                && last.span == port.span
                && last.protocol == port.protocol
                && last.container_end.checked_add(1) == Some(port.container)
            {
                last.container_end = port.container;
                continue;
            }
            ports.push(port);
        }
        for item in self.list("expose") {
            let (Some(text), Some(span)) = (item.to_text(), item.span()) else { continue };
            let (range, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            if let (Ok(container), Ok(container_end)) = (from.parse(), to.parse()) {
                ports.push(Port {
                    name: None,
                    container,
                    container_end,
                    host: None,
                    host_ip: None,
                    published: false,
                    protocol: protocol.to_owned(),
                    span,
                });
            }
        }
        ports
    }

    fn mounts(&self) -> Vec<Mount> {
        let mut mounts: Vec<Mount> = self.list("volumes").iter().filter_map(volume).collect();
        let mount = |target: String, volume: Volume, read_only: bool, item: &Item| {
            let span = item.span()?;
            Some(Mount { target, volume, read_only, sub_path: None, name: None, span })
        };
        mounts.extend(self.list("tmpfs").iter().filter_map(|item| {
            let text = filled(item)?;
            let (target, options) = text.split_once(':').unwrap_or((&text, ""));
            let options: Vec<&str> = options.split(',').collect();
            let sized = options.iter().any(|option| option.starts_with("size="));
            let volume = Volume::Scratch { memory: true, sized };
            mount(path::clean(target), volume, options.contains(&"ro"), item)
        }));
        mounts.extend(self.list("configs").iter().filter_map(|item| {
            let source = item.get("source").and_then(filled)?;
            let target = item.get("target").and_then(filled).unwrap_or_else(|| format!("/{source}"));
            mount(target, Volume::Config(source), true, item)
        }));
        mounts.extend(self.list("secrets").iter().filter_map(|item| {
            let source = item.get("source").and_then(filled)?;
            let target = item.get("target").and_then(filled).unwrap_or_else(|| source.clone());
            mount(units::in_directory("/run/secrets", &target), Volume::Secret(source), true, item)
        }));
        mounts
    }

    fn healthcheck(&self) -> Option<Probe> {
        let check = self.item.get("healthcheck")?;
        let span = check.key.or(check.span())?;
        if let Some(disable) = check.get("disable")
            && disable.as_bool() == Some(true)
        {
            return Some(Probe::new(Action::None, disable.key.or(disable.span())?));
        }
        let test = check.get("test")?;
        let words: Vec<String> = test.items().iter().filter_map(Item::to_text).collect();
        let (kind, rest) = words.split_first()?;
        let action = match kind.as_str() {
            "NONE" => Action::None,
            "CMD" => Action::Exec(rest.to_vec()),
            "CMD-SHELL" => Action::Shell(rest.join(" ")),
            _ => return None,
        };
        let mut probe = Probe::new(action, test.span().unwrap_or(span));
        probe.interval = check.get("interval").and_then(seconds);
        probe.timeout = check.get("timeout").and_then(seconds);
        probe.retries = check.get("retries").and_then(Item::as_int).and_then(|n| u64::try_from(n).ok());
        probe.start_period = check.get("start_period").and_then(seconds);
        Some(probe)
    }

    fn resources(&self) -> Resources {
        let own = |key: &str| self.item.get(key);
        let deploy = |kind: &str, key: &str| self.deploy(&["resources", kind, key]);
        let share = |item: Option<&Item>| self.setting(item, thousandths);
        let size = |item: Option<&Item>| self.setting(item, bytes);
        let quota = self.setting(own("cpu_quota"), |quota| {
            let period = own("cpu_period").and_then(Item::as_int).filter(|p| *p > 0).unwrap_or(100_000);
            let share = quota.as_int().filter(|q| *q > 0)?.checked_mul(1000)? / period;
            u64::try_from(share).ok()
        });
        Resources {
            cpu_request: share(deploy("reservations", "cpus")),
            cpu_limit: share(deploy("limits", "cpus")).or(share(own("cpus"))).or(quota),
            memory_request: size(deploy("reservations", "memory")).or(size(own("mem_reservation"))),
            memory_limit: size(deploy("limits", "memory")).or(size(own("mem_limit"))),
            storage_request: Setting::default(),
            storage_limit: self.setting(self.item.at_path(&["storage_opt", "size"]), |item| {
                units::bytes(&item.to_text()?).and_then(|bytes| u64::try_from(bytes).ok())
            }),
        }
    }

    /// When it is started again: `deploy` counts before `restart`.
    fn restart(&self) -> Setting<String> {
        let policy = self.setting(self.deploy(&["restart_policy", "condition"]), |item| {
            let word = match item.as_str()? {
                "none" => "no",
                "any" => "always",
                other => other,
            };
            Some(word.to_owned())
        });
        policy.or(self.setting(self.item.get("restart"), |item| {
            let text = filled(item)?;
            Some(text.split(':').next().unwrap_or(&text).to_owned())
        }))
    }

    fn spanned(item: Option<&Item>) -> Option<Spanned<String>> {
        let item = item?;
        Some(Spanned::new(filled(item)?, item.span()?))
    }

    fn service(&self, name: &str, container: ContainerId) -> Service {
        let item = self.item;
        let depends_on = item.get("depends_on").map(Item::entries).unwrap_or_default();
        let networks = item.get("networks").map(Item::entries).unwrap_or_default();
        let replicas = item.get("scale").or_else(|| self.deploy(&["replicas"]));
        Service {
            name: name.to_owned(),
            container,
            build: item.get("build").and_then(build),
            depends_on: depends_on
                .into_iter()
                .filter_map(|(name, item)| {
                    Some(Dependency {
                        service: Spanned::new(name.to_owned(), item.key.or(item.at)?),
                        condition: item.get("condition").and_then(filled).unwrap_or_default(),
                        required: item.get("required").and_then(Item::as_bool) != Some(false),
                    })
                })
                .collect(),
            networks: networks
                .into_iter()
                .map(|(name, item)| Attachment {
                    network: name.to_owned(),
                    span: item.key.or(item.at),
                    aliases: item
                        .get("aliases")
                        .map(Item::items)
                        .unwrap_or_default()
                        .iter()
                        .filter_map(|alias| Self::spanned(Some(alias)))
                        .collect(),
                })
                .collect(),
            network_mode: Self::spanned(item.get("network_mode")),
            profiles: self.list("profiles").iter().filter_map(Item::to_text).collect(),
            container_name: Self::spanned(item.get("container_name")),
            hostname: Self::spanned(item.get("hostname")),
            replicas: replicas.and_then(|item| Some(Spanned::new(item.as_int()?, item.span()?))),
        }
    }
}

fn build(build: &Item) -> Option<ServiceBuild> {
    let span = build.span()?;
    let context = build.get("context")?;
    let text = context.as_str().filter(|_| !context.is_unknown())?;
    let remote = text.contains("://") || text.starts_with("git@") || text.starts_with("github.com/");
    let dockerfile = build.get("dockerfile").filter(|_| build.get("dockerfile_inline").is_none());
    let dockerfile = dockerfile.and_then(|item| {
        let name = filled(item)?;
        let path = if remote { name } else { units::in_directory(text, &name) };
        Some(Spanned::new(path, item.span().or(context.span()).unwrap_or(span)))
    });
    let args = build.get("args").map(Item::entries).unwrap_or_default();
    Some(ServiceBuild {
        context: Spanned::new(text.to_owned(), context.span().unwrap_or(span)),
        dockerfile,
        target: Reader::spanned(build.get("target")),
        args: args
            .into_iter()
            .filter_map(|(name, item)| {
                let value = item.to_text().filter(|_| !item.is_unknown());
                Some((Spanned::new(name.to_owned(), item.key.or(item.at)?), value))
            })
            .collect(),
    })
}

/// The text of a value that is known and not empty.
fn filled(item: &Item) -> Option<String> {
    if item.is_unknown() {
        return None;
    }
    item.to_text().filter(|text| !text.is_empty())
}

/// A duration in whole seconds, rounded up.
fn seconds(item: &Item) -> Option<u64> {
    let nanos = nanoseconds_of_compose(&filled(item)?)?;
    Some(u64::try_from(nanos).ok()?.div_ceil(1_000_000_000))
}

/// A number that is not 0, which says nothing.
fn limit(item: &Item) -> Option<i64> {
    item.as_int().filter(|limit| *limit != 0)
}

/// A size that is not 0, which says nothing.
fn bytes(item: &Item) -> Option<u64> {
    item.as_str()?.parse().ok().filter(|bytes| *bytes > 0)
}

/// CPUs in thousandths; 0 says nothing.
fn thousandths(item: &Item) -> Option<u64> {
    match item.value {
        Value::Float(cpus) if cpus > 0.0 => Some((cpus * 1000.0).round() as u64),
        _ => None,
    }
}

fn long_port(item: &Item) -> Option<(Port, Span)> {
    let span = item.span()?;
    let container = u16::try_from(item.get("target")?.as_int()?).ok()?;
    let published = item.get("published");
    let host = published.filter(|p| !p.is_unknown()).and_then(Item::to_text);
    let host = host.and_then(|text| text.split('-').next().and_then(|first| first.parse().ok()));
    let port = Port {
        name: item.get("name").and_then(|name| Some(Spanned::new(filled(name)?, name.span()?))),
        container,
        container_end: container,
        host,
        host_ip: item.get("host_ip").and_then(filled),
        published: true,
        protocol: item.get("protocol").and_then(filled).unwrap_or_else(|| "tcp".to_owned()),
        span,
    };
    Some((port, span))
}

fn volume(item: &Item) -> Option<Mount> {
    let span = item.span()?;
    let target = item.get("target").and_then(filled)?;
    let source = item.get("source").and_then(Item::to_text).unwrap_or_default();
    let known = item.get("source").is_some_and(|source| !source.is_unknown());
    let sub_path = item.at_path(&["volume", "subpath"]).and_then(filled);
    let volume = match item.get("type").and_then(Item::as_str)? {
        "bind" => Volume::Bind(source),
        "volume" if source.is_empty() && (known || item.get("source").is_none()) => {
            Volume::Scratch { memory: false, sized: false }
        }
        "volume" => Volume::Named(source),
        "tmpfs" => Volume::Scratch { memory: true, sized: item.at_path(&["tmpfs", "size"]).is_some() },
        other => Volume::Other(other.to_owned()),
    };
    let read_only = item.get("read_only").and_then(Item::as_bool) == Some(true);
    Some(Mount { target, volume, read_only, sub_path, name: None, span })
}
