//! Scratch space: what need not outlive a pod.

use super::binds::Bind;
use super::claims::{Mounted, What, bytes};
use super::{Store, clean, within};
use crate::convert::plan::Out;
use crate::convert::{Map, Tree};
use crate::images::Sh;
use crate::project::compose::Item;
use crate::project::kubernetes::quantity;
use crate::project::layout::What as Laid;

const MIB: u64 = 1 << 20;

/// Where official images link their logs to standard output: a volume there would hide that.
const LOGS: [&str; 2] = ["/var/log/nginx", "/var/log/apache2"];

/// How much a path may take where nothing is said, in bytes.
fn usual(path: &str) -> u64 {
    match path {
        "/run" | "/var/run" => 16 * MIB,
        _ if within(path, "/run") || within(path, "/var/run") => 16 * MIB,
        _ if path.contains("cache") || path.contains("huggingface") => 1024 * MIB,
        _ => 256 * MIB,
    }
}

impl Store<'_, '_> {
    /// Mounts scratch space: what Compose says, and `paths` besides.
    pub(super) fn scratch(&mut self, paths: &[String], out: &mut Out<'_>) {
        let mounts = out.claims.mounts.get(self.at).cloned().unwrap_or_default();
        for mounted in &mounts {
            match &mounted.what {
                What::Scratch { memory, size } => self.of_compose(mounted, *memory, *size, out),
                What::Bind(Bind::Scratch) => self.of_compose(mounted, false, None, out),
                _ => {}
            }
        }
        self.tmpfs(out);
        if let Some(item) = self.unit.get(&["shm_size"]) {
            let size = item.to_text().and_then(|text| text.parse().ok().or_else(|| bytes(&text)));
            self.empty("shm", "/dev/shm", true, size, false);
            out.carried.mapped(
                self.unit.key("shm_size"),
                item.span(),
                "a volume in memory at `/dev/shm`, which counts to the memory of the pod",
            );
        }
        for path in paths {
            let path = clean(path);
            // What lies in a volume that can be written needs none of its own.
            let inside = |mount: &Map| {
                mount.get("readOnly").is_none()
                    && matches!(mount.get("mountPath"), Some(Tree::Text(above)) if within(&path, &above.to_string()))
            };
            if path == "/" || LOGS.contains(&path.as_str()) || self.stored.mounts.iter().any(inside) {
                continue;
            }
            self.empty(&name_of(&path), &path, false, None, false);
        }
    }

    fn of_compose(&mut self, mounted: &Mounted, memory: bool, size: Option<u64>, out: &mut Out<'_>) {
        if LOGS.contains(&mounted.target.as_str()) && self.unit.facts.is_some() {
            out.carried.approximated(
                mounted.key.clone(),
                mounted.span,
                "left out: the image writes its logs to standard output by what lies there",
            );
            return;
        }
        let name = name_of(&mounted.target);
        let volume = self.empty(&name, &mounted.target, memory, size, mounted.read_only);
        if let Some(volume) = volume {
            self.copied_up(mounted, &volume, out);
        }
        let note = match (&mounted.what, memory) {
            (What::Bind(_), _) => {
                "an `emptyDir` instead of a directory of the host: what is in it goes with the pod, and logs belong on standard output"
            }
            (_, true) => "an `emptyDir` in memory, which counts to the memory of the pod",
            (_, false) => "an `emptyDir`, which goes with the pod; a volume with a name stays",
        };
        if memory {
            out.carried.mapped(mounted.key.clone(), mounted.span, note);
        } else {
            out.carried.approximated(mounted.key.clone(), mounted.span, note);
        }
    }

    fn tmpfs(&mut self, out: &mut Out<'_>) {
        let list = self.unit.get(&["tmpfs"]).map(Item::items).unwrap_or_default();
        for (index, item) in list.iter().enumerate() {
            let key = self.unit.key(&format!("tmpfs[{index}]"));
            let text = item.to_text().unwrap_or_default();
            let (target, options) = text.split_once(':').unwrap_or((&text, ""));
            if !target.starts_with('/') {
                out.carried.refused(key, item.span(), "it is no path of a container");
                continue;
            }
            let target = clean(target);
            let option =
                |name: &str| options.split(',').find_map(|o| o.strip_prefix(name)?.strip_prefix('='));
            let size = option("size").and_then(bytes);
            self.empty(&name_of(&target), &target, true, size, options.split(',').any(|o| o == "ro"));
            let lost = ["mode", "uid", "gid"].iter().any(|name| option(name).is_some())
                || options.split(',').any(|o| matches!(o, "noexec" | "nosuid" | "nodev"));
            if lost {
                out.carried.approximated(key, item.span(), "an `emptyDir` in memory; of its options only the size has a counterpart, and the pod's group owns it");
            } else {
                out.carried.mapped(
                    key,
                    item.span(),
                    "an `emptyDir` in memory, which counts to the memory of the pod",
                );
            }
        }
    }

