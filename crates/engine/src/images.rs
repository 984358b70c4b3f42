//! What is known of public images: `images/*.toml`, facts from their public sources.
//!
//! One file holds one family of images under all its names. What differs between its tags is a `[[flavour]]`; what
//! holds for all of them is `[all]`. A key that is missing is not known: nothing is guessed, and what the makers'
//! documentation says, but their build files do not show, is listed in `from_docs`.

mod files;
mod lifetimes;

pub use lifetimes::{Day, Lifetime, lifetimes_of};

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use seaworthy_syntax::Span;

use crate::project::container::{Action, ImageName, Port, Probe, User};

/// What is known of an image at one tag. `None` is "not known"; an empty list is "none".
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The parts of the tag it holds for: `alpine` is also `alpine3.20`, `python3*` is all that begin so.
    tags: Vec<String>,
    /// The versions it holds for, both ends included: `14-17`, `18-`, `2`.
    versions: Option<String>,
    /// The user its configuration names, as written there; empty for none, which is root.
    pub user: Option<String>,
    /// Who does the work once an entry point that starts as root has given up its rights.
    pub runs_as: Option<String>,
    /// The id of the user that does the work.
    pub uid: Option<u32>,
    /// The id of that user's group.
    pub gid: Option<u32>,
    /// Users that exist in it.
    pub users: Vec<Account>,
    /// Groups that exist without a user of the same name.
    pub groups: Vec<Group>,
    /// The program its entry point gives up root with.
    pub drops_with: Option<String>,
    /// The capabilities its entry point uses where it starts as root, in capitals without `CAP_`. Started as the user
    /// that does the work it needs none.
    #[serde(rename = "caps_when_root")]
    pub capabilities: Option<Vec<String>>,
    /// Ports it says it listens on.
    pub ports: Vec<ListedPort>,
    /// Paths it declares as volumes.
    pub volumes: Vec<String>,
    /// Where it keeps its data.
    pub data: Option<String>,
    /// The variable that says where it keeps its data, where it wants that directory for its own.
    pub data_env: Option<String>,
    /// Paths besides its volumes that it writes to.
    pub writable: Vec<String>,
    /// Paths that its user can write to and where packages, code or links of it lie, which a volume would hide.
    pub filled: Vec<String>,
    /// The home of the user that does the work.
    pub home: Option<String>,
    /// The directory it starts in.
    pub workdir: Option<String>,
    /// Its entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Its command.
    #[serde(rename = "cmd")]
    pub command: Option<Vec<String>>,
    /// The signal that stops it, where its configuration names one.
    pub stop_signal: Option<String>,
    /// Whether its program ends at `SIGTERM` as the first process.
    pub handles_sigterm: Option<bool>,
    /// Whether its first process reaps children.
    pub init_reaps: Option<bool>,
    /// Whether a `HEALTHCHECK` is built in.
    pub healthcheck: bool,
    /// A line for the shell that tells whether it serves.
    pub health: Option<String>,
    /// A path and port that tell by HTTP whether it serves: `/healthz:8080`.
    pub http_health: Option<String>,
    /// What installs packages in it.
    pub package_manager: Option<PackageManager>,
    /// What makes users in it.
    pub user_tools: Option<UserTools>,
    /// What `/bin/sh` is.
    pub shell: Option<Sh>,
    /// Whether `sh -c 'a; b'` becomes `b` instead of staying its parent.
    pub sh_execs_last_command: Option<bool>,
    /// Programs and packages that are in it.
    pub has: Vec<String>,
    /// Programs and packages that people expect in it and that are not there.
    pub lacks: Vec<String>,
    /// Whether certificates of public authorities are in it.
    pub ca_certificates: Option<bool>,
    /// Variables it sets, as far as they do not change with its version.
    pub env: BTreeMap<String, String>,
    /// Variables whose value it also reads from the file that the variable with `_FILE` names.
    pub secrets_from_files: Vec<String>,
    /// Variables without which it does not start; `A | B` where one of several is enough.
    pub required_env: Vec<String>,
    /// Settings that leave it open to everyone.
    pub weak_defaults: Vec<String>,
    /// Settings that bound its memory.
    pub memory_env: Vec<String>,
    /// Ports that its members talk to each other on.
    pub cluster_ports: Vec<u16>,
    /// Whether it loses data without a volume.
    pub stateful: Option<bool>,
    /// Whether two processes must never share its data.
    pub single_writer: Option<bool>,
    /// What runs the same without root.
    pub unprivileged_alternative: Option<String>,
    /// The keys that come from documentation, not from what builds the image.
    pub from_docs: Vec<String>,
    /// The keys that trials agree with: `verify docker --learn` on a stand-in of this layout, made of Debian packages, came to
    /// the same.
    pub measured: Vec<String>,
    /// What else is worth knowing.
    pub note: Option<String>,
    /// Where all this was read.
    pub source: String,
}

