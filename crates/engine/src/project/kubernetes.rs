//! Kubernetes objects, and the workloads among them: those that hold a pod template.

mod detail;
mod json;
mod kinds;
mod kustomize;
mod pod;
pub mod quantity;
mod read;
mod selector;
mod write;

use std::collections::{BTreeMap, HashSet};

use camino::Utf8Path;
use rayon::prelude::*;
use seaworthy_syntax::yaml::{Node, NodeKind};
use seaworthy_syntax::{Kind, SourceId, Span, Spanned};

use super::container::Container;
use super::{ContainerId, Origin, Place, Project, Setting};
use crate::parse::Parse;
pub use detail::{
    Autoscaler, Backend, Binding, Budget, Claim, Data, Detail, Grant, Ingress, IngressPath, NetworkPolicy,
    NetworkRule, ObjectRef, Peer, PeerPort, Role, Route, Service, ServiceAccount, ServicePort, StorageClass,
    Tls,
};
pub use kinds::group;
use kinds::{Holder, Shape};
pub use kustomize::{Generated, ImageOverride, Kustomization, Patch};
pub(crate) use kustomize::{files_of, is_kustomization};
pub use pod::{Pod, PodVolume, Spread, VolumeSource};
pub(crate) use read::is_placeholder;
pub use read::{Labels, PortRef};
use read::{labels, lookup, spanned_number, spanned_string, string};
pub use seaworthy_syntax::yaml::edit::New;
pub use selector::{Expression, Operator, Selector};
pub(super) use write::{remove_below, set, set_below};

/// The number of an object in [`Project::objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

/// The number of a workload in [`Project::workloads`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId(pub u32);

/// An object.
#[derive(Debug)]
pub struct Object {
    /// Its number.
    pub id: ObjectId,
    /// The source it stands in.
    pub source: SourceId,
    /// Its mapping.
    pub place: Place,
    /// `apps/v1`.
    pub api_version: Spanned<String>,
    /// `Deployment`.
    pub kind: Spanned<String>,
    /// Its name; `None` with `generateName` or where it is missing.
    pub name: Option<Spanned<String>>,
    /// The namespace as written.
    pub namespace: Option<Spanned<String>>,
    /// Its labels.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Labels,
    /// The workloads it holds pod templates for; most hold one, an Argo Workflow may hold many.
    pub workloads: Vec<WorkloadId>,
    /// What it says, for the kinds that are known.
    pub detail: Detail,
    /// Whether it is a patch of Kustomize, not an object of its own: rules on whole objects leave it alone.
    pub patch: bool,
}

/// An object that holds a pod template.
#[derive(Debug)]
pub struct Workload {
    /// Its number.
    pub id: WorkloadId,
    /// The object.
    pub object: ObjectId,
    /// What kind of work it does.
    pub kind: WorkloadKind,
    /// The object's `spec`, or the nearest part of it that is about this workload alone.
    pub spec: Place,
    /// How many pods it asks for; `None` where it does not say.
    pub replicas: Option<Spanned<u64>>,
    /// Which pods it takes for its own; `None` where the kind has no selector or it is missing.
    pub selector: Option<Selector>,
    /// The Service that gives a StatefulSet's pods their names.
    pub service_name: Option<Spanned<String>>,
    /// The volume claims a StatefulSet makes for each pod.
    pub claims: Vec<Claim>,
    /// The pod.
    pub pod: Pod,
    /// The pod template's labels.
    pub pod_labels: Labels,
    /// The pod template's annotations.
    pub pod_annotations: Labels,
    /// Its containers, init and ephemeral ones too.
    pub containers: Vec<ContainerId>,
    /// The name of the object and where it stands; of its kind where it has none.
    pub headline: Span,
}

/// What kind of work a workload does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the kind of its name")]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    ReplicationController,
    Pod,
    PodTemplate,
    Job,
    CronJob,
    /// A custom resource that serves: an Argo Rollout, a Knative Service.
    Serving,
    /// A custom resource that runs to its end: an Argo Workflow, a Tekton Task.
    Running,
}

/// What lowering gives.
#[derive(Default)]
pub(super) struct Lowered {
    pub(super) objects: Vec<Object>,
    pub(super) workloads: Vec<Workload>,
    pub(super) containers: Vec<Container>,
    pub(super) kustomizations: Vec<Kustomization>,
}

/// How many manifests are lowered in one go.
const BATCH: usize = 32;

/// How deep lists of objects may lie in each other: an alias can make a list an item of itself.
const LIST_DEPTH: u8 = 4;

