//! Files: settings from the repository as ConfigMaps, secrets by their names.

use camino::{Utf8Path, Utf8PathBuf};

use super::binds::{Bind, Filed};
use super::claims::{Mounted, What};
use super::content::{LIMIT, base64, has_secret, is_secret_file, weight};
use super::{Store, clean};
use crate::convert::names::joined;
use crate::convert::plan::Out;
use crate::convert::{Map, Object, Text, Tree};
use crate::parse::normalise;
use crate::project::compose::Item;
use crate::project::{Project, Volume};
use crate::syntax::bytes_of;

/// How many files of one directory are asked for, and of all that is mounted.
const OF_ONE: usize = 64;
const OF_ALL: usize = 2_000;

/// The files that Compose mounts, so that they can become ConfigMaps: to be read besides what rules read.
pub(in crate::convert) fn wanted(project: &Project) -> Vec<Utf8PathBuf> {
    let mut wanted = std::collections::BTreeSet::new();
    let mut add = |path: &Utf8Path| {
        let files = &project.files;
        if files.is_file(path) {
            wanted.insert(path.to_owned());
        } else if !path.as_str().is_empty() && path != "." {
            wanted.extend(files.below(path).take(OF_ONE));
        }
    };
    for container in project.containers.iter().filter(|c| c.composition.is_some()) {
        for mount in &container.mounts {
            if let Volume::Bind(source) = &mount.volume {
                let path = normalise(Utf8Path::new(source));
                add(&path);
                // What is absolute on somebody's machine may end in a path of the repository.
                let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
                if path.is_absolute() {
                    (2..parts.len().saturating_sub(1))
                        .for_each(|from| add(Utf8Path::new(&parts[from..].join("/"))));
                }
            }
        }
    }
    for build in &project.builds {
        let Some(context) = build.context() else { continue };
        crate::convert::network::HANDED_ON.iter().for_each(|name| add(&context.directory.join(name)));
    }
    for composition in &project.compositions {
        for (_, config) in composition.model.get("configs").map(Item::entries).unwrap_or_default() {
            if let Some(file) = config.get("file").and_then(Item::as_str) {
                add(&normalise(Utf8Path::new(file)));
            }
        }
    }
    wanted.into_iter().take(OF_ALL).filter(|path| !project.files.has_asked(path)).collect()
}

/// The files of a directory while their volume is made: their keys and their paths below it.
struct Listed {
    volume: String,
    settings: Vec<(String, String)>,
    secrets: Vec<(String, String)>,
}

/// The ConfigMap of a service's files while it is made.
#[derive(Default)]
struct Files {
    data: Map,
    binary: Map,
    size: usize,
    scripts: bool,
}

impl Files {
    /// Adds a file under a key of its own, and returns that; `None` where it does not fit.
    fn add(&mut self, name: &str, text: Text) -> Option<String> {
        let whole = text.to_string();
        let bytes = bytes_of(&whole);
        // In base64, which has three bytes in four characters.
        let size = bytes.as_ref().map_or_else(|| weight(&whole), |bytes| bytes.len().div_ceil(3) * 4);
        if self.size + size > LIMIT {
            return None;
        }
        let key = self.key(name, &text);
        if self.data.get(&key).is_some() || self.binary.get(&key).is_some() {
            return Some(key);
        }
        self.size += size;
        self.scripts |= whole.starts_with("#!") || Utf8Path::new(name).extension() == Some("sh");
        match bytes {
            Some(bytes) => self.binary.set(key.clone(), base64(&bytes)),
            None => self.data.set(key.clone(), text),
        }
        Some(key)
    }

    /// A key that no other file has: the name where that is free.
    fn key(&self, name: &str, text: &Text) -> String {
        let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let name: String = name.chars().map(kept).collect();
        let name = name.trim_start_matches("..").to_owned();
        let name = if name.is_empty() { "file".to_owned() } else { name };
        let same = |key: &str| match self.data.get(key) {
            Some(Tree::Text(other)) => other == text,
            Some(_) => false,
            None => self.binary.get(key).is_none(),
        };
        let mut key = name.clone();
        let mut number = 2;
        while !same(&key) {
            key = format!("{number}-{name}");
            number += 1;
        }
        key
    }
}

