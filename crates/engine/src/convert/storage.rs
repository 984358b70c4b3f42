//! What is mounted: claims, scratch space, files as ConfigMaps and Secrets.

use super::names::Names;
use super::plan::Out;
use super::unit::Unit;
use super::{Map, Object, Options};
use crate::images::Facts;
use crate::project::Container;

/// What the mounts of a service come to.
#[derive(Default)]
pub(super) struct Stored {
    /// The volumes of the pod.
    pub(super) volumes: Vec<Map>,
    /// The mounts of the container.
    pub(super) mounts: Vec<Map>,
    /// The claims of a StatefulSet.
    pub(super) templates: Vec<Map>,
    /// PersistentVolumeClaims and ConfigMaps of the service.
    pub(super) objects: Vec<Object>,
    /// Containers that fill volumes before the service starts.
    pub(super) init: Vec<Map>,
    /// The disk that its scratch space may take, in bytes.
    pub(super) scratch: u64,
    /// Whether something that is written outlives the pod, so that its group has to be set.
    pub(super) writable: bool,
    /// Whether a volume may be mounted by one pod alone, so that the old one has to end before the new one starts.
    pub(super) exclusive: bool,
}

/// Whether a service keeps data of its own that outlives its pods, so that it wants a StatefulSet.
pub(super) fn keeps_state(_container: &Container, _facts: Option<&'static Facts>) -> bool {
    false
}

/// What the mounts of a service come to, and the scratch space that it needs besides them: `scratch` are paths.
pub(super) fn store(
    _units: &[Unit<'_>],
    _at: usize,
    _scratch: &[String],
    _names: &Names,
    _options: &Options,
    _out: &mut Out<'_>,
) -> Stored {
    Stored::default()
}
