//! What is seen from inside of the cluster: whether it enforces policies, who reaches whom, which names have addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;
use kube::api::ObjectMeta;
use seaworthy_engine::measured::{Answer, Edge, Name};

use super::owned::Run;
use super::plan::Plan;
use super::policies::{End, Labels, Policies, isolates_ingress};
use super::probe::{PART, PRELUDE, Probes, SERVED, Script, quoted};
use super::state::{Live, services_of};
use crate::error::Error;

/// The parts that the run's own policies tell apart: what may ask everybody, what nobody may ask, and what stands for a workload.
pub(super) const ASKS: &str = "asks";
const DENIED: &str = "denied";
const STANDS_FOR: &str = "stands-for";

/// How many probes there are at once.
const AT_ONCE: usize = 6;
/// How many policies of the namespace are opened for probes at most.
const OPENED: usize = 64;

fn selector(run: &Run, part: &str) -> LabelSelector {
    let labels = [run.label(), (PART.to_owned(), part.to_owned())];
    LabelSelector { match_labels: Some(labels.into()), match_expressions: None }
}

fn policy(spec: NetworkPolicySpec) -> NetworkPolicy {
    NetworkPolicy { metadata: ObjectMeta::default(), spec: Some(spec) }
}

fn types(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

/// Makes what lets probes that ask through, and returns the policy that owns all probes.
///
/// Policies add up: pods that are isolated already take probes besides what they took before, and nothing else changes.
pub(super) async fn open(run: &Run, policies: &Policies) -> Result<NetworkPolicy, Error> {
    let anchor = run.make(
        "probes",
        policy(NetworkPolicySpec {
            pod_selector: Some(selector(run, ASKS)),
            policy_types: Some(types(&["Ingress", "Egress"])),
            ingress: Some(vec![NetworkPolicyIngressRule::default()]),
            egress: Some(vec![NetworkPolicyEgressRule::default()]),
        }),
    );
    let anchor = anchor.await?;
    let isolating: Vec<&NetworkPolicy> = policies.all.iter().filter(|p| isolates_ingress(p)).collect();
    let selectors =
        isolating.iter().filter_map(|p| p.spec.as_ref()).map(|s| s.pod_selector.clone().unwrap_or_default());
    let mut selectors: Vec<LabelSelector> = selectors.collect();
    if let Some(all) = selectors.iter().find(|s| **s == LabelSelector::default()).cloned() {
        selectors = vec![all];
    }
    selectors.dedup();
    for mut pods in selectors.into_iter().take(OPENED) {
        // Not to pods of the run's own: one of them is there to be reached by nobody.
        pods.match_expressions.get_or_insert_default().push(LabelSelectorRequirement {
            key: PART.to_owned(),
            operator: "DoesNotExist".to_owned(),
            values: None,
        });
        let from =
            NetworkPolicyPeer { pod_selector: Some(selector(run, ASKS)), ..NetworkPolicyPeer::default() };
        let ingress = NetworkPolicyIngressRule { from: Some(vec![from]), ports: None };
        run.make(
            "lets-probes-in",
            policy(NetworkPolicySpec {
                pod_selector: Some(pods),
                policy_types: Some(types(&["Ingress"])),
                ingress: Some(vec![ingress]),
                egress: None,
            }),
        )
        .await?;
    }
    Ok(anchor)
}

/// Whether the cluster keeps to policies: a pod of ours that none may ask is asked, for twenty seconds where it answers, since
/// rules for a pod that is new may take a moment. `None` where another policy of the namespace lets that through.
pub(super) async fn enforced(probes: &Probes<'_>, policies: &Policies) -> Result<Option<bool>, Error> {
    let run = probes.run;
    let labels = |part: &str| Labels::from([run.label(), (PART.to_owned(), part.to_owned())]);
    let (asks, denied) = (labels(ASKS), labels(DENIED));
    let end = |labels| End { labels, address: None, pod: None };
    if policies.isolate(&denied) && policies.verdict(end(&asks), end(&denied), SERVED).allowed {
        return Ok(None);
    }
    run.make(
        "denies",
        policy(NetworkPolicySpec {
            pod_selector: Some(selector(run, DENIED)),
            policy_types: Some(types(&["Ingress"])),
            ingress: None,
            egress: None,
        }),
    )
    .await?;
    let serve = |part: &'static str| Script {
        name: format!("serves-{part}"),
        part,
        labels: Labels::new(),
        text: format!("{PRELUDE}while :; do nc -l -p {SERVED} </dev/null >/dev/null 2>&1 || sleep 0.1; done"),
        limit: Duration::from_mins(2),
    };
    let (control, denied) = tokio::try_join!(probes.start(serve(ASKS)), probes.start(serve(DENIED)))?;
    let (free, closed) = (control.address().await?, denied.address().await?);
    let (free, closed) = (quoted(&free), quoted(&closed));
    let text = format!(
        "{PRELUDE}i=0\nwhile [ $i -lt 20 ] && [ \"$(connect {free} {SERVED})\" != open ]; do i=$((i+1)); sleep 0.5; done\n\
         [ $i -lt 20 ] || {{ echo lost; exit; }}\n\
         i=0; c=0\nwhile [ $i -lt 20 ] && [ $c -lt 2 ]; do\n\
         r=$(connect {closed} {SERVED}); if [ $r = open ]; then c=0; else c=$((c+1)); fi\n\
         i=$((i+1)); sleep 1\ndone\necho $r"
    );
    let script = Script {
        name: "asks".to_owned(),
        part: ASKS,
        labels: Labels::new(),
        text,
        limit: Duration::from_mins(2),
    };
    let said = probes.ask(script).await?;
    tokio::try_join!(run.remove(&control.name), run.remove(&denied.name))?;
    match said.last().map(String::as_str) {
        Some("open") => Ok(Some(false)),
        Some("lost") | None => Err(Error::NoProbe {
            image: probes.image.to_owned(),
            why: "two of them do not reach each other, though no policy forbids it".to_owned(),
        }),
        Some(_) => Ok(Some(true)),
    }
}

