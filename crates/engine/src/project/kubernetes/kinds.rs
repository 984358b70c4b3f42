//! Which kinds of objects hold pods, and where.

use super::WorkloadKind;
use super::WorkloadKind::{
    CronJob, DaemonSet, Deployment, Job, Pod, PodTemplate, ReplicaSet, ReplicationController, Running,
    Serving, StatefulSet,
};

/// A kind that holds pods.
pub(super) struct Holder {
    /// The API groups it may be of, versions aside; `""` is the core group.
    groups: &'static [&'static str],
    kind: &'static str,
    pub(super) workload: WorkloadKind,
    pub(super) shape: Shape,
    /// Keys from the object to what `shape` says, `*` for every item or value on the way. Of several paths all count.
    pub(super) paths: &'static [&'static [&'static str]],
}

/// What stands at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A pod template: `metadata` and `spec`.
    Template,
    /// A pod's `spec` without `metadata`.
    Spec,
    /// The `spec` of an Argo Workflow: `templates` with one pod each.
    Argo,
    /// The `spec` of a Tekton Task: `steps` and `sidecars` in one pod.
    Tekton,
}

const fn template(
    groups: &'static [&'static str],
    kind: &'static str,
    workload: WorkloadKind,
    paths: &'static [&'static [&'static str]],
) -> Holder {
    Holder { groups, kind, workload, shape: Shape::Template, paths }
}

const fn shaped(
    groups: &'static [&'static str],
    kind: &'static str,
    workload: WorkloadKind,
    shape: Shape,
    paths: &'static [&'static [&'static str]],
) -> Holder {
    Holder { groups, kind, workload, shape, paths }
}

const USUAL: &[&[&str]] = &[&["spec", "template"]];
const CRON: &[&[&str]] = &[&["spec", "jobTemplate", "spec", "template"]];
const SPEC: &[&[&str]] = &[&["spec"]];
const APPS: &[&str] = &["apps", "extensions"];
const BATCH: &[&str] = &["batch"];
const KRUISE: &[&str] = &["apps.kruise.io"];
const KUBEFLOW: &[&str] = &["kubeflow.org"];
const ARGO: &[&str] = &["argoproj.io"];
const TEKTON: &[&str] = &["tekton.dev"];
const KNATIVE: &[&str] = &["serving.knative.dev"];
const RAY: &[&str] = &["ray.io"];

