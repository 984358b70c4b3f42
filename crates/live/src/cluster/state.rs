//! What runs in the namespace of the workloads that the manifests describe.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt;
use kube::api::ListParams;
use seaworthy_engine::project::WorkloadKind;
use tokio::time::{Instant, sleep};

use super::owned::Run;
use super::plan::Target;
use super::policies::{Labels, matches};
use super::probe::{PART, trouble};
use crate::error::Error;

/// A workload as it runs.
#[derive(Clone)]
pub(super) struct Live {
    /// Which of the plan's targets it is.
    pub(super) target: usize,
    pub(super) wanted: u32,
    pub(super) ready: u32,
    /// The labels of its template.
    pub(super) labels: Labels,
    selector: LabelSelector,
    /// Its pods that are not on their way out.
    pub(super) pods: Vec<Pod>,
}

impl Live {
    /// Its pods that are ready.
    pub(super) fn ready_pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| is_ready(pod))
    }

    /// What keeps it from being ready.
    pub(super) fn problem(&self) -> String {
        let waiting: Vec<&Pod> = self.pods.iter().filter(|pod| !is_ready(pod)).collect();
        let restarts =
            waiting.iter().flat_map(|p| p.status.iter().flat_map(|s| s.container_statuses.iter().flatten()));
        let restarts: i32 = restarts.map(|c| c.restart_count).sum();
        let why = waiting.iter().find_map(|pod| trouble(pod)).map(|(why, _)| why);
        let why = why.unwrap_or_else(|| match (waiting.is_empty(), restarts) {
            (true, _) => "no more pods are made".to_owned(),
            (false, 0) => "its readiness probe does not pass".to_owned(),
            (false, n) => format!("its readiness probe does not pass, and it was started again {n} times"),
        });
        format!("is not ready, {} of {} pods are: {why}", self.ready, self.wanted)
    }
}

/// Whether the cluster sends to a pod.
pub(super) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|s| s.conditions.iter().flatten());
    pod.metadata.deletion_timestamp.is_none()
        && conditions.filter(|c| c.type_ == "Ready").any(|c| c.status == "True")
}

/// The workloads of the plan that are there, once they are ready or have had their time.
pub(super) async fn settled(run: &Run, targets: &[Target<'_>], limit: Duration) -> Result<Vec<Live>, Error> {
    let began = Instant::now();
    loop {
        let live = now(run, targets).await?;
        if live.iter().all(|l| l.ready >= l.wanted) || began.elapsed() >= limit {
            return Ok(live);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// The workloads of the plan that are there.
pub(super) async fn now(run: &Run, targets: &[Target<'_>]) -> Result<Vec<Live>, Error> {
    let mut all = Vec::new();
    let kinds = |kind| targets.iter().any(|t| t.workload.kind == kind);
    let at = |kind, name: &str| targets.iter().position(|t| t.workload.kind == kind && t.name == name);
    let everything = ListParams::default();
    if kinds(WorkloadKind::Deployment) {
        for found in run.api::<Deployment>().list(&everything).await? {
            let (target, status) =
                (at(WorkloadKind::Deployment, &found.name_any()), found.status.unwrap_or_default());
            all.extend(target.zip(found.spec).map(|(target, spec)| {
                live(
                    target,
                    spec.replicas.unwrap_or(1),
                    status.ready_replicas,
                    spec.selector,
                    spec.template.metadata,
                )
            }));
        }
    }
    if kinds(WorkloadKind::StatefulSet) {
        for found in run.api::<StatefulSet>().list(&everything).await? {
            let (target, status) =
                (at(WorkloadKind::StatefulSet, &found.name_any()), found.status.unwrap_or_default());
            all.extend(target.zip(found.spec).map(|(target, spec)| {
                live(
                    target,
                    spec.replicas.unwrap_or(1),
                    status.ready_replicas,
                    spec.selector,
                    spec.template.metadata,
                )
            }));
        }
    }
    if kinds(WorkloadKind::DaemonSet) {
        for found in run.api::<DaemonSet>().list(&everything).await? {
            let (target, status) =
                (at(WorkloadKind::DaemonSet, &found.name_any()), found.status.unwrap_or_default());
            all.extend(target.zip(found.spec).map(|(target, spec)| {
                let (wanted, ready) = (status.desired_number_scheduled, Some(status.number_ready));
                live(target, wanted, ready, spec.selector, spec.template.metadata)
            }));
        }
    }
    let pods = pods(run).await?;
    for one in &mut all {
        let own =
            |pod: &&Pod| matches(&one.selector, pod.labels()) && pod.metadata.deletion_timestamp.is_none();
        one.pods = pods.iter().filter(own).cloned().collect();
    }
    all.sort_by_key(|l| l.target);
    Ok(all)
}

fn live(
    target: usize,
    wanted: i32,
    ready: Option<i32>,
    selector: LabelSelector,
    template: Option<kube::api::ObjectMeta>,
) -> Live {
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    let labels = template.and_then(|m| m.labels).unwrap_or_default();
    Live {
        target,
        wanted: count(wanted),
        ready: count(ready.unwrap_or(0)),
        labels,
        selector,
        pods: Vec::new(),
    }
}

/// The namespace's pods but probes of ours.
pub(super) async fn pods(run: &Run) -> Result<Vec<Pod>, Error> {
    let others = ListParams::default().labels(&format!("!{PART}"));
    Ok(run.api::<Pod>().list(&others).await?.items)
}

/// The Services that send to pods with these labels.
pub(super) fn services_of<'s>(
    services: &'s [Service],
    labels: &BTreeMap<String, String>,
) -> impl Iterator<Item = &'s Service> {
    let labels = labels.clone();
    services.iter().filter(move |service| {
        let selector = service.spec.as_ref().and_then(|s| s.selector.as_ref());
        selector.is_some_and(|s| !s.is_empty() && s.iter().all(|(key, value)| labels.get(key) == Some(value)))
    })
}