/// Something a script asks for.
struct Question {
    host: String,
    port: u16,
    /// The word that ends the asking at once; another is asked for again a few times, as addresses and rules take a moment.
    wanted: Wanted,
}

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Open,
    Closed,
    Known,
}

/// What each question came to.
async fn ask(
    probes: &Probes<'_>,
    name: &str,
    part: &'static str,
    labels: Labels,
    all: &[Question],
) -> Result<Vec<String>, Error> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let mut text = PRELUDE.to_owned();
    text.push_str(
        "ask() {\n  i=0\n  while :; do\n    r=$(connect \"$2\" \"$3\"); i=$((i+1))\n    case $4.$r in\n      open.open|closed.refused|closed.silent|known.open|known.refused|known.silent) break ;;\n    esac\n    [ $i -lt 5 ] || break\n    sleep 1\n  done\n  echo \"$1 $r\"\n}\nsleep 1\n",
    );
    for (number, question) in all.iter().enumerate() {
        let wanted = match question.wanted {
            Wanted::Open => "open",
            Wanted::Closed => "closed",
            Wanted::Known => "known",
        };
        text.push_str(&format!("ask {number} {} {} {wanted} &\n", quoted(&question.host), question.port));
        if number % 16 == 15 {
            text.push_str("wait\n");
        }
    }
    text.push_str("wait\n");
    let rounds = all.len().div_ceil(16) as u64;
    let limit = Duration::from_secs(30 * (rounds + 1));
    let script = Script { name: name.to_owned(), part, labels, text, limit };
    let mut answers = vec!["silent".to_owned(); all.len()];
    for line in probes.ask(script).await? {
        if let Some((number, word)) = line.split_once(' ')
            && let Some(answer) = number.parse().ok().and_then(|n: usize| answers.get_mut(n))
        {
            word.clone_into(answer);
        }
    }
    Ok(answers)
}