/// Lowers every manifest.
pub(super) fn lower(parses: &[Parse]) -> Lowered {
    let batches: Vec<Lowered> = parses.par_chunks(BATCH).map(Lowered::of).collect();
    // Moved once: a container is large.
    let mut lowered = Lowered {
        objects: Vec::with_capacity(batches.iter().map(|b| b.objects.len()).sum()),
        workloads: Vec::with_capacity(batches.iter().map(|b| b.workloads.len()).sum()),
        containers: Vec::with_capacity(batches.iter().map(|b| b.containers.len()).sum()),
        kustomizations: Vec::new(),
    };
    for batch in batches {
        lowered.append(batch);
    }
    mark_patches(parses, &mut lowered);
    override_images(parses, &mut lowered);
    lowered
}

/// The API version and the kind that the items of a typed list need not repeat.
type Inherited = (Spanned<String>, Spanned<String>);

impl Lowered {
    fn of(parses: &[Parse]) -> Self {
        let mut lowered = Self::default();
        for parse in parses.iter().filter(|p| p.source.kind == Kind::Manifest) {
            let Some(yaml) = parse.yaml() else { continue };
            for root in yaml.documents().flatten() {
                match kustomize::read(root, &parse.source.path) {
                    Some(kustomization) => lowered.kustomizations.push(kustomization),
                    None => lowered.document(root, None, LIST_DEPTH),
                }
            }
        }
        lowered
    }

    /// Adds what other manifests gave.
    fn append(&mut self, mut other: Self) {
        other.renumber(self.objects.len(), self.workloads.len(), self.containers.len());
        self.objects.append(&mut other.objects);
        self.workloads.append(&mut other.workloads);
        self.containers.append(&mut other.containers);
        self.kustomizations.append(&mut other.kustomizations);
    }

    /// Makes room for so many before it.
    pub(super) fn renumber(&mut self, objects: usize, workloads: usize, containers: usize) {
        let (objects, workloads, containers) = (objects as u32, workloads as u32, containers as u32);
        for object in &mut self.objects {
            object.id.0 += objects;
            object.workloads.iter_mut().for_each(|id| id.0 += workloads);
        }
        for workload in &mut self.workloads {
            workload.id.0 += workloads;
            workload.object.0 += objects;
            workload.containers.iter_mut().for_each(|id| id.0 += containers);
        }
        for container in &mut self.containers {
            container.id.0 += containers;
            container.workload.iter_mut().for_each(|id| id.0 += workloads);
        }
    }

    fn document(&mut self, root: Node<'_>, inherited: Option<&Inherited>, depth: u8) {
        let root = root.resolve();
        if root.kind() != NodeKind::Mapping {
            return;
        }
        let named =
            root.get("apiVersion").and_then(spanned_string).zip(root.get("kind").and_then(spanned_string));
        let Some((api_version, kind)) = named.or_else(|| inherited.cloned()) else { return };
        if kind.value == "Template" && root.get("objects").is_some() {
            // OpenShift's templates hold whole objects; what their parameters decide is unknown.
            for item in root.get("objects").into_iter().flat_map(Node::items).take_while(|_| depth > 0) {
                self.document(item, None, depth - 1);
            }
            return;
        }
        let item_kind = kind.strip_suffix("List");
        if let Some(item_kind) = item_kind
            && let Some(items) = root.get("items").filter(|n| n.resolve().kind() == NodeKind::Sequence)
        {
            let inherited = (!item_kind.is_empty())
                .then(|| (api_version.clone(), Spanned::new(item_kind.to_owned(), kind.span)));
            if depth > 0 {
                for item in items.items() {
                    self.document(item, inherited.as_ref(), depth - 1);
                }
            }
            return;
        }
        self.object(root, api_version, kind);
    }