impl Store<'_, '_> {
    /// Mounts files: of the host, configs and secrets.
    pub(super) fn files(&mut self, out: &mut Out<'_>) {
        let mut files = Files::default();
        let mut listed: Vec<Listed> = Vec::new();
        let mounts = out.claims.mounts.get(self.at).cloned().unwrap_or_default();
        let name = joined(&[&self.unit.name, "files"]);
        let volume = self.own_name("files");
        for mounted in &mounts {
            let What::Bind(bind) = &mounted.what else { continue };
            self.bind(mounted, bind, &volume, &mut files, &mut listed, out);
        }
        self.configs(&volume, &mut files, out);
        self.secrets(out);
        let source = || Map::new().with("name", Tree::Config(name.clone()));
        let mode = |source: Map| {
            if files.scripts {
                source.because("defaultMode", 0o555_i64, "scripts in it are started: 0555")
            } else {
                source
            }
        };
        let single = self.stored.mounts.iter().any(|m| m.get("name") == Some(&Tree::from(volume.as_str())));
        if single {
            self.volume(Map::new().with("name", volume.as_str()).with("configMap", mode(source())));
        }
        for Listed { volume, settings, secrets } in &listed {
            let secret = self.names.secret();
            let of_settings = || source().with("items", items(settings));
            let volume = Map::new().with("name", volume.as_str());
            let volume = if secrets.is_empty() {
                volume.with("configMap", mode(of_settings()))
            } else if settings.is_empty() {
                volume.with("secret", Map::new().with("secretName", secret).with("items", items(secrets)))
            } else {
                let of_secret = Map::new().with("name", secret).with("items", items(secrets));
                let sources =
                    vec![Map::new().with("configMap", of_settings()), Map::new().with("secret", of_secret)];
                volume.with("projected", mode(Map::new()).with("sources", sources))
            };
            self.volume(volume);
        }
        if files.data.is_empty() && files.binary.is_empty() {
            return;
        }
        let metadata = Map::new().with("labels", self.unit.selector(self.names));
        let mut object = Object::new("v1", "ConfigMap", name, metadata);
        object.hashed = true;
        self.stored.objects.push(object.filled("data", files.data).filled("binaryData", files.binary));
    }

    fn bind(
        &mut self,
        mounted: &Mounted,
        bind: &Bind,
        volume: &str,
        files: &mut Files,
        listed: &mut Vec<Listed>,
        out: &mut Out<'_>,
    ) {
        let (key, span) = (mounted.key.clone(), mounted.span);
        match bind {
            Bind::Dropped(why) => out.carried.approximated(key, span, format!("left out: {why}")),
            Bind::Refused(why) => out.carried.refused(key, span, why.clone()),
            Bind::ToFill { path, secret } => {
                let name = path.file_name().unwrap_or("file").to_owned();
                self.fill_in(&name, path, *secret, mounted, out);
            }
            Bind::Files(found) => self.found(mounted, found, volume, files, listed, out),
            Bind::Data(_) | Bind::Scratch => {}
        }
    }

    /// Mounts files of the repository: settings from a ConfigMap, and what is secret between them from the Secret.
    fn found(
        &mut self,
        mounted: &Mounted,
        found: &[Filed],
        volume: &str,
        files: &mut Files,
        listed: &mut Vec<Listed>,
        out: &mut Out<'_>,
    ) {
        let (key, span) = (mounted.key.clone(), mounted.span);
        let mut list = Listed { volume: String::new(), settings: Vec::new(), secrets: Vec::new() };
        for file in found.iter().filter(|file| !file.secret) {
            let text = self.unit.project.files.text(&file.path);
            let text = text.map(|text| Text::literal(&**text)).unwrap_or_default();
            let name =
                if file.below.is_empty() { file.path.file_name().unwrap_or("file") } else { &file.below };
            let Some(part) = files.add(name, text) else {
                out.carried.refused(
                    key,
                    span,
                    "its files are larger than a ConfigMap may be: build them into the image",
                );
                return;
            };
            list.settings.push((part, file.below.clone()));
        }
        for file in found.iter().filter(|file| file.secret) {
            let filled = self.key_to_fill(file.path.file_name().unwrap_or("file"), &file.path, out);
            let place = clean(&format!("{}/{}", mounted.target, file.below));
            let purpose = format!("the file `{place}` of `{}`", self.unit.service.name);
            out.key_to_fill(self.names, &filled, true, purpose, false);
            list.secrets.push((filled, file.below.clone()));
        }
        let hidden: Vec<String> = list.secrets.iter().map(|(key, _)| format!("`{key}`")).collect();
        let mount = if let [Filed { below, .. }] = found
            && below.is_empty()
        {
            let key = list.settings.first().map(|(key, _)| key.clone()).unwrap_or_default();
            file_mount(volume, &mounted.target, &key)
        } else {
            list.volume = self.own_name(&format!("files-{}", listed.len() + 1));
            let mount = Map::new()
                .with("name", list.volume.as_str())
                .with("mountPath", mounted.target.as_str())
                .with("readOnly", true);
            listed.push(list);
            mount
        };
        self.mount(&mounted.target, mount);
        let settings = match found.len() - hidden.len() {
            0 => None,
            1 if found.len() == 1 => Some("a ConfigMap with the file".to_owned()),
            count => {
                Some(format!("a ConfigMap with its {count} {}", if count == 1 { "file" } else { "files" }))
            }
        };
        let secrets = (!hidden.is_empty()).then(|| {
            let keys = if hidden.len() == 1 { "key" } else { "keys" };
            let (list, secret) = (hidden.join(", "), self.names.secret());
            format!(
                "{keys} {list} of Secret `{secret}`, which somebody fills: it may hold what nobody is to see"
            )
        });
        let is_whole = secrets.is_none();
        let parts: Vec<String> = settings.into_iter().chain(secrets).collect();
        let what = parts.join(", and ");
        match (is_whole, mounted.read_only) {
            (false, _) => out.carried.approximated(key, span, what),
            (true, true) => out.carried.mapped(key, span, what),
            (true, false) => {
                out.carried.approximated(key, span, format!("{what}, which the program cannot write"));
            }
        }
    }