/// What is seen of the namespace.
#[derive(Default)]
pub(super) struct Seen {
    /// What the containers of a target ask for, by target.
    pub(super) names: BTreeMap<usize, Vec<Name>>,
    /// Connections to a target, by target.
    pub(super) edges: BTreeMap<usize, Vec<Edge>>,
}

/// Asks Services as somebody who may ask everybody.
pub(super) async fn services(
    probes: &Probes<'_>,
    plan: &Plan<'_>,
    services: &[Service],
    live: &[Live],
) -> Result<BTreeMap<String, Vec<Answer>>, Error> {
    let mut asked = Vec::new();
    let mut questions = Vec::new();
    for service in services
        .iter()
        .filter(|s| plan.manifests.iter().any(|m| m.kind == "Service" && m.name == s.name_any()))
    {
        let Some(spec) = &service.spec else { continue };
        // Where nothing is ready, that is what there is to say.
        let ready =
            |l: &&Live| l.ready > 0 && services_of(std::slice::from_ref(service), &l.labels).next().is_some();
        let Some(behind) = live.iter().find(ready) else { continue };
        for port in spec.ports.iter().flatten().filter(|p| p.protocol.as_deref().unwrap_or("TCP") == "TCP") {
            let headless = spec.cluster_ip.as_deref() == Some("None");
            let target =
                behind.pods.first().and_then(|pod| target_port(port.target_port.as_ref(), port.port, pod));
            let Some(number) = (if headless { target } else { u16::try_from(port.port).ok() }) else {
                continue;
            };
            asked.push((service.name_any(), u16::try_from(port.port).unwrap_or_default()));
            questions.push(Question { host: service.name_any(), port: number, wanted: Wanted::Open });
        }
    }
    let said = ask(probes, "services", ASKS, Labels::new(), &questions).await?;
    let mut answers: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for ((name, port), word) in asked.into_iter().zip(said) {
        let problem = match word.as_str() {
            "open" => "",
            "refused" => "the connection is refused",
            "unknown" => "its name has no address",
            _ => "nothing answers",
        };
        answers.entry(name).or_default().push(Answer {
            port,
            open: word == "open",
            problem: problem.to_owned(),
        });
    }
    Ok(answers)
}

/// The number of the pods' port that a Service's port leads to.
pub(super) fn target_port(target: Option<&IntOrString>, port: i32, pod: &Pod) -> Option<u16> {
    match target {
        None => u16::try_from(port).ok(),
        Some(IntOrString::Int(number)) => u16::try_from(*number).ok(),
        Some(IntOrString::String(name)) => {
            let ports = pod.spec.iter().flat_map(|s| &s.containers).flat_map(|c| c.ports.iter().flatten());
            ports
                .into_iter()
                .find(|p| p.name.as_ref() == Some(name))
                .and_then(|p| u16::try_from(p.container_port).ok())
        }
    }
}