    fn object(&mut self, root: Node<'_>, api_version: Spanned<String>, kind: Spanned<String>) {
        let id = ObjectId(self.objects.len() as u32);
        let metadata = root.get("metadata");
        let field = |key| metadata.and_then(|m: Node<'_>| m.get(key));
        let mut object = Object {
            id,
            source: root.tree().source(),
            place: Place::of(root),
            name: field("name").and_then(spanned_string),
            namespace: field("namespace").and_then(spanned_string),
            labels: labels(field("labels")),
            annotations: labels(field("annotations")),
            workloads: Vec::new(),
            detail: detail::read(root, &api_version, &kind),
            // What is there only while a release is tested is nobody's workload.
            patch: super::charts::is_test(root),
            api_version,
            kind,
        };
        if let Some(holder) = kinds::holder(&object.api_version, &object.kind) {
            for path in holder.paths {
                self.templates(&mut object, holder, root, root, path);
            }
        }
        self.objects.push(object);
    }

    /// Follows a path from `node`; `around` is the last mapping on the way that is no list's.
    fn templates<'t>(
        &mut self,
        object: &mut Object,
        holder: &Holder,
        around: Node<'t>,
        node: Node<'t>,
        path: &[&str],
    ) {
        match path {
            [] => self.template(object, holder, around, node.resolve()),
            ["*", rest @ ..] => {
                let node = node.resolve();
                for child in node.items().chain(node.entries().map(|e| e.value)) {
                    self.templates(object, holder, child.resolve(), child, rest);
                }
            }
            [key, rest @ ..] => {
                let around = if rest.is_empty() { node.resolve() } else { around };
                if let Some(child) = node.get(key) {
                    self.templates(object, holder, around, child, rest);
                }
            }
        }
    }

    fn template(&mut self, object: &mut Object, holder: &Holder, spec: Node<'_>, template: Node<'_>) {
        if template.kind() != NodeKind::Mapping {
            return;
        }
        match holder.shape {
            Shape::Template => {
                if let Some(pod) = template.get("spec").map(Node::resolve) {
                    let form = pod::Form::pod(pod).with_claims(spec.get("volumeClaimTemplates"));
                    self.workload(object, holder, spec, template.get("metadata"), &form);
                }
            }
            Shape::Spec => self.workload(object, holder, spec, None, &pod::Form::pod(template)),
            Shape::Tekton => self.workload(object, holder, template, None, &pod::Form::tekton(template)),
            Shape::Argo => {
                for item in template.get("templates").into_iter().flat_map(Node::items) {
                    let form = pod::Form::argo(item.resolve(), template)
                        .with_claims(template.get("volumeClaimTemplates"));
                    self.workload(object, holder, template, item.get("metadata"), &form);
                }
            }
        }
    }

    fn workload(
        &mut self,
        object: &mut Object,
        holder: &Holder,
        spec: Node<'_>,
        metadata: Option<Node<'_>>,
        form: &pod::Form<'_>,
    ) {
        if form.spec.kind() != NodeKind::Mapping || form.is_empty() {
            return;
        }
        let id = WorkloadId(self.workloads.len() as u32);
        // For a Pod the object is the template, and its spec the pod's.
        let spec = if holder.workload == WorkloadKind::Pod { form.spec } else { spec };
        let field = |key| metadata.and_then(|m: Node<'_>| m.get(key));
        let pod_annotations = labels(field("annotations"));
        let pod = Pod::read(form);
        let containers = pod::containers(form, &pod, &pod_annotations, id, &mut self.containers);
        if object.kind.value == "DeploymentConfig" {
            let first = self.containers.len() - containers.len();
            pod::openshift(&mut self.containers[first..], spec);
        }
        let selector = spec.get("selector").filter(|n| n.resolve().kind() == NodeKind::Mapping).map(|node| {
            if matches!(object.kind.as_str(), "ReplicationController" | "DeploymentConfig") {
                Selector::read_plain(node)
            } else {
                Selector::read(node)
            }
        });
        object.workloads.push(id);
        self.workloads.push(Workload {
            id,
            object: object.id,
            kind: holder.workload,
            spec: Place::of(spec),
            replicas: spec.get("replicas").and_then(spanned_number),
            selector,
            service_name: spec.get("serviceName").and_then(spanned_string),
            claims: spec
                .get("volumeClaimTemplates")
                .into_iter()
                .flat_map(Node::items)
                .map(Claim::read)
                .collect(),
            pod,
            pod_labels: labels(field("labels")),
            pod_annotations,
            containers,
            headline: object.name.as_ref().map_or(object.kind.span, |name| name.span),
        });
    }
}

/// Marks the objects that only change others.
fn mark_patches(parses: &[Parse], lowered: &mut Lowered) {
    // Paths are compared as text: all of them are normal, and there are many.
    let made = &lowered.kustomizations;
    let patches = made.iter().flat_map(|k| &k.patches).filter_map(|p| p.file.as_deref());
    let patches: HashSet<&str> = patches.map(Utf8Path::as_str).collect();
    let resources: HashSet<&str> = made.iter().flat_map(|k| &k.resources).map(|r| r.value.as_str()).collect();
    let directories: HashSet<&str> = made.iter().map(|k| k.directory.as_str()).collect();
    let of_one_source = lowered.objects.par_chunk_by_mut(|a, b| a.source == b.source);
    of_one_source.for_each(|objects| {
        let parse = objects.first().and_then(|o| parses.get(o.source.0 as usize));
        let Some((parse, yaml)) = parse.and_then(|parse| Some((parse, parse.yaml()?))) else { return };
        let path = parse.source.path.as_path();
        let (patch, resource) = (patches.contains(path.as_str()), resources.contains(path.as_str()));
        let near = !patch
            && !resource
            && (path.ancestors().skip(1).any(|dir| directories.contains(dir.as_str()))
                || path.components().any(|c| matches!(c.as_str(), "overlays" | "patches" | "components"))
                || path.file_stem().is_some_and(|name| name.contains("patch")));
        let directives = kustomize::may_have_directives(&parse.source.text);
        for object in objects {
            let root = yaml.node(object.place.node);
            object.patch |= patch
                || directives && kustomize::has_directives(root)
                // What no kustomization names, but lies where Kustomize works, is a patch if it is no whole object.
                || near && kustomize::is_partial(root, &object.api_version, &object.kind);
        }
    });
}

/// Gives containers the versions of images that kustomizations put in.
fn override_images(parses: &[Parse], lowered: &mut Lowered) {
    if lowered.kustomizations.iter().all(|k| k.images.is_empty()) {
        return;
    }
    let mut by_file: BTreeMap<&Utf8Path, Vec<ContainerId>> = BTreeMap::new();
    for workload in &lowered.workloads {
        let source = lowered.objects.get(workload.object.0 as usize).map(|o| o.source.0 as usize);
        if let Some(parse) = source.and_then(|source| parses.get(source)) {
            by_file.entry(parse.source.path.as_path()).or_default().extend(&workload.containers);
        }
    }
    for (kustomization, files) in
        lowered.kustomizations.iter().zip(kustomize::files_of(&lowered.kustomizations))
    {
        if kustomization.images.is_empty() {
            continue;
        }
        for id in files.iter().filter_map(|file| by_file.get(file)).flatten() {
            let Some(container) = lowered.containers.get_mut(id.0 as usize) else { continue };
            let replaced = container
                .image
                .value()
                .and_then(|image| kustomization.images.iter().find_map(|change| change.apply(image)));
            if let Some(image) = replaced {
                container.image = Setting::known(image, Origin::Override, container.image.at);
                pod::default_pull_policy(container);
            }
        }
    }
}

impl Object {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&Spanned<String>> {
        lookup(&self.labels, key)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&Spanned<String>> {
        lookup(&self.annotations, key)
    }