    /// Mounts a file that somebody fills in.
    fn fill_in(&mut self, name: &str, path: &Utf8Path, secret: bool, mounted: &Mounted, out: &mut Out<'_>) {
        let key = self.key_to_fill(name, path, out);
        let purpose = format!("the file `{}` of `{}`", mounted.target, self.unit.service.name);
        let object = out.key_to_fill(self.names, &key, secret, purpose, false);
        let volume = self.own_name(if secret { "secret-files" } else { "settings-files" });
        let source = if secret {
            Map::new().with("secret", Map::new().with("secretName", object.as_str()))
        } else {
            Map::new().with("configMap", Map::new().with("name", object.as_str()))
        };
        let mut listed = Map::new().with("name", volume.as_str());
        listed.entries.extend(source.entries);
        self.volume(listed);
        self.mount(&mounted.target, file_mount(&volume, &mounted.target, &key));
        let (kind, why) = if secret {
            ("Secret", "it may hold what nobody is to see")
        } else {
            ("ConfigMap", "it is not in the repository, or no text")
        };
        out.carried.approximated(
            mounted.key.clone(),
            mounted.span,
            format!("key `{key}` of {kind} `{object}`, which somebody fills: {why}"),
        );
    }

    /// The key of a file that somebody fills in: its name, and the service's before it where another file is called so.
    fn key_to_fill(&self, name: &str, path: &Utf8Path, out: &mut Out<'_>) -> String {
        let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let plain: String = name.chars().map(kept).collect();
        let known = out.files_to_fill.iter().find(|(known, _)| known == path).map(|(_, key)| key.clone());
        known.unwrap_or_else(|| {
            let taken = |key: &str| {
                out.files_to_fill.iter().any(|(_, known)| known == key)
                    || out.to_fill.iter().any(|k| k.key == key)
            };
            let key = if taken(&plain) { format!("{}.{plain}", self.unit.name) } else { plain };
            out.files_to_fill.push((path.to_owned(), key.clone()));
            key
        })
    }

    /// Mounts what `configs` names.
    fn configs(&mut self, volume: &str, files: &mut Files, out: &mut Out<'_>) {
        let list = self.unit.get(&["configs"]).map(Item::items).unwrap_or_default();
        for (index, item) in list.iter().enumerate() {
            let key = self.unit.key(&format!("configs[{index}]"));
            let Some(source) = item.get("source").and_then(Item::to_text) else { continue };
            let target = item.get("target").and_then(Item::to_text).filter(|t| !t.is_empty());
            let target = clean(&target.unwrap_or_else(|| format!("/{source}")));
            let Some(config) = self.unit.composition.model.get("configs").and_then(|all| all.get(&source))
            else {
                out.carried.refused(key, item.span(), format!("no config is called `{source}`"));
                continue;
            };
            Self::modes(item, &key, out);
            let top = format!("configs.{source}");
            let span = config.key.or(config.at);
            if config.get("external").and_then(Item::as_bool) == Some(true) {
                let real = config.get("name").and_then(Item::to_text).unwrap_or_else(|| source.clone());
                let mounted = plain(key, item, &target);
                self.fill_in(&real, Utf8Path::new(&format!("config:{real}")), false, &mounted, out);
                out.carried.approximated(top, span, "a key of a ConfigMap, which somebody fills");
                continue;
            }
            let file = config.get("file").and_then(Item::to_text).map(|file| normalise(Utf8Path::new(&file)));
            let text = match (&file, config.get("content"), config.get("environment")) {
                (Some(path), ..) => {
                    let text = self.unit.project.files.text(path).map(|text| Text::literal(&**text));
                    text.filter(|text| !is_secret_file(path) && !has_secret(path, &text.to_string()))
                }
                (_, Some(content), _) => {
                    let text = Some(out.text(content)).filter(|text| text.secrets().next().is_none());
                    text.filter(|text| !has_secret(Utf8Path::new(&target), &text.to_string()))
                }
                (_, _, Some(variable)) => {
                    let raw = format!("${{{}}}", variable.to_text().unwrap_or_default());
                    let text = Text::read(&raw, &|name| out.env.get(name).cloned());
                    Some(out.hidden(text)).filter(|text| text.secrets().next().is_none())
                }
                _ => None,
            };
            let name = file.as_deref().and_then(Utf8Path::file_name).unwrap_or(&source);
            if let Some(part) = text.and_then(|text| files.add(name, text)) {
                self.mount(&target, file_mount(volume, &target, &part));
                out.carried.mapped(key, item.span(), format!("a ConfigMap, mounted at `{target}`"));
                out.carried.mapped(
                    top.clone(),
                    span,
                    "a key of the ConfigMap of each service that mounts it",
                );
            } else {
                let mounted = plain(key, item, &target);
                let path = file.clone().unwrap_or_else(|| format!("config:{source}").into());
                let secret = file
                    .as_deref()
                    .is_none_or(|path| is_secret_file(path) || self.unit.project.files.text(path).is_some());
                self.fill_in(&source, &path, secret, &mounted, out);
                out.carried.approximated(
                    top.clone(),
                    span,
                    "a key that somebody fills: it is not here, or holds what nobody is to see",
                );
            }
            if let Some(driver) = config.get("template_driver") {
                out.carried.refused(
                    format!("{top}.template_driver"),
                    driver.span(),
                    "nothing fills templates in a cluster: write the file out",
                );
            }
        }
    }

