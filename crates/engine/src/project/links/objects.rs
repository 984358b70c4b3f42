//! Kubernetes objects that name or select each other.

use std::collections::{BTreeMap, HashMap};

use seaworthy_syntax::{Span, Spanned};

use super::near::{may_share_namespace, nearest};
use super::{Ends, Links};
use crate::project::container::{EnvValue, Role, Volume};
use crate::project::kubernetes::{
    Backend, Detail, Object, ObjectId, ObjectRef, PortRef, Selector, Workload, WorkloadId, WorkloadKind,
};
use crate::project::{ContainerId, DirectoryId, Project};

/// An object that is about a workload.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// The object.
    pub object: ObjectId,
    /// The workload.
    pub workload: WorkloadId,
    /// What the object does with it.
    pub kind: SelectionKind,
    /// The selector or the reference, and the workload's headline.
    pub ends: Ends,
}

/// What an object does with the workloads it selects or names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelectionKind {
    /// A Service sends to its pods.
    Service,
    /// A NetworkPolicy is about its pods.
    NetworkPolicy,
    /// A disruption budget keeps some of its pods.
    Budget,
    /// An autoscaler sets its replicas.
    Autoscaler,
}

/// Where a Service is named.
#[derive(Clone, Copy, Debug)]
pub struct ServiceRef {
    /// The object that names it: an Ingress, a route, or the one that holds a StatefulSet.
    pub from: ObjectId,
    /// The Service; `None` where the project has none of that name.
    pub service: Option<ObjectId>,
    /// Where it is named.
    pub at: Span,
    /// Where its port is named.
    pub port_at: Option<Span>,
    /// Whether the Service has that port; `None` where none is named, or the Service is not here.
    pub has_port: Option<bool>,
}

/// A port of a Service and where it leads in one workload.
#[derive(Clone, Debug)]
pub struct PortLink {
    /// The Service.
    pub service: ObjectId,
    /// The port, as an index into the Service's ports.
    pub port: usize,
    /// The workload.
    pub workload: WorkloadId,
    /// What it leads to.
    pub target: PortTarget,
    /// Where the target port is written.
    pub at: Span,
}

/// What a port of a Service leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortTarget {
    /// A port that a container declares, as an index into its ports.
    Port(ContainerId, usize),
    /// A number that no container declares; it may listen on it all the same.
    Undeclared,
    /// A name that no container gives to a port: nothing gets there.
    Missing,
}

/// A ConfigMap or Secret that a container uses.
#[derive(Clone, Debug)]
pub struct ConfigUse {
    /// The container.
    pub container: ContainerId,
    /// Whether it is a Secret.
    pub secret: bool,
    /// Its name.
    pub name: String,
    /// The key that is used; `None` for all of them.
    pub key: Option<Spanned<String>>,
    /// It may be missing.
    pub optional: bool,
    /// Where it is named.
    pub at: Span,
    /// Where it comes from.
    pub source: ConfigSource,
    /// Whether it has the key; `None` where no key is named or that is not known.
    pub has_key: Option<bool>,
}

/// Where a ConfigMap or Secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// An object.
    Object(ObjectId),
    /// A kustomization makes it: the index of the kustomization and of what it makes.
    Generated(usize, usize),
    /// It is not in the project.
    Elsewhere,
}

/// What is looked up by name or label.
struct Index<'p> {
    project: &'p Project,
    /// Workloads by one label of their pods.
    by_label: HashMap<(&'p str, &'p str), Vec<WorkloadId>>,
    /// Workloads by the directory of their source, for selectors that select all.
    by_directory: HashMap<Option<DirectoryId>, Vec<WorkloadId>>,
    /// Workloads by the name of their object.
    by_name: HashMap<&'p str, Vec<WorkloadId>>,
    services: HashMap<&'p str, Vec<ObjectId>>,
    configs: HashMap<(bool, &'p str), Vec<ObjectId>>,
}