    /// Its API group; empty for the core group.
    pub fn group(&self) -> &str {
        group(&self.api_version)
    }

    /// Where to point for the object as a whole: its name, or its kind where it has none.
    pub fn headline(&self) -> Span {
        self.name.as_ref().map_or(self.kind.span, |name| name.span)
    }

    /// The node below several keys of the object, for what has no field of its own here.
    pub fn at<'p>(&self, project: &'p Project, path: &[&str]) -> Option<Node<'p>> {
        project.node(self.place)?.at(path)
    }

    /// The text of a scalar below several keys.
    pub fn text(&self, project: &Project, path: &[&str]) -> Option<Spanned<String>> {
        spanned_string(self.at(project, path)?)
    }
}

impl Workload {
    /// The object it stands in.
    pub fn object<'p>(&self, project: &'p Project) -> &'p Object {
        project.object(self.object)
    }

    /// The value of a label of its pods.
    pub fn pod_label(&self, key: &str) -> Option<&Spanned<String>> {
        lookup(&self.pod_labels, key)
    }

    /// The node below several keys of its `spec`.
    pub fn at<'p>(&self, project: &'p Project, path: &[&str]) -> Option<Node<'p>> {
        project.node(self.spec)?.at(path)
    }

    /// The node below several keys of its pod's `spec`.
    pub fn pod_at<'p>(&self, project: &'p Project, path: &[&str]) -> Option<Node<'p>> {
        project.node(self.pod.place)?.at(path)
    }
}

impl WorkloadKind {
    /// Whether its pods run until they are done, so that nothing waits for them to be ready.
    pub fn runs_to_end(self) -> bool {
        matches!(self, Self::Job | Self::CronJob | Self::Running)
    }
}

impl Project {
    /// The object of a number.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    /// The workload of a number.
    pub fn workload(&self, id: WorkloadId) -> &Workload {
        &self.workloads[id.0 as usize]
    }
}

/// The text of a scalar child, for the files below.
fn text_at(node: Node<'_>, path: &[&str]) -> Option<String> {
    string(node.at(path)?)
}
