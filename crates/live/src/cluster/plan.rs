//! What is looked at: the manifests of one namespace, and the workloads among them.

use std::collections::BTreeSet;

use seaworthy_engine::Project;
use seaworthy_engine::project::{Container, Object, ObjectId, Role, Workload, WorkloadKind};
use serde_json::Value as Json;

/// An object to be tried.
pub(super) struct Manifest {
    pub(super) object: ObjectId,
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) json: Json,
}

impl Manifest {
    /// `Deployment/api`.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// The template of its pods.
    pub(super) fn template(&self) -> Option<&Json> {
        let path = match self.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => "/spec/template",
            "CronJob" => "/spec/jobTemplate/spec/template",
            _ => return None,
        };
        self.json.pointer(path)
    }
}

/// A workload whose pods serve.
pub(super) struct Target<'p> {
    pub(super) object: &'p Object,
    pub(super) workload: &'p Workload,
    pub(super) name: &'p str,
}

impl<'p> Target<'p> {
    /// `Deployment/api`.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.object.kind.value, self.name)
    }

    /// Its containers that keep running.
    pub(super) fn containers(&self, project: &'p Project) -> impl Iterator<Item = &'p Container> + use<'p> {
        let all = self.workload.containers.iter().map(|id| project.container(*id));
        all.filter(|c| matches!(c.role, Role::Main | Role::Sidecar))
    }
}

/// What is looked at.
pub(super) struct Plan<'p> {
    pub(super) project: &'p Project,
    pub(super) manifests: Vec<Manifest>,
    pub(super) targets: Vec<Target<'p>>,
    /// What is not looked at, and why.
    pub(super) left_out: Vec<(String, String)>,
}

/// The namespaces that the manifests name.
pub(super) fn namespaces(project: &Project) -> Vec<&str> {
    let objects = project.objects.iter().filter(|o| !o.patch);
    let names: BTreeSet<&str> =
        objects.filter_map(|o| o.namespace.as_ref().map(|n| n.value.as_str())).collect();
    names.into_iter().collect()
}

impl<'p> Plan<'p> {
    /// The manifests that belong into a namespace.
    pub(super) fn of(project: &'p Project, namespace: &str) -> Self {
        let mut plan = Self { project, manifests: Vec::new(), targets: Vec::new(), left_out: Vec::new() };
        let mut elsewhere = 0;
        for object in project.objects.iter().filter(|o| !o.patch) {
            let Some(name) = object.name.as_deref() else { continue };
            if object.namespace.as_deref().is_some_and(|own| own != namespace) {
                elsewhere += 1;
                continue;
            }
            // Of a Namespace only the one that is worked in is ours to ask for.
            if object.kind.value == "Namespace" && name != namespace {
                continue;
            }
            let key = format!("{}/{name}", object.kind.value);
            if plan.manifests.iter().any(|m| m.key() == key && m.api_version == object.api_version.value) {
                plan.left_out.push((
                    key,
                    format!("it is also in {}; name one of the files", project.path(object.source)),
                ));
                continue;
            }
            let Some(json) = object.json(project) else {
                plan.left_out.push((key, "it is too large or too deep to be sent".to_owned()));
                continue;
            };
            plan.manifests.push(Manifest {
                object: object.id,
                api_version: object.api_version.value.clone(),
                kind: object.kind.value.clone(),
                name: name.to_owned(),
                json,
            });
            let serves = |w: &&Workload| {
                matches!(
                    w.kind,
                    WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet
                )
            };
            let workload = object.workloads.first().map(|id| project.workload(*id)).filter(serves);
            if let Some(workload) = workload.filter(|_| object.api_version.value.starts_with("apps/")) {
                plan.targets.push(Target { object, workload, name });
            }
        }
        if elsewhere > 0 {
            let why = format!("they are of other namespaces than `{namespace}`");
            plan.left_out.push((format!("{elsewhere} objects"), why));
        }
        plan
    }
}