pub(super) fn find(project: &Project, links: &mut Links) {
    let index = Index::of(project);
    for object in project.objects.iter().filter(|o| !o.patch) {
        let mut select = |selector: &Selector, kind| {
            if selector.is_empty() {
                let all = links.all.entry((project.directory(object.source), kind)).or_default();
                all.push(object.id);
                return;
            }
            for workload in index.selected(object, selector) {
                let to = project.workload(workload).headline;
                let ends = Ends { at: selector.span, to };
                links.selections.push(Selection { object: object.id, workload, kind, ends });
            }
        };
        match &object.detail {
            Detail::Service(service) => {
                if let Some(selector) = service.selector.as_ref().filter(|s| !s.is_empty()) {
                    select(selector, SelectionKind::Service);
                }
            }
            Detail::NetworkPolicy(policy) => select(&policy.selector, SelectionKind::NetworkPolicy),
            Detail::Budget(budget) => {
                if let Some(selector) = &budget.selector {
                    select(selector, SelectionKind::Budget);
                }
            }
            Detail::Autoscaler(autoscaler) => {
                if let Some(target) = &autoscaler.target {
                    for workload in index.named(object, target) {
                        let ends = Ends { at: target.name.span, to: project.workload(workload).headline };
                        let kind = SelectionKind::Autoscaler;
                        links.selections.push(Selection { object: object.id, workload, kind, ends });
                    }
                }
            }
            Detail::Ingress(ingress) => {
                let backends =
                    ingress.paths.iter().filter_map(|p| p.backend.as_ref()).chain(&ingress.default);
                links.services.extend(backends.map(|b| index.backend(object, b)));
            }
            Detail::Binding(binding) => {
                for (account, _) in binding.subjects.iter().filter(|(s, _)| s.kind == "ServiceAccount") {
                    let bound = links.bindings.entry(account.name.value.clone()).or_default();
                    if bound.last() != Some(&object.id) {
                        bound.push(object.id);
                    }
                }
            }
            Detail::Route(route) => {
                links.services.extend(route.backends.iter().map(|b| index.backend(object, b)));
            }
            _ => {}
        }
        for workload in &object.workloads {
            if let Some(name) = &project.workload(*workload).service_name {
                let service = index.service(object, &name.value, None);
                let at = name.span;
                links.services.push(ServiceRef {
                    from: object.id,
                    service,
                    at,
                    port_at: None,
                    has_port: None,
                });
            }
        }
    }
    let mut named: Vec<_> =
        project.objects.iter().filter_map(|o| Some((o.name.as_ref()?.value.as_str(), o.id))).collect();
    named.sort_unstable();
    links.named = named.into_iter().map(|(_, id)| id).collect();
    links.selections.sort_by_key(|s| (s.object, s.workload));
    links.services.sort_by_key(|s| s.at);
    let services = links.selections.iter().filter(|s| s.kind == SelectionKind::Service);
    links.ports = services.flat_map(|s| ports(project, s)).collect();
    for container in &project.containers {
        let Some(workload) = container.workload else { continue };
        let object = project.workload(workload).object(project);
        index.configs(container, object, &mut links.configs);
    }
    links.configs.sort_by_key(|c| (c.container, c.at));
}

impl<'p> Index<'p> {
    fn of(project: &'p Project) -> Self {
        let mut index = Self {
            project,
            by_label: HashMap::new(),
            by_directory: HashMap::new(),
            by_name: HashMap::new(),
            services: HashMap::new(),
            configs: HashMap::new(),
        };
        for workload in &project.workloads {
            let object = workload.object(project);
            // What a selector of labels finds are pods; a template on its own makes none.
            if object.patch || workload.kind == WorkloadKind::PodTemplate {
                continue;
            }
            for (key, value) in &workload.pod_labels {
                index
                    .by_label
                    .entry((key.value.as_str(), value.value.as_str()))
                    .or_default()
                    .push(workload.id);
            }
            index.by_directory.entry(project.directory(object.source)).or_default().push(workload.id);
            if let Some(name) = &object.name {
                index.by_name.entry(name.value.as_str()).or_default().push(workload.id);
            }
        }
        for object in project.objects.iter().filter(|o| !o.patch) {
            let Some(name) = &object.name else { continue };
            match &object.detail {
                Detail::Service(_) => index.services.entry(&name.value).or_default().push(object.id),
                Detail::ConfigMap(data) | Detail::Secret(data) => {
                    let secret = matches!(object.detail, Detail::Secret(_));
                    let name = data.name.as_ref().unwrap_or(name);
                    index.configs.entry((secret, &name.value)).or_default().push(object.id);
                }
                _ => {}
            }
        }
        index
    }