/// A user of an image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The id.
    pub uid: u32,
    /// The id of its group.
    pub gid: Option<u32>,
    /// Its home.
    pub home: Option<String>,
}

/// A group of an image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The name.
    pub name: String,
    /// The id.
    pub gid: u32,
}

/// A port that an image declares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedPort {
    /// Its number.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// What speaks on it.
    #[serde(rename = "use")]
    pub purpose: Option<String>,
}

impl ListedPort {
    /// It as a port of a container whose image is named at `span`.
    pub fn at(&self, span: Span) -> Port {
        Port {
            name: None,
            container: self.port,
            container_end: self.port,
            host: None,
            host_ip: None,
            published: false,
            protocol: self.protocol.clone(),
            span,
        }
    }
}

/// What installs packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the program of its name")]
pub enum PackageManager {
    Apt,
    Apk,
    Dnf,
    Microdnf,
    Yum,
    Tdnf,
    Zypper,
    Pacman,
    /// There is none.
    None,
}

/// What makes users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum UserTools {
    /// `useradd` and `groupadd`.
    #[serde(rename = "useradd")]
    Shadow,
    /// `adduser` and `addgroup` of `BusyBox`.
    #[serde(rename = "adduser-busybox")]
    Busybox,
    /// There are none.
    #[serde(rename = "none")]
    None,
}

/// What `/bin/sh` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the shell of its name")]
pub enum Sh {
    Dash,
    Ash,
    Bash,
    /// There is no shell.
    None,
}

/// What is known of an image; `None` for one of which nothing is known, or nothing at this tag.
pub fn facts(image: &ImageName) -> Option<&'static Facts> {
    let family = family(image)?;
    // A digest without a tag may be of any flavour.
    if image.tag.is_none() && image.digest.is_some() && family.flavours.len() > 1 {
        return None;
    }
    let tag = Tag::read(image.tag.as_deref().unwrap_or_default(), family);
    if is_windows(image) {
        return None;
    }
    family.flavours.iter().find(|f| f.holds_for(&tag))
}

/// What is known of an image, or else what is likely of it: what is known of the nearest other version of the same flavour.
pub(crate) fn likely(image: &ImageName) -> Option<&'static Facts> {
    if let Some(known) = facts(image) {
        return Some(known);
    }
    let family = family(image).filter(|_| !is_windows(image))?;
    let tag = Tag::read(image.tag.as_deref().unwrap_or_default(), family);
    let major = i64::from(tag.version.first().copied().unwrap_or_default());
    let distance = |facts: &&Facts| {
        let bounds = facts.versions.as_deref().unwrap_or_default().split('-');
        let majors = bounds.filter_map(|bound| Some(i64::from(*version(bound)?.first()?)));
        majors.map(|bound| (bound - major).abs()).min().unwrap_or(i64::MAX)
    };
    let of_flavour =
        |facts: &&Facts| facts.tags.iter().all(|wanted| tag.parts.iter().any(|part| is_part(part, wanted)));
    // Of two that are as near, the one that more of the tag tells counts.
    family.flavours.iter().filter(of_flavour).min_by_key(|f| (distance(f), std::cmp::Reverse(f.tags.len())))
}

/// Whether it is the name of an image for Windows.
pub fn is_windows(image: &ImageName) -> bool {
    let words = |text: &str| {
        ["windowsservercore", "nanoserver", "windowsdesktop", "windows-"].iter().any(|w| text.contains(w))
    };
    let registry = image.registry.as_deref();
    registry == Some("mcr.microsoft.com") && image.repository.starts_with("windows")
        || words(&image.repository)
        || image.tag.as_deref().is_some_and(|t| words(t) || t.contains("ltsc20"))
}

/// All that is known of images under one name, in the order in which tags are tried.
struct Family {
    flavours: Vec<Facts>,
    latest: Vec<u32>,
    codenames: BTreeMap<String, Vec<u32>>,
}

