//! What is mounted: claims, scratch space, files as ConfigMaps and Secrets.

mod binds;
mod claims;
mod content;
mod files;
mod scratch;

use super::names::Names;
use super::plan::Out;
use super::unit::Unit;
use super::{Map, Object, Options};
use crate::images::Facts;
use crate::project::{Container, ImageName, Volume};

pub(super) use claims::{Claims, gather};
pub(super) use files::wanted;

/// What the mounts of a service come to.
#[derive(Default)]
pub(super) struct Stored {
    /// The volumes of the pod.
    pub(super) volumes: Vec<Map>,
    /// The mounts of the container.
    pub(super) mounts: Vec<Map>,
    /// The claims of a `StatefulSet`.
    pub(super) templates: Vec<Map>,
    /// `PersistentVolumeClaim`s and `ConfigMap`s of the service.
    pub(super) objects: Vec<Object>,
    /// Containers that fill volumes before the service starts.
    pub(super) init: Vec<Map>,
    /// The disk that its scratch space may take, in bytes.
    pub(super) scratch: u64,
    /// Whether something that is written outlives the pod, so that its group has to be set.
    pub(super) writable: bool,
    /// Whether a volume may be mounted by one pod alone, so that the old one has to end before the new one starts.
    pub(super) exclusive: bool,
    /// Terms of `podAffinity`: pods that mount a volume of one node have to be on that node.
    pub(super) beside: Vec<Map>,
}

/// Whether a service keeps data of its own that outlives its pods, so that it wants a StatefulSet.
pub(super) fn keeps_state(container: &Container, facts: Option<&'static Facts>) -> bool {
    let Some(facts) = facts else {
        // Versions of which nothing more is known keep data where the newest does, or elsewhere.
        return nature(container).is_some_and(|facts| facts.stateful == Some(true)) && has_volume(container);
    };
    if facts.stateful != Some(true) {
        return false;
    }
    let keeps = |path: &str| {
        let at_or_above = |m: &&crate::project::Mount| within(path, &m.target) || within(&m.target, path);
        match container.mounts.iter().find(at_or_above) {
            // Scratch space says that the data need not be kept.
            Some(mount) => !matches!(mount.volume, Volume::Scratch { memory: true, .. }),
            None => true,
        }
    };
    // What is stateful by nature but keeps its data where nothing is known of is kept by its volumes.
    match &facts.data {
        Some(data) => keeps(data),
        None => facts.volumes.first().is_some_and(|path| keeps(path)) || has_volume(container),
    }
}

/// What is known of the newest version of the public image that a container runs: what it is for hardly changes.
pub(super) fn nature(container: &Container) -> Option<&'static Facts> {
    let image = container.image.value().filter(|_| container.build.is_none())?;
    crate::images::facts(&ImageName { tag: None, digest: None, ..image.clone() })
}

fn has_volume(container: &Container) -> bool {
    container.mounts.iter().any(|mount| matches!(mount.volume, Volume::Named(_)) && !mount.read_only)
}

/// Whether a path is another or lies below it.
fn within(path: &str, above: &str) -> bool {
    path.strip_prefix(above.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the mounts of a service come to, and the scratch space that it needs besides them: `scratch` are paths.
pub(super) fn store(
    units: &[Unit<'_>],
    at: usize,
    scratch: &[String],
    names: &Names,
    options: &Options,
    out: &mut Out<'_>,
) -> Stored {
    let Some(unit) = units.get(at) else { return Stored::default() };
    let mut store = Store { unit, at, units, names, options, stored: Stored::default(), taken: Vec::new() };
    store.claims(out);
    store.files(out);
    store.scratch(scratch, out);
    store.stored
}

/// The claims that several services share.
pub(super) fn shared(names: &Names, units: &[Unit<'_>], options: &Options, out: &mut Out<'_>) -> Vec<Object> {
    claims::shared(names, units, options, out)
}

/// The mounts of one container while they are made.
struct Store<'s, 'p> {
    unit: &'s Unit<'p>,
    at: usize,
    units: &'s [Unit<'p>],
    names: &'s Names,
    options: &'s Options,
    stored: Stored,
    /// The paths at which something is mounted.
    taken: Vec<String>,
}

impl Store<'_, '_> {
    /// Adds a mount, where nothing is mounted at its path yet.
    fn mount(&mut self, path: &str, mount: Map) -> bool {
        let path = clean(path);
        if self.taken.contains(&path) {
            return false;
        }
        self.stored.mounts.push(mount);
        self.taken.push(path);
        true
    }

    /// Adds a volume to the pod, once.
    fn volume(&mut self, volume: Map) {
        if !self.stored.volumes.contains(&volume) {
            self.stored.volumes.push(volume);
        }
    }

    /// The name of a volume that is this container's alone: a pod may have several.
    fn own_name(&self, name: &str) -> String {
        let name = super::names::dns_label(name);
        if self.unit.inside.is_none() {
            return super::names::cut(&name, 63).to_owned();
        }
        super::names::joined(&[&self.unit.name, &name])
    }
}

/// A path without an end and doubled slashes.
fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}
