//! Claims: what outlives pods.

mod mounts;
mod told;

use std::collections::BTreeMap;

use super::binds::{Bind, classify};
use super::{clean, within};
use crate::Span;
use crate::convert::names::{Names, cut, dns_label};
use crate::convert::plan::Out;
use crate::convert::unit::{Kind, Unit};
use crate::convert::{Map, Object, Options, Platform, Tree};
use crate::project::compose::Item;
use crate::project::kubernetes::quantity;
use crate::project::{ImageName, Mount, Volume};

/// What services mount, told once for all of them.
#[derive(Default)]
pub(in crate::convert) struct Claims {
    claims: Vec<Claim>,
    /// By service, in the order of the files.
    pub(super) mounts: Vec<Vec<Mounted>>,
}

/// A volume of the project, or a directory of the host with data in it.
struct Claim {
    /// Its key in `volumes`, or the path of the directory.
    key: String,
    /// What its claim is called.
    name: String,
    /// The services that mount it.
    users: Vec<usize>,
    /// The size where nothing is said, in bytes.
    size: u64,
    /// What is behind it.
    behind: Behind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Behind {
    /// A new volume.
    New,
    /// A claim that is there already.
    External,
    /// A share of a server.
    Nfs { server: String, path: String, options: Vec<String> },
    /// Memory, with its size.
    Memory(Option<u64>),
}

/// Something that a service mounts.
#[derive(Clone, Debug)]
pub(super) struct Mounted {
    /// The key in reports.
    pub(super) key: String,
    pub(super) span: Option<Span>,
    pub(super) target: String,
    pub(super) read_only: bool,
    pub(super) sub_path: Option<String>,
    /// Nothing of the image is to be copied into it.
    pub(super) empty: bool,
    /// Where Compose mounts it, and the variable that leads the program elsewhere.
    pub(super) moved: Option<(String, String)>,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A claim, by its place.
    Claim(usize),
    /// A claim for a directory of the host, by its place.
    Data(usize),
    /// Scratch space; in memory, with its size.
    Scratch { memory: bool, size: Option<u64> },
    /// Something else of the host.
    Bind(Bind),
    /// It is of no use without what was mounted above it.
    Aside,
    /// A kind of mount that no pod has, and what to do.
    Refused(&'static str),
}

const GIB: u64 = 1 << 30;

/// Tells what services mount, and which volumes they share.
pub(in crate::convert) fn gather(units: &[Unit<'_>], out: &mut Out<'_>) {
    let mut claims = Claims::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut taken: Vec<String> = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        let mut mounts: Vec<Mounted> = Vec::new();
        let lists = std::iter::once((unit, false, "volumes".to_owned())).chain(volumes_from(units, unit));
        for (owner, read_only, list) in lists {
            for (index, item) in
                owner.get(&["volumes"]).map(Item::items).unwrap_or_default().iter().enumerate()
            {
                let key = if list == "volumes" { format!("volumes[{index}]") } else { list.clone() };
                let Some(mut mounted) = mounted(unit, owner, item, unit.key(&key), |source, what| {
                    *places.entry(source.to_owned()).or_insert_with(|| {
                        let claim = claim(owner, source, what, &mut taken);
                        claims.claims.push(claim);
                        claims.claims.len() - 1
                    })
                }) else {
                    continue;
                };
                if mounts.iter().any(|other| other.target == mounted.target) {
                    continue;
                }
                mounted.read_only |= read_only;
                follow(unit, &mut mounted);
                if let What::Claim(claim) | What::Data(claim) = mounted.what {
                    let claim = &mut claims.claims[claim];
                    claim.size = claim.size.max(usual_size(unit, &mounted.target));
                    if !claim.users.contains(&at) {
                        claim.users.push(at);
                    }
                }
                mounts.push(mounted);
            }
        }
        set_aside(unit, &mut mounts);
        if let Some(path) = unmounted(unit, &mounts) {
            let place = claims.claims.len();
            let key = format!("{}:{path}", unit.service.name);
            let name = unique(&format!("{}-data", unit.name), &mut taken);
            let size = usual_size(unit, &path);
            claims.claims.push(Claim { key, name, users: vec![at], size, behind: Behind::New });
            mounts.push(Mounted {
                key: unit.key("volumes"),
                span: None,
                target: path,
                read_only: false,
                sub_path: None,
                empty: true,
                moved: None,
                what: What::Claim(place),
            });
        }
        claims.mounts.push(mounts);
    }
    out.claims = claims;
}

/// The services whose mounts a service takes over, and whether it cannot write to them.
fn volumes_from<'u, 'p>(
    units: &'u [Unit<'p>],
    unit: &'u Unit<'p>,
) -> impl Iterator<Item = (&'u Unit<'p>, bool, String)> {
    let list = unit.get(&["volumes_from"]).map(Item::items).unwrap_or_default();
    list.iter().enumerate().filter_map(move |(index, item)| {
        let text = item.to_text()?;
        let (name, mode) = text.split_once(':').unwrap_or((&text, "rw"));
        let owner = units.iter().find(|u| u.service.name == name)?;
        Some((owner, mode == "ro", format!("volumes_from[{index}]")))
    })
}

/// What an entry of `volumes` mounts; `claim` gives the place of a claim by its source.
fn mounted(
    unit: &Unit<'_>,
    owner: &Unit<'_>,
    item: &Item,
    key: String,
    mut claim: impl FnMut(&str, bool) -> usize,
) -> Option<Mounted> {
    let target = item.get("target").and_then(Item::to_text).filter(|target| !target.is_empty())?;
    let target = clean(&target);
    let source = item.get("source");
    let text = source.and_then(Item::to_text).unwrap_or_default();
    let unknown = source.is_some_and(Item::is_unknown);
    let read_only = item.get("read_only").and_then(Item::as_bool) == Some(true);
    let what = match item.get("type").and_then(Item::as_str) {
        Some("bind") => match classify(unit, &text, &target, unknown, read_only) {
            Bind::Data(_) if unknown => What::Data(claim(&format!("{}:{target}", owner.service.name), false)),
            Bind::Data(path) => What::Data(claim(&format!("./{path}"), false)),
            Bind::Scratch => What::Scratch { memory: false, size: None },
            bind => What::Bind(bind),
        },
        Some("volume") if text.is_empty() && !unknown => What::Scratch { memory: false, size: None },
        Some("volume") if unknown => What::Claim(claim(&format!("{}:{target}", owner.service.name), false)),
        Some("volume") => What::Claim(claim(&text, true)),
        Some("tmpfs") => {
            let size = item.at_path(&["tmpfs", "size"]).and_then(Item::to_text);
            What::Scratch { memory: true, size: size.and_then(|size| size.parse().ok()) }
        }
        Some("image") => What::Refused("copy what the image has into the service's own image"),
        Some("cluster") => {
            What::Refused("name a storage class of the cluster in `x-seaworthy.class` of a named volume")
        }
        Some("npipe") => What::Refused("it is a pipe of Windows, by which a program is root on its node"),
        _ => return None,
    };
    Some(Mounted {
        key,
        span: item.span(),
        target,
        read_only,
        sub_path: item.at_path(&["volume", "subpath"]).and_then(Item::to_text).filter(|path| is_below(path)),
        empty: item.at_path(&["volume", "nocopy"]).and_then(Item::as_bool) == Some(true),
        moved: None,
        what,
    })
}

/// A volume for data is mounted where a variable says that the data goes.
fn follow(unit: &Unit<'_>, mounted: &mut Mounted) {
    let meant = |mount: &Mount| clean(&mount.target) == mounted.target;
    let Some((variable, path, _)) = unit.container.data_beside_volumes().find(|(_, _, mount)| meant(mount))
    else {
        return;
    };
    let from = std::mem::replace(&mut mounted.target, clean(path));
    mounted.moved = Some((from, variable.name.value.clone()));
}

/// Whether a path stays below where it starts.
fn is_below(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && !path.split('/').any(|part| part == "..")
}

/// Volumes without a name that keep parts of the image visible below code that is not mounted here: they would hide them.
fn set_aside(unit: &Unit<'_>, mounts: &mut [Mounted]) {
    const PARTS: [&str; 9] =
        ["node_modules", "vendor", ".venv", "venv", ".next", "dist", "build", "target", "__pycache__"];
    let code: Vec<String> = mounts
        .iter()
        .filter(|m| matches!(m.what, What::Bind(Bind::Dropped(_) | Bind::Refused(_))))
        .map(|m| m.target.clone())
        .collect();
    let volumes = unit.composition.model.get("volumes");
    for mounted in mounts {
        let part = mounted.target.rsplit('/').next().unwrap_or_default();
        let is_part = PARTS.contains(&part);
        let hides = match &mounted.what {
            What::Scratch { memory: false, size: None } => {
                is_part || code.iter().any(|path| within(&mounted.target, path) && *path != mounted.target)
            }
            // The same with a name: `node_modules:/app/node_modules`.
            What::Claim(_) => is_part && volumes.is_some() && part != "build" && part != "target",
            _ => false,
        };
        if hides {
            mounted.what = What::Aside;
        }
    }
}

/// Where an image keeps its data, where Compose mounts nothing there, above or below: Docker gives it a volume without a name.
fn unmounted(unit: &Unit<'_>, mounts: &[Mounted]) -> Option<String> {
    if unit.kind != Kind::StatefulSet {
        return None;
    }
    let facts = unit.facts?;
    let data = facts.data.as_ref()?;
    let path = facts.volumes.iter().find(|volume| within(data, volume)).unwrap_or(data);
    let path = clean(path);
    let near = |m: &Mounted| within(&m.target, &path) || within(&path, &m.target);
    let of_tmpfs = unit.mounts().iter().any(|m| {
        matches!(m.volume, Volume::Scratch { memory: true, .. })
            && (within(&path, &m.target) || within(&m.target, &path))
    });
    // An image that is built here may keep its data elsewhere, and one that is told so does.
    let is_told = mounts.iter().any(|m| m.moved.is_some());
    let elsewhere = is_told
        || unit.stage.is_some() && mounts.iter().any(|m| matches!(m.what, What::Claim(_) | What::Data(_)));
    (!mounts.iter().any(near) && !of_tmpfs && !elsewhere).then_some(path)
}

/// A claim for a volume of the project (`named`), or for a directory of the host.
fn claim(unit: &Unit<'_>, source: &str, named: bool, taken: &mut Vec<String>) -> Claim {
    let item =
        unit.composition.model.get("volumes").and_then(|volumes| volumes.get(source)).filter(|_| named);
    let behind = item.map_or(Behind::New, behind);
    let name = if behind == Behind::External {
        let real = item.and_then(|item| item.get("name")).and_then(Item::to_text);
        // A variable without a value may be all of a name.
        let label = dns_label(real.as_deref().unwrap_or_default());
        if label.is_empty() { unique(source, taken) } else { label }
    } else if named {
        unique(source, taken)
    } else {
        let last = source.rsplit(['/', ':']).find(|part| !part.is_empty() && *part != "." && *part != "..");
        unique(&format!("{}-{}", unit.name, last.unwrap_or("data")), taken)
    };
    Claim { key: source.to_owned(), name, users: Vec::new(), size: GIB, behind }
}

/// A name of a claim that no other has; room is left for what a StatefulSet adds.
fn unique(text: &str, taken: &mut Vec<String>) -> String {
    let label = dns_label(text);
    let base = if label.is_empty() { "data".to_owned() } else { cut(&label, 50).to_owned() };
    let mut name = base.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}-{number}");
        number += 1;
    }
    taken.push(name.clone());
    name
}

