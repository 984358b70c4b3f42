//! What refers to what, across files and formats.
//!
//! A rule reads them by the thing it looks at: [`Links`] keeps each kind sorted by who refers, and those that are asked
//! for from both ends also by who is referred to.

mod calls;
mod images;
mod inherit;
mod near;
mod objects;
pub(crate) mod reach;

use std::collections::HashMap;

use seaworthy_syntax::Span;

pub use calls::{Call, Callee};
pub use images::{Built, BuiltHow};
pub(super) use inherit::inherit;
pub(crate) use near::Names;
pub use objects::{ConfigSource, ConfigUse, PortLink, PortTarget, Selection, SelectionKind, ServiceRef};
pub(crate) use seaworthy_syntax::spelling::closest;

use super::container::Container;
use super::dockerfile::{BuildId, Stage};
use super::kubernetes::{Detail, ObjectId, ObjectRef, Role, WorkloadId};
use super::{ContainerId, DirectoryId, Object, Project};
use crate::images::{self as known, Facts};

/// What refers to what.
#[derive(Debug, Default)]
pub struct Links {
    /// Containers and the stage that builds their image, by container.
    pub built_by: Vec<Built>,
    /// CI jobs, by their index, and the stage that each builds.
    pub jobs: Vec<(usize, BuildId, usize)>,
    /// Objects and the workloads they are about, by object.
    pub selections: Vec<Selection>,
    /// References to Services by name, from routes and workloads, by where they stand.
    pub services: Vec<ServiceRef>,
    /// Ports of Services and the ports of containers they lead to, by Service.
    pub ports: Vec<PortLink>,
    /// Containers and the ConfigMaps and Secrets they use, by container.
    pub configs: Vec<ConfigUse>,
    /// Containers and whom they call by name, by container.
    pub calls: Vec<Call>,
    /// Objects that select every workload, by their directory: there may be many of both, so they are not paired.
    all: HashMap<(Option<DirectoryId>, SelectionKind), Vec<ObjectId>>,
    /// For each workload the selections it is in, as indices.
    selected: HashMap<WorkloadId, Vec<u32>>,
    deployed: HashMap<(BuildId, usize), Vec<ContainerId>>,
    /// Objects that have a name, by it.
    named: Vec<ObjectId>,
    /// `RoleBinding`s and `ClusterRoleBinding`s, by the name of a `ServiceAccount` that they give rights to.
    bindings: HashMap<String, Vec<ObjectId>>,
}

/// What runs the image of a stage, as far as the project shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// A Compose service runs it.
    pub docker: bool,
    /// A Kubernetes workload runs it.
    pub kubernetes: bool,
}

impl Deployment {
    /// Whether nothing in the project shows what runs it.
    pub fn is_unknown(self) -> bool {
        !self.docker && !self.kubernetes
    }
}

/// A link's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Where one thing names the other.
    pub at: Span,
    /// The thing that is named.
    pub to: Span,
}

/// Finds the links of a project whose files are lowered.
pub(super) fn find(project: &Project) -> Links {
    let (mut images, mut objects, mut calls) = (Links::default(), Links::default(), Links::default());
    rayon::join(
        || images::find(project, &mut images),
        || rayon::join(|| objects::find(project, &mut objects), || calls::find(project, &mut calls)),
    );
    let mut links = Links { built_by: images.built_by, jobs: images.jobs, calls: calls.calls, ..objects };
    for (index, selection) in links.selections.iter().enumerate() {
        links.selected.entry(selection.workload).or_default().push(index as u32);
    }
    for built in &links.built_by {
        links.deployed.entry((built.build, built.stage)).or_default().push(built.container);
    }
    links
}

/// The part of a list sorted by a key that has this key.
fn of_key<T, K: Ord + Copy>(list: &[T], key: K, of: impl Fn(&T) -> K) -> &[T] {
    let start = list.partition_point(|item| of(item) < key);
    let end = start + list[start..].partition_point(|item| of(item) <= key);
    &list[start..end]
}

impl Links {
    /// The workloads that an object selects by some label, or names. One whose selector is empty is about all of those
    /// in its directory and namespace, and has none here; see [`Project::selecting`].
    pub fn selected_by(&self, object: ObjectId) -> &[Selection] {
        of_key(&self.selections, object, |s| s.object)
    }

    /// The objects that select a workload by some label, or name it; see [`Project::selecting`] for all.
    pub fn selecting(&self, workload: WorkloadId) -> impl Iterator<Item = &Selection> {
        let indices = self.selected.get(&workload).map(Vec::as_slice).unwrap_or_default();
        indices.iter().filter_map(|index| self.selections.get(*index as usize))
    }

    /// Where the ports of a Service lead.
    pub fn ports_of(&self, service: ObjectId) -> &[PortLink] {
        of_key(&self.ports, service, |p| p.service)
    }