    /// An `emptyDir` at a path; returns the name of its volume, where nothing was mounted there.
    pub(super) fn empty(
        &mut self,
        name: &str,
        path: &str,
        memory: bool,
        size: Option<u64>,
        read_only: bool,
    ) -> Option<String> {
        let mut volume = self.own_name(name);
        let has = |name: &str| self.stored.volumes.iter().any(|v| v.get("name") == Some(&Tree::from(name)));
        let mut number = 2;
        while has(&volume) {
            volume = self.own_name(&format!("{name}-{number}"));
            number += 1;
        }
        let mut mount = Map::new().with("name", volume.as_str()).with("mountPath", path);
        if read_only {
            mount.set("readOnly", true);
        }
        if !self.mount(path, mount) {
            return None;
        }
        let mut directory = Map::new();
        if memory {
            directory.set("medium", "Memory");
        }
        let limit =
            size.filter(|size| *size > 0).unwrap_or_else(|| if memory { 64 * MIB } else { usual(path) });
        directory.set("sizeLimit", quantity::bytes(limit));
        if !memory {
            self.stored.scratch += limit;
        }
        self.stored.writable |= !read_only;
        self.volume(Map::new().with("name", volume.as_str()).with("emptyDir", directory));
        Some(volume)
    }

    /// Docker copies what an image has at a path into a new volume there; an init container does so here.
    pub(super) fn copied_up(&mut self, mounted: &Mounted, volume: &str, out: &mut Out<'_>) {
        let Some(stage) = self.unit.stage.filter(|_| !mounted.empty && !mounted.read_only) else { return };
        let lies_there = stage.copied().iter().any(|copied| match &copied.what {
            Laid::Directory(directory) => {
                let rest = mounted.target.strip_prefix(copied.target.trim_end_matches('/'));
                let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
                within(&copied.target, &mounted.target)
                    || rest.is_some_and(|rest| {
                        let path = directory.join(rest.trim_start_matches('/'));
                        self.unit.project.files.below(&path).next().is_some()
                    })
            }
            _ => within(&copied.target, &mounted.target),
        });
        let has_shell = self.unit.facts.is_none_or(|facts| facts.shell != Some(Sh::None));
        if !lies_there {
            return;
        }
        if !has_shell {
            out.carried.approximated(
                format!("{}.volume.nocopy", mounted.key),
                mounted.span,
                "Docker fills a new volume with what the image has there; nothing does here, since the image has no shell",
            );
            return;
        }
        let line = format!("[ -n \"$(ls -A /volume)\" ] || cp -R {}/. /volume/", quoted(&mounted.target));
        let context = Map::new()
            .with("allowPrivilegeEscalation", false)
            .with("readOnlyRootFilesystem", true)
            .with("capabilities", Map::new().with("drop", vec!["ALL"]));
        let of = |memory: &str| Map::new().with("memory", memory).with("ephemeral-storage", "16Mi");
        let resources = Map::new().with("requests", of("32Mi").with("cpu", "10m")).with("limits", of("64Mi"));
        let sub_path = self.stored.mounts.iter().find_map(|mount| {
            let at = mount.get("mountPath") == Some(&Tree::from(mounted.target.as_str()));
            mount.get("subPath").filter(|_| at).cloned()
        });
        let mount = Map::new().with("name", volume).with("mountPath", "/volume").maybe("subPath", sub_path);
        let container = Map::new()
            .with("name", super::super::names::cut(&format!("fill-{volume}"), 63))
            .because(
                "image",
                Tree::Image(self.unit.image.clone()),
                "Docker fills a new volume with what the image has at its path",
            )
            .with("command", vec!["sh", "-c", &line])
            .with("resources", resources)
            .with("securityContext", context)
            .with("volumeMounts", vec![mount]);
        if !self.stored.init.iter().any(|known| known.get("name") == container.get("name")) {
            self.stored.init.push(container);
        }
    }
}

/// A path as a word of a shell.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// The name of a volume for a path: `var-cache-nginx`.
fn name_of(path: &str) -> String {
    let name = crate::convert::names::dns_label(path);
    if name.is_empty() { "scratch".to_owned() } else { name }
}