/// Asks as each workload of the plan, with its labels, and as a pod that is nobody's. `edges` says whether connections are
/// asked for besides names.
pub(super) async fn as_workloads(
    probes: &Probes<'_>,
    plan: &Plan<'_>,
    services: &[Service],
    live: &[Live],
    policies: &Policies,
    edges: bool,
) -> Result<Seen, Error> {
    let doors: Vec<(usize, &Pod, Vec<u16>)> = live
        .iter()
        .filter_map(|l| {
            let pod = l.ready_pods().next()?;
            Some((l.target, pod, doors(l, pod, services)))
        })
        .collect();
    let callers = live.iter().map(Some).chain([None]);
    let asked = stream::iter(callers).map(|caller| {
        let doors = &doors;
        async move {
            let labels = caller.map(|l| l.labels.clone()).unwrap_or_default();
            let name = caller.map_or_else(|| "any other pod".to_owned(), |l| plan.targets[l.target].key());
            let mut questions = Vec::new();
            let hosts: BTreeSet<String> = caller.into_iter().flat_map(|l| hosts(plan, l.target)).collect();
            for host in &hosts {
                questions.push(Question { host: host.clone(), port: 9, wanted: Wanted::Known });
            }
            let mut to = Vec::new();
            for (target, pod, ports) in
                doors.iter().filter(|(target, ..)| edges && caller.is_none_or(|c| c.target != *target))
            {
                let address = pod.status.as_ref().and_then(|s| s.pod_ip.clone()).unwrap_or_default();
                for port in ports {
                    let ends = (
                        End { labels: &labels, address: None, pod: None },
                        End { labels: pod.labels(), address: address.parse().ok(), pod: Some(pod) },
                    );
                    let verdict = policies.verdict(ends.0, ends.1, *port);
                    let Some(policy) = verdict.policy else { continue };
                    let wanted = if verdict.allowed { Wanted::Open } else { Wanted::Closed };
                    questions.push(Question { host: address.clone(), port: *port, wanted });
                    to.push((
                        *target,
                        Edge {
                            from: name.clone(),
                            port: *port,
                            allowed: verdict.allowed,
                            open: false,
                            policy,
                        },
                    ));
                }
            }
            let title = caller.map_or("nobodys", |l| plan.targets[l.target].name);
            let said = ask(probes, title, STANDS_FOR, labels, &questions).await?;
            let (named, reached) = said.split_at(hosts.len().min(said.len()));
            let names: Vec<Name> = hosts
                .into_iter()
                .zip(named)
                .map(|(name, word)| Name { name, resolves: word != "unknown" })
                .collect();
            for ((_, edge), word) in to.iter_mut().zip(reached) {
                edge.open = word == "open";
            }
            Ok::<_, Error>((caller.map(|l| l.target), names, to))
        }
    });
    let all: Vec<_> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut seen = Seen::default();
    for (caller, names, edges) in all {
        if let Some(caller) = caller.filter(|_| !names.is_empty()) {
            seen.names.insert(caller, names);
        }
        for (target, edge) in edges {
            seen.edges.entry(target).or_default().push(edge);
        }
    }
    seen.edges.values_mut().for_each(|edges| edges.sort_by(|a, b| (&a.from, a.port).cmp(&(&b.from, b.port))));
    Ok(seen)
}

/// The ports of a workload's pods that others know of.
fn doors(live: &Live, pod: &Pod, services: &[Service]) -> Vec<u16> {
    let is_tcp = |protocol: &Option<String>| protocol.as_deref().unwrap_or("TCP") == "TCP";
    let declared = pod.spec.iter().flat_map(|s| &s.containers).flat_map(|c| c.ports.iter().flatten());
    let declared =
        declared.filter(|p| is_tcp(&p.protocol)).filter_map(|p| u16::try_from(p.container_port).ok());
    let served = services_of(services, &live.labels)
        .flat_map(|s| s.spec.iter().flat_map(|s| s.ports.iter().flatten()));
    let served = served
        .filter(|p| is_tcp(&p.protocol))
        .filter_map(|p| target_port(p.target_port.as_ref(), p.port, pod));
    declared.chain(served).collect::<BTreeSet<u16>>().into_iter().collect()
}

/// The names in the cluster that the containers of a target call.
fn hosts(plan: &Plan<'_>, target: usize) -> Vec<String> {
    let containers = plan.targets[target].containers(plan.project);
    let calls = containers.flat_map(|c| plan.project.links.calls_of(c.id));
    let inner =
        calls.filter(|c| c.in_url || matches!(c.to, seaworthy_engine::project::links::Callee::Service(_)));
    inner.map(|c| c.host.clone()).collect()
}
