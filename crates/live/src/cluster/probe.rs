//! Pods that ask from inside the cluster: a shell script each, whose lines are its answers.
//!
//! Such a pod is never ready, so no Service sends to it whatever labels it has; it has no rights, no token and little memory,
//! and fits into a namespace that enforces the restricted level.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::io::AsyncBufRead;
use futures_util::{AsyncBufReadExt, StreamExt};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, Pod, PodReadinessGate, PodSpec, ResourceRequirements,
    SeccompProfile, SecurityContext,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;
use kube::api::{Api, LogParams, ObjectMeta};
use tokio::time::{Instant, sleep, timeout};

use super::owned::{Run, owner};
use crate::error::Error;

/// What tells the probes of a run apart, for its own policies.
pub(super) const PART: &str = "dev.seaworthy.probe";
/// How long a pod may take to start, with its image pulled.
const START: Duration = Duration::from_mins(2);
/// The user that it runs as: nobody.
const NOBODY: i64 = 65_534;

/// What a probe runs.
pub(super) struct Script {
    /// What it is called.
    pub(super) name: String,
    /// Its part among the run's own policies.
    pub(super) part: &'static str,
    /// Labels besides: those of the workload that it stands for.
    pub(super) labels: BTreeMap<String, String>,
    /// The script.
    pub(super) text: String,
    /// After how long it is ended whatever it does.
    pub(super) limit: Duration,
}

/// Where probes come from.
pub(super) struct Probes<'r> {
    pub(super) run: &'r Run,
    pub(super) image: &'r str,
    /// The policy that owns them.
    pub(super) anchor: &'r NetworkPolicy,
    /// Secrets with credentials of registries that the namespace's own pods use.
    pub(super) pull_secrets: Vec<String>,
}

impl Probes<'_> {
    /// Starts a script and waits until it runs, or has run.
    pub(super) async fn start(&self, script: Script) -> Result<Probe, Error> {
        let made = self.run.make(&script.name, self.pod(&script)).await.map_err(|error| match error {
            kube::Error::Api(status) if status.code == 403 => {
                Error::NoProbe { image: self.image.to_owned(), why: status.message.trim().to_owned() }
            }
            other => other.into(),
        })?;
        let pod = Probe { api: self.run.api(), name: made.name_any(), limit: script.limit };
        pod.wait(self.image, |phase, _| phase != "Pending", START).await?;
        Ok(pod)
    }

    /// Runs a script to its end and returns its lines.
    pub(super) async fn ask(&self, script: Script) -> Result<Vec<String>, Error> {
        let pod = self.start(script).await?;
        let lines = pod.lines().await?;
        self.run.remove(&pod.name).await?;
        Ok(lines)
    }

    fn pod(&self, script: &Script) -> Pod {
        let quantity = |values: [(&str, &str); 2]| {
            Some(values.map(|(name, value)| (name.to_owned(), Quantity(value.to_owned()))).into())
        };
        let container = Container {
            name: "probe".to_owned(),
            image: Some(self.image.to_owned()),
            image_pull_policy: Some("IfNotPresent".to_owned()),
            command: Some(vec!["sh".to_owned(), "-c".to_owned()]),
            args: Some(vec![script.text.clone()]),
            ports: Some(vec![ContainerPort {
                container_port: i32::from(SERVED),
                ..ContainerPort::default()
            }]),
            resources: Some(ResourceRequirements {
                requests: quantity([("cpu", "20m"), ("memory", "32Mi")]),
                limits: quantity([("cpu", "1"), ("memory", "64Mi")]),
                ..ResourceRequirements::default()
            }),
            security_context: Some(SecurityContext {
                run_as_non_root: Some(true),
                run_as_user: Some(NOBODY),
                run_as_group: Some(NOBODY),
                read_only_root_filesystem: Some(true),
                allow_privilege_escalation: Some(false),
                capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
                seccomp_profile: Some(SeccompProfile {
                    type_: "RuntimeDefault".to_owned(),
                    localhost_profile: None,
                }),
                ..SecurityContext::default()
            }),
            ..Container::default()
        };
        let mut labels = script.labels.clone();
        labels.insert(PART.to_owned(), script.part.to_owned());
        let reference =
            |name: &String| k8s_openapi::api::core::v1::LocalObjectReference { name: name.clone() };
        Pod {
            metadata: ObjectMeta {
                labels: Some(labels),
                owner_references: owner(self.anchor),
                // What puts sidecars into pods would put one into this, and answer in its place.
                annotations: Some(
                    [("sidecar.istio.io/inject", "false"), ("linkerd.io/inject", "disabled")]
                        .map(|(key, value)| (key.to_owned(), value.to_owned()))
                        .into(),
                ),
                ..ObjectMeta::default()
            },
            spec: Some(PodSpec {
                containers: vec![container],
                restart_policy: Some("Never".to_owned()),
                readiness_gates: Some(vec![PodReadinessGate {
                    condition_type: "dev.seaworthy/never".to_owned(),
                }]),
                automount_service_account_token: Some(false),
                enable_service_links: Some(false),
                termination_grace_period_seconds: Some(1),
                active_deadline_seconds: Some((script.limit + START).as_secs() as i64),
                image_pull_secrets: (!self.pull_secrets.is_empty())
                    .then(|| self.pull_secrets.iter().map(reference).collect()),
                ..PodSpec::default()
            }),
            ..Pod::default()
        }
    }
}

/// The port on which a probe that listens does.
pub(super) const SERVED: u16 = 18_080;

