//! Kubernetes objects, and the workloads among them: those that hold a pod template.

use seaworthy_syntax::{Edit, SourceId, Span, Spanned};

use super::container::{Container, Intent};
use super::{ContainerId, Place, Project};
use crate::parse::Parse;

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
    pub labels: Vec<(Spanned<String>, Spanned<String>)>,
    /// Its annotations.
    pub annotations: Vec<(Spanned<String>, Spanned<String>)>,
    /// The workload it holds a pod template for.
    pub workload: Option<WorkloadId>,
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
    /// How many pods it asks for; `None` where it does not say.
    pub replicas: Option<Spanned<u64>>,
    /// The pod's `spec`.
    pub pod: Place,
    /// The pod template's labels.
    pub pod_labels: Vec<(Spanned<String>, Spanned<String>)>,
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
pub(super) struct Lowered {
    pub(super) objects: Vec<Object>,
    pub(super) workloads: Vec<Workload>,
}

/// Lowers every manifest.
pub(super) fn lower(_parses: &[Parse], _containers: &mut Vec<Container>) -> Lowered {
    Lowered { objects: Vec::new(), workloads: Vec::new() }
}

/// Writes a change of a pod's container back.
pub(super) fn set(_project: &Project, _container: &Container, _intent: &Intent) -> Option<Vec<Edit>> {
    None
}
