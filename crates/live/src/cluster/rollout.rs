//! A rolling restart under load, with the requests counted that are lost in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams, WatchEvent, WatchParams};
use seaworthy_engine::measured::{Rollout, Said};
use seaworthy_engine::project::WorkloadKind;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::health::{tally, url};
use super::inside::{ASKS, target_port};
use super::plan::Target;
use super::policies::Labels;
use super::probe::{PRELUDE, Probes, Script, quoted, read};
use super::state::{Live, services_of};
use crate::error::Error;

/// How many ask at once, and how long each waits between two requests: some 150 requests in a second.
const WORKERS: u64 = 6;
const PAUSE: &str = "0.03";
/// How many requests must be answered before anything is restarted.
const FIRST: u64 = 20;
/// How long it is asked on after the last pod was replaced.
const AFTER: Duration = Duration::from_secs(3);

/// Why something was not restarted.
pub(super) type Refused = String;

/// Restarts a Deployment whose Service speaks HTTP, as `kubectl rollout restart` does, while it is asked.
pub(super) async fn restart(
    probes: &Probes<'_>,
    target: &Target<'_>,
    live: &Live,
    services: &[Service],
    requests: u64,
    limit: Duration,
) -> Result<Result<Rollout, Refused>, Error> {
    if target.workload.kind != WorkloadKind::Deployment {
        return Ok(Err("only Deployments are".to_owned()));
    }
    let Some(url) = services_of(services, &live.labels).find_map(|s| address(s, live)) else {
        return Ok(Err("it has no Service whose port is known to speak HTTP".to_owned()));
    };
    // Never more than ten times of what was asked for, however long it takes.
    let most = requests.saturating_mul(10) / WORKERS + 1;
    let text = format!(
        "{PRELUDE}work() {{\n  n=0\n  while [ $n -lt {most} ]; do n=$((n+1))\n    \
         if m=$(get 10 \"$1\"); then echo ok; else case $m in *' HTTP/1.'?' '[1234]*) echo ok ;; *) echo \"lost $m\" ;; esac; fi\n    \
         sleep {PAUSE}\n  done\n}}\n\
         case $(timeout 10 wget -S -q -O /dev/null {url} 2>&1) in *ocation:*) echo elsewhere; exit ;; esac\n\
         for w in $(seq {WORKERS}); do work {url} & done\nwait\n",
        url = quoted(&url),
    );
    let longest = limit * 2 + Duration::from_mins(10);
    let script = Script { name: "load".to_owned(), part: ASKS, labels: Labels::new(), text, limit: longest };
    let load = probes.start(script).await?;

    let (answered, sent, lost) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(0_u64));
    let said: RefCell<Vec<Said>> = RefCell::default();
    let (begun, finished, elsewhere) = (Cell::new(false), Cell::new(false), Cell::new(false));
    let asks = async {
        read(load.follow().await?, longest, |line| {
            if line == "elsewhere" {
                elsewhere.set(true);
            } else if line == "ok" {
                answered.set(answered.get() + 1);
                sent.set(sent.get() + u64::from(begun.get()));
            } else if let Some(why) = line.strip_prefix("lost ").filter(|_| begun.get()) {
                sent.set(sent.get() + 1);
                lost.set(lost.get() + 1);
                tally(&mut said.borrow_mut(), why);
            }
            elsewhere.get() || finished.get() && sent.get() >= requests
        })
        .await?;
        // Where the load ends by itself, the rest need not be waited for.
        finished.set(true);
        Ok::<_, Error>(())
    };
    let restarts = async {
        let waiting = Instant::now();
        while answered.get() < FIRST {
            if elsewhere.get() || finished.get() || waiting.elapsed() > Duration::from_secs(30) {
                finished.set(true);
                return Ok(None);
            }
            sleep(Duration::from_millis(100)).await;
        }
        begun.set(true);
        let (began, generation) = (Instant::now(), patch(probes, target).await?);
        let complete = replaced(probes, target, live, generation, limit).await?;
        let seconds = began.elapsed().as_secs_f64();
        sleep(AFTER).await;
        finished.set(true);
        Ok::<_, Error>(Some((complete, seconds)))
    };
    let ends: RefCell<BTreeMap<String, End>> = RefCell::default();
    let outcome = tokio::select! {
        outcome = async { tokio::try_join!(asks, restarts) } => outcome,
        error = follow(probes, live, &ends) => Err(error),
    };
    probes.run.remove(&load.name).await?;
    let ((), outcome) = outcome?;
    let Some((complete, seconds)) = outcome else {
        return Ok(Err(if elsewhere.get() {
            format!("{url} leads elsewhere, and nobody else is asked")
        } else {
            format!("{url} does not answer before it")
        }));
    };
    let ends = ends.into_inner();
    let longest_stop = ends.values().map(|e| e.seconds).fold(0.0, f64::max);
    let killed = ends.values().filter(|e| e.code == 137).count();
    let grace =
        live.pods.iter().find_map(|p| p.spec.as_ref()?.termination_grace_period_seconds).unwrap_or(30);
    Ok(Ok(Rollout {
        complete,
        seconds: (seconds * 10.0).round() / 10.0,
        requests: sent.get(),
        lost: lost.get(),
        said: said.into_inner(),
        killed: u32::try_from(killed).unwrap_or(u32::MAX),
        longest_stop: (longest_stop * 10.0).round() / 10.0,
        grace: u64::try_from(grace).unwrap_or(0),
    }))
}