const HOLDERS: &[Holder] = &[
    template(APPS, "Deployment", Deployment, USUAL),
    template(APPS, "StatefulSet", StatefulSet, USUAL),
    template(APPS, "DaemonSet", DaemonSet, USUAL),
    template(APPS, "ReplicaSet", ReplicaSet, USUAL),
    template(&[""], "ReplicationController", ReplicationController, USUAL),
    template(&[""], "Pod", Pod, &[&[]]),
    template(&[""], "PodTemplate", PodTemplate, &[&["template"]]),
    template(BATCH, "Job", Job, USUAL),
    template(BATCH, "CronJob", CronJob, CRON),
    template(&["apps.openshift.io", ""], "DeploymentConfig", Serving, USUAL),
    template(ARGO, "Rollout", Serving, USUAL),
    template(ARGO, "Experiment", Running, &[&["spec", "templates", "*", "template"]]),
    template(
        ARGO,
        "AnalysisTemplate",
        Running,
        &[&["spec", "metrics", "*", "provider", "job", "spec", "template"]],
    ),
    template(
        ARGO,
        "AnalysisRun",
        Running,
        &[&["spec", "metrics", "*", "provider", "job", "spec", "template"]],
    ),
    template(
        ARGO,
        "ClusterAnalysisTemplate",
        Running,
        &[&["spec", "metrics", "*", "provider", "job", "spec", "template"]],
    ),
    shaped(ARGO, "Workflow", Running, Shape::Argo, SPEC),
    shaped(ARGO, "WorkflowTemplate", Running, Shape::Argo, SPEC),
    shaped(ARGO, "ClusterWorkflowTemplate", Running, Shape::Argo, SPEC),
    shaped(ARGO, "CronWorkflow", Running, Shape::Argo, &[&["spec", "workflowSpec"]]),
    template(KNATIVE, "Service", Serving, USUAL),
    template(KNATIVE, "Configuration", Serving, USUAL),
    shaped(KNATIVE, "Revision", Serving, Shape::Spec, SPEC),
    template(&["sources.knative.dev"], "ContainerSource", Serving, USUAL),
    template(KRUISE, "CloneSet", Serving, USUAL),
    template(KRUISE, "StatefulSet", StatefulSet, USUAL),
    template(KRUISE, "DaemonSet", DaemonSet, USUAL),
    template(KRUISE, "BroadcastJob", Running, USUAL),
    template(
        KRUISE,
        "AdvancedCronJob",
        Running,
        &[
            &["spec", "template", "jobTemplate", "spec", "template"],
            &["spec", "template", "broadcastJobTemplate", "spec", "template"],
        ],
    ),
    shaped(TEKTON, "Task", Running, Shape::Tekton, SPEC),
    shaped(TEKTON, "ClusterTask", Running, Shape::Tekton, SPEC),
    shaped(TEKTON, "TaskRun", Running, Shape::Tekton, &[&["spec", "taskSpec"]]),
    shaped(
        TEKTON,
        "Pipeline",
        Running,
        Shape::Tekton,
        &[&["spec", "tasks", "*", "taskSpec"], &["spec", "finally", "*", "taskSpec"]],
    ),
    shaped(
        TEKTON,
        "PipelineRun",
        Running,
        Shape::Tekton,
        &[
            &["spec", "pipelineSpec", "tasks", "*", "taskSpec"],
            &["spec", "pipelineSpec", "finally", "*", "taskSpec"],
        ],
    ),
    template(&["keda.sh"], "ScaledJob", Running, &[&["spec", "jobTargetRef", "template"]]),
    template(KUBEFLOW, "Notebook", Serving, USUAL),
    template(KUBEFLOW, "TFJob", Running, &[&["spec", "tfReplicaSpecs", "*", "template"]]),
    template(KUBEFLOW, "PyTorchJob", Running, &[&["spec", "pytorchReplicaSpecs", "*", "template"]]),
    template(KUBEFLOW, "MPIJob", Running, &[&["spec", "mpiReplicaSpecs", "*", "template"]]),
    template(KUBEFLOW, "XGBoostJob", Running, &[&["spec", "xgbReplicaSpecs", "*", "template"]]),
    template(KUBEFLOW, "PaddleJob", Running, &[&["spec", "paddleReplicaSpecs", "*", "template"]]),
    template(KUBEFLOW, "JAXJob", Running, &[&["spec", "jaxReplicaSpecs", "*", "template"]]),
    template(
        &["jobset.x-k8s.io"],
        "JobSet",
        Running,
        &[&["spec", "replicatedJobs", "*", "template", "spec", "template"]],
    ),
    template(
        &["leaderworkerset.x-k8s.io"],
        "LeaderWorkerSet",
        Serving,
        &[
            &["spec", "leaderWorkerTemplate", "leaderTemplate"],
            &["spec", "leaderWorkerTemplate", "workerTemplate"],
        ],
    ),
    template(&["agents.x-k8s.io"], "Sandbox", Serving, &[&["spec", "podTemplate"]]),
    template(&["extensions.agents.x-k8s.io"], "SandboxTemplate", Serving, &[&["spec", "podTemplate"]]),
    template(
        &["operators.coreos.com"],
        "ClusterServiceVersion",
        Serving,
        &[&["spec", "install", "spec", "deployments", "*", "spec", "template"]],
    ),
    template(&["batch.volcano.sh"], "Job", Running, &[&["spec", "tasks", "*", "template"]]),
    template(
        RAY,
        "RayCluster",
        Serving,
        &[&["spec", "headGroupSpec", "template"], &["spec", "workerGroupSpecs", "*", "template"]],
    ),
    template(
        RAY,
        "RayService",
        Serving,
        &[
            &["spec", "rayClusterConfig", "headGroupSpec", "template"],
            &["spec", "rayClusterConfig", "workerGroupSpecs", "*", "template"],
        ],
    ),
    template(
        RAY,
        "RayJob",
        Running,
        &[
            &["spec", "rayClusterSpec", "headGroupSpec", "template"],
            &["spec", "rayClusterSpec", "workerGroupSpecs", "*", "template"],
            &["spec", "submitterPodTemplate"],
        ],
    ),
    template(&["agones.dev"], "GameServer", Serving, USUAL),
    template(&["agones.dev"], "Fleet", Serving, &[&["spec", "template", "spec", "template"]]),
];

/// How an object of this API version and kind holds pods; `None` where it holds none.
pub(super) fn holder(api_version: &str, kind: &str) -> Option<&'static Holder> {
    let group = group(api_version);
    HOLDERS.iter().find(|h| h.kind == kind && h.groups.contains(&group))
}

/// The API group of `apps/v1`: `apps`; of `v1`: nothing.
pub fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}