/// One of the files.
struct File {
    text: &'static str,
    parsed: OnceLock<Option<Family>>,
}

impl File {
    const fn new(text: &'static str) -> Self {
        Self { text, parsed: OnceLock::new() }
    }

    fn family(&'static self) -> Option<&'static Family> {
        self.parsed.get_or_init(|| Family::parse(self.text).ok()).as_ref()
    }
}

/// The family of an image, whatever mirror it comes from.
fn family(image: &ImageName) -> Option<&'static Family> {
    let (registry, repository) = (image.registry.as_deref(), image.repository.as_str());
    let official = match registry {
        Some("public.ecr.aws") => repository.strip_prefix("docker/library/"),
        Some("mirror.gcr.io" | "registry.hub.docker.com") => {
            Some(repository.strip_prefix("library/").unwrap_or(repository))
        }
        Some(_) => None,
        None => Some(without_architecture(repository)),
    };
    let full;
    let name = match (official, registry) {
        (Some(name), _) => name,
        (None, Some(registry)) => {
            full = format!("{registry}/{repository}");
            &full
        }
        (None, None) => return None,
    };
    let at = files::NAMES.binary_search_by_key(&name, |(name, _)| name).ok()?;
    files::FILES.get(files::NAMES[at].1)?.family()
}

/// The name of an official image without the architecture that Docker Hub also has it under: `arm64v8/debian`.
fn without_architecture(repository: &str) -> &str {
    const ARCHITECTURES: [&str; 9] =
        ["amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "ppc64le", "riscv64", "s390x"];
    match repository.split_once('/') {
        Some((architecture, name)) if ARCHITECTURES.contains(&architecture) => name,
        _ => repository,
    }
}

/// A tag taken apart.
struct Tag<'t> {
    parts: Vec<&'t str>,
    version: Vec<u32>,
}

impl<'t> Tag<'t> {
    fn read(tag: &'t str, family: &Family) -> Self {
        let parts: Vec<&str> = tag.split(['-', '_']).filter(|p| !p.is_empty()).collect();
        let version = parts
            .iter()
            .find_map(|p| family.codenames.get(*p).cloned())
            .or_else(|| parts.iter().find_map(|p| version(p)))
            .unwrap_or_else(|| family.latest.clone());
        Self { parts, version }
    }
}

/// The numbers a version begins with: `3.12` in `v3.12rc1`.
fn version(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers: Vec<u32> = text
        .split('.')
        .map_while(|part| part[..part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len())].parse().ok())
        .collect();
    (!numbers.is_empty()).then_some(numbers)
}

impl Facts {
    fn holds_for(&self, tag: &Tag<'_>) -> bool {
        self.tags.iter().all(|wanted| tag.parts.iter().any(|part| is_part(part, wanted)))
            && self.versions.as_deref().is_none_or(|range| within(&tag.version, range))
    }

    /// The health check that is built in; `at` is where the image is named.
    pub(crate) fn probe(&self, at: Span) -> Option<Probe> {
        let line = self.health.clone().filter(|_| self.healthcheck)?;
        Some(Probe::new(Action::Shell(line), at))
    }

    /// The user its configuration names, with ids as far as they are known; `None` where that is not known.
    pub fn configured_user(&self) -> Option<User> {
        let written = self.user.as_deref()?;
        Some(self.resolve(User::parse(if written.is_empty() { "root" } else { written })))
    }

    /// The user that does the work, with ids as far as they are known; `None` where that is not known.
    pub fn working_user(&self) -> Option<User> {
        match &self.runs_as {
            Some(name) if self.uid.is_some() => {
                let name = User::parse(name).name;
                Some(User { name, uid: self.uid, group: None, gid: self.gid })
            }
            Some(name) => Some(self.resolve(User::parse(name))),
            None => self.configured_user(),
        }
    }