/// Where a Service is asked by HTTP: at the path of a probe that leads to the same port; else at `/` of a port that is named so.
fn address(service: &Service, live: &Live) -> Option<String> {
    let spec = service.spec.as_ref()?;
    let pod = live.ready_pods().next()?;
    let host = match spec.cluster_ip.as_deref() {
        Some("None" | "") | None => service.name_any(),
        Some(address) => address.to_owned(),
    };
    let containers = pod.spec.iter().flat_map(|s| &s.containers);
    let probes = containers.flat_map(|c| [&c.readiness_probe, &c.startup_probe, &c.liveness_probe]);
    let asked: Vec<(u16, String)> = probes
        .flatten()
        .filter_map(|p| p.http_get.as_ref())
        .filter(|h| h.scheme.as_deref() != Some("HTTPS"))
        .filter_map(|h| {
            Some((target_port(Some(&h.port), 0, pod)?, h.path.clone().unwrap_or_else(|| "/".to_owned())))
        })
        .collect();
    let ports = || spec.ports.iter().flatten();
    let known = ports().find_map(|p| {
        let target = target_port(p.target_port.as_ref(), p.port, pod)?;
        let (_, path) = asked.iter().find(|(port, _)| *port == target)?;
        Some((p.port, path.clone()))
    });
    let named = || {
        let is_http = |p: &&k8s_openapi::api::core::v1::ServicePort| {
            let name = p.app_protocol.as_deref().or(p.name.as_deref()).unwrap_or_default();
            name == "http" || name.starts_with("http-")
        };
        ports().find(is_http).map(|p| (p.port, "/".to_owned()))
    };
    let (port, path) = known.or_else(named)?;
    Some(url(&host, u16::try_from(port).ok()?, &path))
}

/// Asks for new pods, and returns the number of the change.
async fn patch(probes: &Probes<'_>, target: &Target<'_>) -> Result<i64, Error> {
    let now = k8s_openapi::jiff::Timestamp::now().to_string();
    let change = json!({ "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": now } } } } });
    let params = PatchParams { field_manager: Some("seaworthy".to_owned()), ..PatchParams::default() };
    let changed =
        probes.run.api::<Deployment>().patch(target.name, &params, &Patch::Strategic(change)).await?;
    Ok(changed.metadata.generation.unwrap_or(0))
}

/// Waits until every pod is a new one and the old ones are gone; `false` where that takes too long.
async fn replaced(
    probes: &Probes<'_>,
    target: &Target<'_>,
    live: &Live,
    generation: i64,
    limit: Duration,
) -> Result<bool, Error> {
    let began = Instant::now();
    // A pod that stops may take its whole grace.
    let graces = live.pods.iter().filter_map(|p| p.spec.as_ref()?.termination_grace_period_seconds);
    let limit = limit + Duration::from_secs(u64::try_from(graces.sum::<i64>()).unwrap_or(0));
    while began.elapsed() < limit {
        let deployment = probes.run.api::<Deployment>().get(target.name).await?;
        let wanted = deployment.spec.and_then(|s| s.replicas).unwrap_or(1);
        let status = deployment.status.unwrap_or_default();
        let new = status.observed_generation.unwrap_or(0) >= generation
            && status.updated_replicas.unwrap_or(0) >= wanted
            && status.available_replicas.unwrap_or(0) >= wanted
            && status.replicas.unwrap_or(0) == status.updated_replicas.unwrap_or(0);
        if new {
            let pods = super::state::pods(probes.run).await?;
            let old = live.pods.iter().any(|old| pods.iter().any(|p| p.name_any() == old.name_any()));
            if !old {
                return Ok(true);
            }
        }
        sleep(Duration::from_millis(500)).await;
    }
    Ok(false)
}

/// How a pod ended.
struct End {
    seconds: f64,
    code: i32,
}

/// Notes how the old pods end; ends itself only where that cannot be seen.
async fn follow(probes: &Probes<'_>, live: &Live, ends: &RefCell<BTreeMap<String, End>>) -> Error {
    let api = probes.run.api::<Pod>();
    loop {
        let stream = match api.watch(&WatchParams::default(), "0").await {
            Ok(stream) => stream,
            Err(error) => return error.into(),
        };
        let mut stream = stream.boxed();
        while let Ok(Some(event)) = stream.try_next().await {
            let (WatchEvent::Modified(pod) | WatchEvent::Deleted(pod)) = event else { continue };
            let name = pod.name_any();
            if !live.pods.iter().any(|p| p.name_any() == name) {
                continue;
            }
            let Some(deadline) = pod.metadata.deletion_timestamp.as_ref() else { continue };
            let asked = deadline.0.as_second() - pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
            let statuses = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
            for ended in statuses.filter_map(|s| s.state.as_ref()?.terminated.as_ref()) {
                let Some(at) = ended.finished_at.as_ref() else { continue };
                #[expect(clippy::cast_precision_loss, reason = "seconds of a stop")]
                let seconds = (at.0.as_second() - asked).max(0) as f64;
                let mut ends = ends.borrow_mut();
                let end = ends.entry(name.clone()).or_insert(End { seconds, code: ended.exit_code });
                end.seconds = end.seconds.max(seconds);
                // One container that has to be killed is enough.
                end.code = if ended.exit_code == 137 { 137 } else { end.code };
            }
        }
        // A watch ends now and then, and begins anew.
        sleep(Duration::from_millis(200)).await;
    }
}