/// A probe that runs.
pub(super) struct Probe {
    api: Api<Pod>,
    pub(super) name: String,
    limit: Duration,
}

impl Probe {
    /// Its address.
    pub(super) async fn address(&self) -> Result<String, Error> {
        let pod = self.api.get(&self.name).await?;
        Ok(pod.status.and_then(|s| s.pod_ip).unwrap_or_default())
    }

    /// Its lines as it says them, until it ends.
    pub(super) async fn follow(&self) -> Result<impl AsyncBufRead + Unpin + use<>, Error> {
        let params = LogParams { follow: true, ..LogParams::default() };
        Ok(Box::pin(self.api.log_stream(&self.name, &params).await?))
    }

    /// All its lines, once it ends.
    async fn lines(&self) -> Result<Vec<String>, Error> {
        let ended = |phase: &str, _: &Pod| matches!(phase, "Succeeded" | "Failed");
        self.wait("", ended, self.limit + START).await?;
        let text = self.api.logs(&self.name, &LogParams::default()).await?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Waits until its phase is as wanted.
    async fn wait(
        &self,
        image: &str,
        is_so: impl Fn(&str, &Pod) -> bool,
        limit: Duration,
    ) -> Result<(), Error> {
        let began = Instant::now();
        let mut why = String::new();
        loop {
            let pod = self.api.get(&self.name).await.map_err(|error| match error {
                kube::Error::Api(status) if status.code == 404 => {
                    Error::NoProbe { image: image.to_owned(), why: "somebody removes it".to_owned() }
                }
                other => other.into(),
            })?;
            let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref()).unwrap_or_default();
            if is_so(phase, &pod) {
                return Ok(());
            }
            if let Some((said, hopeless)) = trouble(&pod) {
                why = said;
                // A name that cannot be pulled now may be in a moment, where the registry is slow.
                if hopeless && began.elapsed() > Duration::from_secs(10) {
                    return Err(Error::NoProbe { image: image.to_owned(), why });
                }
            }
            if began.elapsed() > limit {
                let why =
                    if why.is_empty() { format!("it is not there after {} s", limit.as_secs()) } else { why };
                return Err(Error::NoProbe { image: image.to_owned(), why });
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// What keeps a pod from running, in a line, and whether waiting is no use.
pub(super) fn trouble(pod: &Pod) -> Option<(String, bool)> {
    let status = pod.status.as_ref()?;
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    for container in all {
        let last = container.last_state.as_ref().and_then(|s| s.terminated.as_ref());
        let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
        if let Some(waiting) = waiting {
            let reason = waiting.reason.clone().unwrap_or_default();
            if matches!(reason.as_str(), "ContainerCreating" | "PodInitializing" | "") {
                continue;
            }
            let exit = last.map(|l| format!("its container ends with {}", l.exit_code));
            let said = waiting.message.clone().or(exit).unwrap_or_default();
            let hopeless = matches!(
                reason.as_str(),
                "ErrImageNeverPull"
                    | "InvalidImageName"
                    | "ImagePullBackOff"
                    | "CreateContainerConfigError"
                    | "CreateContainerError"
                    | "RunContainerError"
            );
            return Some((one_line(&format!("{reason}: {said}")), hopeless));
        }
        let terminated = container.state.as_ref().and_then(|s| s.terminated.as_ref());
        if let Some(ended) = terminated.filter(|t| t.exit_code != 0) {
            return Some((format!("its container ends with {}", ended.exit_code), false));
        }
    }
    let unscheduled =
        status.conditions.iter().flatten().find(|c| c.type_ == "PodScheduled" && c.status == "False");
    if let Some(condition) = unscheduled {
        return Some((one_line(condition.message.as_deref().unwrap_or("it is not scheduled")), false));
    }
    None
}

/// A message in one line that is not too long.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.trim_end_matches([':', ' ']).to_owned(),
    }
}

/// Reads lines until `done` says that it is enough, the stream ends, or time is up.
pub(super) async fn read(
    stream: impl AsyncBufRead + Unpin,
    limit: Duration,
    mut done: impl FnMut(&str) -> bool,
) -> Result<(), Error> {
    let mut lines = stream.lines();
    let all = async {
        while let Some(line) = lines.next().await {
            let line = line.map_err(|error| Error::Lost(error.to_string()))?;
            if done(&line) {
                break;
            }
        }
        Ok(())
    };
    timeout(limit, all).await.unwrap_or(Ok(()))
}

/// What every script begins with: `connect HOST PORT` says `open`, `refused`, `unknown` (the name has no address) or `silent`;
/// `get SECONDS URL` is true where the URL answers well, else it says what came instead.
///
/// Of nc and wget only what all of them have is used, and works: a connection that stays open until it is cut counts as one,
/// and Debian's static wget does not survive its own `-T`.
pub(super) const PRELUDE: &str = r#"trap 'exit 0' TERM
connect() {
  said=$(timeout 4 nc -w 2 "$1" "$2" 2>&1 >/dev/null </dev/null)
  case $? in
    0|124|137|143) echo open ;;
    *) case $said in
      *efused*) echo refused ;;
      *'bad address'*|*esolve*|*'not known'*|*'Unknown host'*) echo unknown ;;
      *) echo silent ;;
    esac ;;
  esac
}
get() {
  said=$(timeout "$1" wget -q -O /dev/null "$2" 2>&1)
  case $? in
    0) return 0 ;;
    124|137|143) echo "no answer in $1 s" ;;
    *) echo "$said" ;;
  esac
  return 1
}
"#;

/// A word of a script as it stands, whatever is in it.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