    fn workloads(
        &self,
        ids: &[WorkloadId],
        near: &Object,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Vec<WorkloadId> {
        let candidates = ids.iter().filter_map(|id| {
            let workload = self.project.workload(*id);
            let object = workload.object(self.project);
            (may_share_namespace(near, object) && wanted(workload)).then_some((*id, object.source))
        });
        nearest(self.project, near.source, candidates)
    }

    /// The workloads whose pods a selector selects.
    fn selected(&self, object: &Object, selector: &Selector) -> Vec<WorkloadId> {
        let candidates = if selector.labels.is_empty() {
            self.by_directory.get(&self.project.directory(object.source))
        } else {
            let mut lists = Vec::with_capacity(selector.labels.len());
            for (key, value) in &selector.labels {
                match self.by_label.get(&(key.value.as_str(), value.value.as_str())) {
                    Some(ids) => lists.push(ids),
                    None => return Vec::new(),
                }
            }
            lists.into_iter().min_by_key(|ids| ids.len())
        };
        let candidates = candidates.map(Vec::as_slice).unwrap_or_default();
        if selector.labels.is_empty() {
            let all = candidates.iter().copied().filter(|id| {
                let workload = self.project.workload(*id);
                may_share_namespace(object, workload.object(self.project))
                    && selector.matches(&workload.pod_labels)
            });
            return all.collect();
        }
        self.workloads(candidates, object, |w| selector.matches(&w.pod_labels))
    }

    /// The workload that a reference names.
    fn named(&self, object: &Object, target: &ObjectRef) -> Vec<WorkloadId> {
        let candidates = self.by_name.get(target.name.value.as_str()).map(Vec::as_slice).unwrap_or_default();
        self.workloads(candidates, object, |w| w.object(self.project).kind.value == target.kind)
    }

    /// The nearest Service of a name.
    fn service(&self, object: &Object, name: &str, namespace: Option<&str>) -> Option<ObjectId> {
        let candidates = self.services.get(name)?.iter().filter_map(|id| {
            let service = self.project.object(*id);
            let shared = match (namespace, &service.namespace) {
                (Some(wanted), Some(own)) => own.value == wanted,
                (Some(_), None) => true,
                (None, _) => may_share_namespace(object, service),
            };
            shared.then_some((*id, service.source))
        });
        nearest(self.project, object.source, candidates).first().copied()
    }

    fn backend(&self, object: &Object, backend: &Backend) -> ServiceRef {
        let namespace = backend.namespace.as_ref().map(|n| n.value.as_str());
        let service = self.service(object, &backend.service.value, namespace);
        let has_port = service.zip(backend.port.as_ref()).and_then(|(service, port)| {
            let Detail::Service(service) = &self.project.object(service).detail else { return None };
            Some(service.ports.iter().any(|p| match &port.value {
                PortRef::Number(number) => p.port.value == *number,
                PortRef::Name(name) => p.name.as_ref().is_some_and(|n| n.value == *name),
            }))
        });
        ServiceRef {
            from: object.id,
            service,
            at: backend.service.span,
            port_at: backend.port.as_ref().map(|p| p.span),
            has_port,
        }
    }

    /// Where a ConfigMap or Secret comes from, and whether it has a key.
    fn config(
        &self,
        object: &Object,
        secret: bool,
        name: &str,
        key: Option<&str>,
    ) -> (ConfigSource, Option<bool>) {
        let objects = self.configs.get(&(secret, name)).map(Vec::as_slice).unwrap_or_default();
        let candidates = objects.iter().filter_map(|id| {
            let config = self.project.object(*id);
            may_share_namespace(object, config).then_some((*id, config.source))
        });
        let found = nearest(self.project, object.source, candidates);
        if let Some(id) = found.first() {
            let (Detail::ConfigMap(data) | Detail::Secret(data)) = &self.project.object(*id).detail else {
                return (ConfigSource::Object(*id), None);
            };
            // Several of a name are several states of one thing: a key may be in any of them.
            let has = found.iter().any(|id| match &self.project.object(*id).detail {
                Detail::ConfigMap(data) | Detail::Secret(data) => {
                    key.is_some_and(|key| !data.complete || data.keys.iter().any(|k| k.value == key))
                }
                _ => false,
            });
            let known = key.is_some() && (data.complete || has);
            return (ConfigSource::Object(*id), known.then_some(has));
        }
        for (at, kustomization) in self.project.kustomizations.iter().enumerate() {
            let generated =
                kustomization.generated.iter().position(|g| g.secret == secret && g.name.value == name);
            if let Some(made) = generated {
                let made_of = &kustomization.generated[made];
                let has = key.map(|key| !made_of.complete || made_of.keys.iter().any(|k| k.value == key));
                return (ConfigSource::Generated(at, made), has.filter(|_| made_of.complete));
            }
        }
        (ConfigSource::Elsewhere, None)
    }

    /// The ConfigMaps and Secrets that a container uses.
    fn configs(&self, container: &crate::project::Container, object: &Object, uses: &mut Vec<ConfigUse>) {
        let mut push = |secret, name: &str, key: Option<Spanned<String>>, optional, at| {
            let (source, has_key) = self.config(object, secret, name, key.as_ref().map(|k| k.value.as_str()));
            let (container, name) = (container.id, name.to_owned());
            uses.push(ConfigUse { container, secret, name, key, optional, at, source, has_key });
        };
        for variable in &container.env {
            let at = variable.value.at.unwrap_or(variable.name.span);
            let (secret, name, key, optional) = match variable.value.value() {
                Some(EnvValue::Secret { name, key, optional }) => (true, name, key, *optional),
                Some(EnvValue::ConfigMap { name, key, optional }) => (false, name, key, *optional),
                _ => continue,
            };
            push(secret, name, key.clone().map(|key| Spanned::new(key, at)), optional, at);
        }
        let Some(workload) = container.workload else { return };
        let volumes: BTreeMap<&str, _> =
            self.project.workload(workload).pod.volumes.iter().map(|v| (v.name.value.as_str(), v)).collect();
        for mount in &container.mounts {
            let Some(volume) = mount.name.as_ref().and_then(|name| volumes.get(name.value.as_str())) else {
                continue;
            };
            for source in &volume.sources {
                let (secret, name) = match &source.volume {
                    Volume::Secret(name) => (true, name),
                    Volume::Config(name) => (false, name),
                    _ => continue,
                };
                if source.keys.is_empty() {
                    push(secret, name, None, source.optional, source.at);
                }
                for key in &source.keys {
                    push(secret, name, Some(key.clone()), source.optional, source.at);
                }
            }
        }
    }
}

/// Where the ports of a Service lead in a workload.
fn ports(project: &Project, selection: &Selection) -> Vec<PortLink> {
    let Detail::Service(service) = &project.object(selection.object).detail else { return Vec::new() };
    let containers = || {
        let all = project.workload(selection.workload).containers.iter();
        all.map(|id| project.container(*id)).filter(|c| matches!(c.role, Role::Main | Role::Sidecar))
    };
    let lead = |(port, written): (usize, &crate::project::kubernetes::ServicePort)| {
        let own = PortRef::Number(written.port.value);
        let (target, at) = match &written.target {
            Some(target) => (&target.value, target.span),
            None => (&own, written.port.span),
        };
        let found = containers().find_map(|container| {
            let at = container.ports.iter().position(|p| match target {
                PortRef::Number(number) => (p.container..=p.container_end).contains(number),
                PortRef::Name(name) => p.name.as_ref().is_some_and(|n| n.value == *name),
            })?;
            Some(PortTarget::Port(container.id, at))
        });
        let otherwise = match target {
            PortRef::Number(_) => PortTarget::Undeclared,
            PortRef::Name(_) => PortTarget::Missing,
        };
        let target = found.unwrap_or(otherwise);
        PortLink { service: selection.object, port, workload: selection.workload, target, at }
    };
    service.ports.iter().enumerate().map(lead).collect()
}
