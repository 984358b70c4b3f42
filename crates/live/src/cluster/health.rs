//! Whether what runs goes on serving: health checks over a while.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, HTTPGetAction, Pod, Probe};
use kube::ResourceExt;
use seaworthy_engine::measured::{Checks, Said};
use tokio::time::{Instant, sleep};

use super::inside::{ASKS, target_port};
use super::policies::Labels;
use super::probe::{PRELUDE, Probes, Script, one_line, quoted, read};
use super::state::{Live, is_ready, pods};
use crate::error::Error;

/// What is asked of a pod.
enum Question {
    Http(String),
    Tcp(String, u16),
}

/// Asks the ready pods of each workload what its readiness probe would, each second; of one whose probe runs in the pod, or that
/// has none, whether the cluster takes it for ready.
pub(super) async fn watch(
    probes: &Probes<'_>,
    live: &[Live],
    length: Duration,
) -> Result<BTreeMap<usize, Checks>, Error> {
    let mut text = PRELUDE.to_owned();
    text.push_str(
        "http() { m=$(get \"$3\" \"$2\") && echo \"$1 ok\" || echo \"$1 no $m\"; }\n\
         tcp() { r=$(connect \"$2\" \"$3\"); if [ \"$r\" = open ]; then echo \"$1 ok\"; else echo \"$1 no $r\"; fi; }\n\
         i=0\n",
    );
    // Rules that let a new pod ask may take a moment, which is no fault of whoever is asked.
    let mut first = String::new();
    let mut rounds = format!("while [ $i -lt {} ]; do i=$((i+1))\n", length.as_secs());
    let mut asked = Vec::new();
    for one in live {
        for pod in one.ready_pods() {
            for (question, wait) in
                pod.spec.iter().flat_map(|s| &s.containers).filter_map(|c| question(pod, c))
            {
                let ask = match question {
                    Question::Http(url) => format!("http {} {} {wait}", one.target, quoted(&url)),
                    Question::Tcp(host, port) => format!("tcp {} {} {port}", one.target, quoted(&host)),
                };
                first.push_str(&format!(
                    "until {ask} | grep -q ' ok$' || [ $i -ge 10 ]; do i=$((i+1)); sleep 1; done\n"
                ));
                rounds.push_str(&format!("{ask} &\n"));
                asked.push(one.target);
            }
        }
    }
    text.push_str(&format!("{first}i=0\n{rounds}sleep 1\ndone\nwait\n"));
    let found: RefCell<BTreeMap<usize, Checks>> = RefCell::default();
    let began = Instant::now();
    let asks = async {
        if asked.is_empty() {
            return Ok(());
        }
        let limit = length + Duration::from_mins(2);
        let script = Script { name: "health".to_owned(), part: ASKS, labels: Labels::new(), text, limit };
        let probe = probes.start(script).await?;
        read(probe.follow().await?, limit, |line| {
            let mut words = line.splitn(3, ' ');
            let (Some(target), Some(word)) = (words.next().and_then(|n| n.parse().ok()), words.next()) else {
                return false;
            };
            count(
                found.borrow_mut().entry(target).or_default(),
                word == "ok",
                words.next().unwrap_or_default(),
            );
            false
        })
        .await?;
        probes.run.remove(&probe.name).await
    };
    let before = restarts(live);
    let looks = async {
        let mut after = before.clone();
        while began.elapsed() < length {
            sleep(Duration::from_secs(1)).await;
            let now = pods(probes.run).await?;
            for one in live {
                for old in &one.pods {
                    let new = now.iter().find(|p| p.name_any() == old.name_any());
                    after.insert(old.name_any(), new.map_or(0, restarts_of));
                    if !asked.contains(&one.target) {
                        count(
                            found.borrow_mut().entry(one.target).or_default(),
                            new.is_some_and(is_ready),
                            "it is not ready",
                        );
                    }
                }
            }
        }
        Ok::<_, Error>(after)
    };
    let ((), after) = tokio::try_join!(asks, looks)?;
    let mut found = found.into_inner();
    for one in live {
        let Some(checks) = found.get_mut(&one.target) else { continue };
        checks.seconds = length.as_secs();
        let of = |map: &BTreeMap<String, i32>, pod: &Pod| map.get(&pod.name_any()).copied().unwrap_or(0);
        let more: i32 = one.pods.iter().map(|p| (of(&after, p) - of(&before, p)).max(0)).sum();
        checks.restarts = u32::try_from(more).unwrap_or(0);
    }
    Ok(found)
}

fn count(checks: &mut Checks, passes: bool, said: &str) {
    checks.asked += 1;
    checks.passed += u64::from(passes);
    if !passes {
        tally(&mut checks.said, said);
    }
}

/// Counts something that was said; what is said after many others counts with the last of them.
pub(super) fn tally(list: &mut Vec<Said>, text: &str) {
    let text = one_line(text.trim_start_matches("wget: "));
    let at = list.iter().position(|s| s.text == text);
    match at {
        Some(at) => list[at].times += 1,
        None if list.len() < 8 => list.push(Said { text, times: 1 }),
        None => list.iter_mut().rev().take(1).for_each(|s| s.times += 1),
    }
}

fn question(pod: &Pod, container: &Container) -> Option<(Question, i32)> {
    let probe: &Probe = container.readiness_probe.as_ref()?;
    let address = pod.status.as_ref()?.pod_ip.clone()?;
    let wait = probe.timeout_seconds.unwrap_or(1).clamp(1, 10);
    if let Some(HTTPGetAction { path, port, scheme, host, .. }) = &probe.http_get {
        let port = target_port(Some(port), 0, pod)?;
        if host.is_some() || scheme.as_deref() == Some("HTTPS") {
            return Some((Question::Tcp(address, port), wait));
        }
        return Some((Question::Http(url(&address, port, path.as_deref().unwrap_or("/"))), wait));
    }
    let tcp = probe.tcp_socket.as_ref()?;
    Some((Question::Tcp(address, target_port(Some(&tcp.port), 0, pod)?), wait))
}

/// A URL whose host may be an address of six.
pub(super) fn url(host: &str, port: u16, path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    if host.contains(':') {
        format!("http://[{host}]:{port}{slash}{path}")
    } else {
        format!("http://{host}:{port}{slash}{path}")
    }
}

fn restarts(live: &[Live]) -> BTreeMap<String, i32> {
    live.iter().flat_map(|l| &l.pods).map(|p| (p.name_any(), restarts_of(p))).collect()
}

fn restarts_of(pod: &Pod) -> i32 {
    pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten()).map(|c| c.restart_count).sum()
}