    /// A user of this image with the ids and the name that are known here.
    #[must_use]
    pub fn resolve(&self, mut user: User) -> User {
        let account = self.users.iter().find(|account| match (&user.name, user.uid) {
            (Some(name), _) => *name == account.name,
            (None, uid) => uid == Some(account.uid),
        });
        if let Some(account) = account {
            user.name.get_or_insert_with(|| account.name.clone());
            user.uid.get_or_insert(account.uid);
            if user.group.is_none() {
                user.gid = user.gid.or(account.gid);
            }
        } else if user.uid.is_none() && user.name.is_some() && user.name == self.runs_as {
            user.uid = self.uid;
            if user.group.is_none() {
                user.gid = self.gid;
            }
        }
        if user.gid.is_none()
            && let Some(group) = &user.group
        {
            let named = self.groups.iter().find(|g| g.name == *group).map(|g| g.gid);
            user.gid = named.or_else(|| self.users.iter().find(|u| u.name == *group).and_then(|u| u.gid));
        }
        user
    }

    /// Whether a fact comes from what builds the image, not only from documentation.
    pub fn is_measured(&self, key: &str) -> bool {
        !self.from_docs.iter().any(|k| k == key)
    }
}

/// Whether a part of a tag is the one that is wanted, with or without a version.
fn is_part(part: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(head) => part.starts_with(head),
        None => part
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit())),
    }
}

/// Whether a version lies in a range. What a version leaves open is the newest there is: `6` is at least `6.2`.
fn within(found: &[u32], range: &str) -> bool {
    let (low, high) = range
        .split_once('-')
        .map_or((range, Some(range)), |(low, high)| (low, (!high.is_empty()).then_some(high)));
    let at_least = |low: Vec<u32>| {
        let decides = found.iter().zip(&low).find(|(f, l)| f != l);
        decides.is_none_or(|(f, l)| f > l)
    };
    let at_most = |high: Vec<u32>| {
        let decides = found.iter().zip(&high).find(|(f, h)| f != h);
        decides.is_none_or(|(f, h)| f < h)
    };
    !found.is_empty()
        && version(low).is_some_and(at_least)
        && high.is_none_or(|h| version(h).is_some_and(at_most))
}