/// What is behind a volume of the project.
fn behind(item: &Item) -> Behind {
    if item.get("external").and_then(Item::as_bool) == Some(true) {
        return Behind::External;
    }
    let option =
        |name: &str| item.at_path(&["driver_opts", name]).and_then(Item::to_text).unwrap_or_default();
    let (kind, options, device) = (option("type"), option("o"), option("device"));
    let word = |name: &str| {
        options.split(',').find_map(|o| o.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    match kind.as_str() {
        "nfs" | "nfs4" => {
            let (host, path) = device.split_once(':').unwrap_or(("", &device));
            let server = word("addr").or_else(|| (!host.is_empty()).then(|| host.to_owned()));
            match server {
                Some(server) if path.starts_with('/') => {
                    let kept = options
                        .split(',')
                        .map(str::trim)
                        .filter(|o| !o.is_empty() && !o.starts_with("addr=") && !matches!(*o, "rw" | "ro"));
                    let mut options: Vec<String> = kept.map(str::to_owned).collect();
                    if kind == "nfs4" && !options.iter().any(|o| o.contains("vers=")) {
                        options.push("nfsvers=4".to_owned());
                    }
                    Behind::Nfs { server, path: path.to_owned(), options }
                }
                _ => Behind::New,
            }
        }
        "tmpfs" => Behind::Memory(word("size").and_then(|size| bytes(&size))),
        _ => Behind::New,
    }
}

/// A size as Docker writes it: `64m`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let number: u64 = lower.get(..digits)?.parse().ok()?;
    let shift = match lower.get(digits..)?.trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// The size of a claim where nothing is said: for models of language and vision, for stores, for anything else.
fn usual_size(unit: &Unit<'_>, target: &str) -> u64 {
    let image = unit.container.image.value().map(ImageName::short).unwrap_or_default();
    let models = ["ollama", "localai", "vllm", "text-generation", "comfyui", "stable-diffusion"];
    if models.iter().any(|name| image.contains(name) || target.contains(name))
        || target.contains("huggingface")
        || target.ends_with("/models")
    {
        return 20 * GIB;
    }
    let facts = unit.facts.or_else(|| super::nature(unit.container));
    if facts.is_some_and(|facts| facts.stateful == Some(true)) { 8 * GIB } else { GIB }
}

impl Claim {
    /// What Compose says of the volume.
    fn item<'p>(&self, unit: &Unit<'p>) -> Option<&'p Item> {
        unit.composition.model.get("volumes")?.get(&self.key)
    }

    fn says<'p>(&self, unit: &Unit<'p>, key: &str) -> Option<&'p Item> {
        self.item(unit)?.get("x-seaworthy")?.get(key)
    }

    /// How it may be mounted.
    fn access(&self, unit: &Unit<'_>) -> &'static str {
        const KNOWN: [&str; 4] = ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"];
        let said = self.says(unit, "access").and_then(Item::as_str);
        let said = said.and_then(|said| KNOWN.into_iter().find(|known| *known == said));
        match &self.behind {
            Behind::Nfs { .. } => said.unwrap_or("ReadWriteMany"),
            _ => said.unwrap_or("ReadWriteOnce"),
        }
    }

    /// Whether pods of one node alone mount it.
    fn is_of_one_node(&self, unit: &Unit<'_>) -> bool {
        !matches!(self.behind, Behind::Memory(_)) && self.access(unit).starts_with("ReadWriteOnce")
    }

    /// Whether it is a claim of a StatefulSet's own.
    fn is_template(&self, units: &[Unit<'_>]) -> bool {
        let [user] = self.users.as_slice() else { return false };
        self.behind == Behind::New
            && units.get(*user).is_some_and(|unit| unit.kind == Kind::StatefulSet && unit.inside.is_none())
    }

    /// `spec` of the claim.
    fn spec(&self, unit: &Unit<'_>, options: &Options, settable: bool, names: &Names) -> Map {
        let said =
            self.says(unit, "size").and_then(Item::to_text).filter(|size| quantity::parse(size, 0).is_some());
        let size = said.unwrap_or_else(|| quantity::bytes(self.size));
        let size = if settable { Tree::settable("storage", size) } else { Tree::from(size) };
        let mut spec = Map::new().with("accessModes", vec![self.access(unit)]);
        if let Behind::Nfs { .. } = &self.behind {
            spec.explain("storageClassName", "", "no class makes it: it is the share of a server");
            spec.set("volumeName", self.volume(names));
        } else if let Some(class) = self.says(unit, "class").and_then(Item::to_text) {
            spec.set("storageClassName", class);
        } else if options.platform == Platform::K3s {
            spec.explain(
                "storageClassName",
                "local-path",
                "the class that K3s has; its data stays on one node",
            );
        }
        spec.with("resources", Map::new().with("requests", Map::new().with("storage", size)))
    }

    /// The name of its volume, which is the cluster's own.
    fn volume(&self, names: &Names) -> String {
        crate::convert::names::joined(&[&names.project, &self.name])
    }

    /// The objects of a claim that is no StatefulSet's own.
    fn objects(&self, unit: &Unit<'_>, options: &Options, settable: bool, names: &Names) -> Vec<Object> {
        let labels = || {
            Map::new().with("labels", Map::new().with("app.kubernetes.io/part-of", names.project.as_str()))
        };
        let claim = || {
            Object::new("v1", "PersistentVolumeClaim", &*self.name, labels())
                .with("spec", self.spec(unit, options, settable, names))
        };
        match &self.behind {
            Behind::New => vec![claim()],
            Behind::External | Behind::Memory(_) => Vec::new(),
            Behind::Nfs { server, path, options: mount } => {
                let nfs = Map::new().with("server", server.as_str()).with("path", path.as_str());
                let reference =
                    Map::new().with("namespace", names.project.as_str()).with("name", self.name.as_str());
                let spec = Map::new()
                    .with("capacity", Map::new().with("storage", quantity::bytes(self.size)))
                    .with("accessModes", vec![self.access(unit)])
                    .because("persistentVolumeReclaimPolicy", "Retain", "the share is older than the claim")
                    .with("storageClassName", "")
                    .with("claimRef", reference)
                    .filled("mountOptions", mount.clone())
                    .with("nfs", nfs);
                vec![
                    Object::new("v1", "PersistentVolume", self.volume(names), labels()).with("spec", spec),
                    claim(),
                ]
            }
        }
    }
}

/// The claims that several services share, and what became of the volumes of the project.
pub(super) fn shared(names: &Names, units: &[Unit<'_>], options: &Options, out: &mut Out<'_>) -> Vec<Object> {
    let Some(unit) = units.first() else { return Vec::new() };
    let claims = std::mem::take(&mut out.claims.claims);
    let mut objects = Vec::new();
    for claim in &claims {
        if claim.users.len() > 1 {
            objects.extend(claim.objects(unit, options, false, names));
        }
    }
    for (name, item) in unit.composition.model.get("volumes").map(Item::entries).unwrap_or_default() {
        let claim = claims.iter().find(|claim| claim.key == name);
        told::of_project(unit, name, item, claim, units, out);
    }
    out.claims.claims = claims;
    objects
}