    /// Mounts what `secrets` names, by the names of keys alone.
    fn secrets(&mut self, out: &mut Out<'_>) {
        let list = self.unit.get(&["secrets"]).map(Item::items).unwrap_or_default();
        for (index, item) in list.iter().enumerate() {
            let key = self.unit.key(&format!("secrets[{index}]"));
            let Some(source) = item.get("source").and_then(Item::to_text) else { continue };
            let target = item.get("target").and_then(Item::to_text).filter(|t| !t.is_empty());
            let target = target.unwrap_or_else(|| source.clone());
            let target = if target.starts_with('/') {
                clean(&target)
            } else {
                clean(&format!("/run/secrets/{target}"))
            };
            Self::modes(item, &key, out);
            let secret = self.unit.composition.model.get("secrets").and_then(|all| all.get(&source));
            let real = secret.and_then(|secret| secret.get("name")).and_then(Item::to_text);
            let external = secret.is_some_and(|s| s.get("external").and_then(Item::as_bool) == Some(true));
            let name = real.filter(|_| external).unwrap_or_else(|| source.clone());
            let mounted = plain(key.clone(), item, &target);
            let path = Utf8PathBuf::from(format!("secret:{source}"));
            let filled = self.key_to_fill(&name, &path, out);
            let purpose = format!("the file `{target}` of `{}`", self.unit.service.name);
            let object = out.key_to_fill(self.names, &filled, true, purpose, false);
            let volume = self.own_name("secret-files");
            let source_of = Map::new().with("secretName", object.as_str());
            self.volume(Map::new().with("name", volume.as_str()).with("secret", source_of));
            self.mount(&target, file_mount(&volume, &target, &filled));
            out.carried.mapped(
                mounted.key,
                item.span(),
                format!("key `{filled}` of Secret `{object}`, mounted at `{target}`"),
            );
            if let Some(secret) = secret {
                out.carried.mapped(
                    format!("secrets.{source}"),
                    secret.key.or(secret.at),
                    format!(
                        "key `{filled}` of Secret `{object}`, which somebody fills; no value is taken over"
                    ),
                );
            }
        }
    }

    /// What a config or a secret says of who may read it.
    fn modes(item: &Item, key: &str, out: &mut Out<'_>) {
        for below in ["uid", "gid", "mode"] {
            if let Some(item) = item.get(below).filter(|item| item.key.is_some()) {
                out.carried.approximated(
                    format!("{key}.{below}"),
                    item.span(),
                    "files of a pod are root's and may be read by all of its container; nothing else is in it",
                );
            }
        }
    }
}

fn plain(key: String, item: &Item, target: &str) -> Mounted {
    Mounted {
        key,
        span: item.span(),
        target: target.to_owned(),
        read_only: true,
        sub_path: None,
        empty: true,
        moved: None,
        what: What::Aside,
    }
}

/// The keys of a volume, each with the path of its file.
fn items(keys: &[(String, String)]) -> Vec<Map> {
    keys.iter().map(|(key, path)| Map::new().with("key", key.as_str()).with("path", path.as_str())).collect()
}

/// A mount of one file.
fn file_mount(volume: &str, target: &str, key: &str) -> Map {
    Map::new().with("name", volume).with("mountPath", target).with("subPath", key).with("readOnly", true)
}