impl Family {
    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            #[serde(rename = "names")]
            _names: Vec<String>,
            latest: Option<String>,
            #[serde(default)]
            codenames: BTreeMap<String, String>,
            #[serde(default)]
            all: toml::Table,
            flavour: Vec<toml::Table>,
        }
        let written: Written = toml::from_str(text)?;
        let all = written.all;
        let flavours = written
            .flavour
            .into_iter()
            .map(|mut own| {
                for (key, value) in &all {
                    own.entry(key.clone()).or_insert_with(|| value.clone());
                }
                own.try_into()
            })
            .collect::<Result<_, _>>()?;
        let codenames =
            written.codenames.into_iter().filter_map(|(name, v)| Some((name, version(&v)?))).collect();
        let latest = written.latest.as_deref().and_then(version).unwrap_or_default();
        Ok(Self { flavours, latest, codenames })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(image: &str) -> Option<&'static Facts> {
        facts(&ImageName::parse(image).expect(image))
    }

    #[test]
    fn the_nearest_version_is_likely() {
        for (image, uid) in [
            ("rabbitmq:3.12-management-alpine", Some(100)),
            ("rabbitmq:3.12-management", Some(999)),
            ("neo4j:5.18-community", Some(7474)),
            ("acme/none:1", None),
        ] {
            let image = ImageName::parse(image).expect(image);
            assert_eq!(likely(&image).and_then(|f| f.uid), uid, "{image}");
        }
    }

    #[test]
    fn every_file_is_listed_under_its_names_and_every_fact_has_a_source() {
        #[derive(Deserialize)]
        struct Named {
            names: Vec<String>,
        }
        let mut listed = Vec::new();
        for (index, file) in files::FILES.iter().enumerate() {
            let family = Family::parse(file.text).unwrap_or_else(|e| panic!("{e}\n{}", file.text));
            assert!(!family.flavours.is_empty());
            for flavour in &family.flavours {
                assert!(!flavour.source.is_empty(), "{}", file.text);
                assert!(
                    flavour.versions.as_deref().is_none_or(|r| r.split('-').any(|v| version(v).is_some()))
                );
                assert!(flavour.versions.is_none() || !family.latest.is_empty() || family.flavours.len() > 1);
                for path in flavour.writable.iter().chain(&flavour.volumes).chain(&flavour.data) {
                    assert!(path.starts_with('/'), "{path}");
                }
            }
            let named: Named = toml::from_str(file.text).unwrap();
            listed.extend(named.names.into_iter().map(|n| (n, index)));
        }
        listed.sort();
        let names: Vec<_> = files::NAMES.iter().map(|(n, i)| ((*n).to_owned(), *i)).collect();
        assert_eq!(names, listed);
    }

    #[test]
    fn tags_choose_the_flavour() {
        // The image, its configured user, the user that does the work and its id.
        let table = [
            ("postgres", "root", "postgres", Some(999)),
            ("postgres:16-alpine", "root", "postgres", Some(70)),
            ("postgres:16.2-alpine3.19", "root", "postgres", Some(70)),
            ("docker.io/library/postgres:15", "root", "postgres", Some(999)),
            ("public.ecr.aws/docker/library/postgres:15-alpine", "root", "postgres", Some(70)),
            ("mirror.gcr.io/library/postgres:15-alpine", "root", "postgres", Some(70)),
            ("redis:7-alpine", "root", "redis", Some(999)),
            ("node:20-slim", "root", "root", Some(0)),
            ("arm64v8/debian:10", "root", "root", Some(0)),
            ("ubuntu:18.04", "root", "root", Some(0)),
            ("openjdk:8-jdk-alpine", "root", "root", Some(0)),
            ("nginx", "root", "root", Some(0)),
            ("nginxinc/nginx-unprivileged:alpine", "nginx", "nginx", Some(101)),
            ("gcr.io/distroless/static:nonroot", "nonroot", "nonroot", Some(65532)),
            ("gcr.io/distroless/static-debian12", "root", "root", Some(0)),
            ("gcr.io/distroless/base-debian12:debug-nonroot", "nonroot", "nonroot", Some(65532)),
            ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", "app", "app", Some(1654)),
            ("mcr.microsoft.com/dotnet/aspnet:8.0", "root", "root", Some(0)),
            ("grafana/grafana:10.1.0", "472", "grafana", Some(472)),
        ];
        for (image, configured, working, uid) in table {
            let facts = of(image).unwrap_or_else(|| panic!("{image}"));
            let name = |user: Option<User>| {
                user.map(|u| u.name.or(u.uid.map(|n| n.to_string())).unwrap_or_default()).unwrap_or_default()
            };
            assert_eq!(name(facts.configured_user()), configured, "{image}");
            assert_eq!(name(facts.working_user()), working, "{image}");
            assert_eq!(facts.working_user().and_then(|u| u.uid), uid, "{image}");
        }
        for unknown in ["example/postgres", "ghcr.io/x/postgres:16", "postgres@sha256:00", "mysql:5.6"] {
            assert!(of(unknown).is_none(), "{unknown}");
        }
        assert_eq!(of("postgres:latest").unwrap().volumes, ["/var/lib/postgresql"]);
        assert_eq!(of("postgres:16").unwrap().volumes, ["/var/lib/postgresql/data"]);
        assert_eq!(of("python:3.12-slim").unwrap().package_manager, Some(PackageManager::Apt));
        assert_eq!(of("python:3.12-alpine3.20").unwrap().user_tools, Some(UserTools::Busybox));
        let entry_point = |image| of(image).and_then(|f| f.entrypoint.clone()).unwrap_or_default().join(" ");
        assert_eq!(entry_point("nginx:1.25-alpine"), "/docker-entrypoint.sh");
        assert_eq!(entry_point("nginx:stable"), "/docker-entrypoint.sh");
        assert_eq!(entry_point("nginx:1.17"), "");
        assert_eq!(of("python:2.7").unwrap().command, None);
        assert!(of("gradle:5-jdk11").is_none() && of("gradle:jdk21").is_some());
        let has_uid_1000 = |image| of(image).is_some_and(|f| f.users.iter().any(|u| u.uid == 1000));
        assert!(has_uid_1000("ubuntu:24.04") && has_uid_1000("ubuntu:noble") && has_uid_1000("node:alpine"));
        assert!(!has_uid_1000("ubuntu:22.04") && !has_uid_1000("ubuntu:jammy-20240808"));
    }

    #[test]
    fn ranges() {
        for (tag, range, expected) in [
            ("6", "6.2-7", true),
            ("6.0", "6.2-7", false),
            ("7.4.1", "6.2-7", true),
            ("8", "6.2-7", false),
            ("18", "18-", true),
            ("17.9", "18-", false),
            ("2.8", "2", true),
            ("23.10", "23.04-25.10", true),
        ] {
            assert_eq!(within(&version(tag).unwrap(), range), expected, "{tag} in {range}");
        }
    }
}