    /// The ConfigMaps and Secrets that a container uses.
    pub fn configs_of(&self, container: ContainerId) -> &[ConfigUse] {
        of_key(&self.configs, container, |c| c.container)
    }

    /// Whom a container calls.
    pub fn calls_of(&self, container: ContainerId) -> &[Call] {
        of_key(&self.calls, container, |c| c.from)
    }
}

impl Project {
    /// The objects of one kind that select or name a workload, those too that select everything beside them.
    pub fn selecting(&self, workload: WorkloadId, kind: SelectionKind) -> impl Iterator<Item = &Object> {
        let own = self.workload(workload).object(self);
        let all =
            self.links.all.get(&(self.directory(own.source), kind)).map(Vec::as_slice).unwrap_or_default();
        let all = all.iter().map(|id| self.object(*id)).filter(|o| near::may_share_namespace(o, own));
        let named =
            self.links.selecting(workload).filter(move |s| s.kind == kind).map(|s| self.object(s.object));
        named.chain(all)
    }

    /// What runs the image of a stage.
    pub fn deployed_on(&self, stage: &Stage) -> Deployment {
        let mut deployment = Deployment::default();
        for container in self.containers_of(stage) {
            match container.platform {
                crate::rule::Target::Docker => deployment.docker = true,
                crate::rule::Target::Kubernetes => deployment.kubernetes = true,
            }
        }
        deployment
    }

    /// The containers that run the image of a stage.
    pub fn containers_of<'p>(&'p self, stage: &'p Stage) -> impl Iterator<Item = &'p Container> {
        let key = (stage.build, stage.index);
        let running = self.links.deployed.get(&key).map(Vec::as_slice).unwrap_or_default();
        running.iter().map(|id| self.container(*id)).filter(move |c| c.build == Some(key))
    }

    /// The objects of a name, of any kind and in any namespace.
    pub fn objects_named(&self, name: &str) -> impl Iterator<Item = &Object> {
        let of = |id: &ObjectId| self.object(*id).name.as_ref().map_or("", |name| name.value.as_str());
        let start = self.links.named.partition_point(|id| of(id) < name);
        let end = start + self.links.named[start..].partition_point(|id| of(id) <= name);
        self.links.named[start..end].iter().map(|id| self.object(*id))
    }

    /// Whether several objects say the same kind of thing under one name, as those of several environments do.
    pub fn has_namesake(&self, object: &Object) -> bool {
        let same = |other: &Object| {
            other.id != object.id
                && std::mem::discriminant(&other.detail) == std::mem::discriminant(&object.detail)
        };
        object.name.as_ref().is_some_and(|name| self.objects_named(&name.value).any(same))
    }

    /// The `RoleBinding`s and `ClusterRoleBinding`s that give rights to a `ServiceAccount` of a name, in any namespace.
    pub fn bindings_of(&self, account: &str) -> impl Iterator<Item = &Object> {
        self.links.bindings.get(account).into_iter().flatten().map(|id| self.object(*id))
    }

    /// What bindings give to programs: the place of each role's name in its binding, and the role, where it stands here.
    pub(crate) fn given_to_programs(&self) -> impl Iterator<Item = (Span, &Role)> {
        self.objects.iter().filter(|object| !object.patch).filter_map(|object| {
            let Detail::Binding(binding) = &object.detail else { return None };
            let program = |subject: &ObjectRef| {
                subject.kind == "ServiceAccount"
                    || subject.kind == "Group" && subject.name.value == "system:nodes"
                    || subject.kind == "User" && subject.name.value.starts_with("system:node:")
            };
            binding.subjects.iter().find(|(subject, _)| program(subject))?;
            let named = binding.role.as_ref()?;
            let near = |other: &&Object| {
                let both = object.namespace.as_ref().zip(other.namespace.as_ref());
                other.kind.value == named.kind
                    && (named.kind == "ClusterRole" || both.is_none_or(|(a, b)| a.value == b.value))
            };
            let role = self.objects_named(&named.name.value).filter(|o| !o.patch).find(near)?;
            match &role.detail {
                Detail::Role(role) => Some((named.name.span, role)),
                _ => None,
            }
        })
    }
}

impl Container {
    /// The stage that builds its image.
    pub fn stage<'p>(&self, project: &'p Project) -> Option<&'p Stage> {
        let (build, stage) = self.build?;
        project.builds.get(build.0 as usize)?.stages.get(stage)
    }

    /// What is known of the public image that it runs; `None` for one that is built here.
    pub fn facts(&self) -> Option<&'static Facts> {
        if self.build.is_some() {
            return None;
        }
        known::facts(self.image.value()?)
    }

    /// The port it declares under a name or number.
    pub fn port(&self, port: &str) -> Option<&super::Port> {
        let number: Option<u16> = port.parse().ok();
        self.ports.iter().find(|p| match number {
            Some(number) => (p.container..=p.container_end).contains(&number),
            None => p.name.as_ref().is_some_and(|name| name.value == port),
        })
    }
}
