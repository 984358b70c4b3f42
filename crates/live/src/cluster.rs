//! `verify cluster`: what the manifests of a namespace come to on a cluster.

mod access;
mod connect;
mod dry_run;
mod facts;
mod health;
mod inside;
mod outside;
mod owned;
mod plan;
mod policies;
mod probe;
mod rollout;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::api::{Api, ListParams};
use seaworthy_engine::Project;
use seaworthy_engine::measured::{InCluster, Measured, Pods, Start, Stop};
use seaworthy_engine::project::{ObjectId, WorkloadKind};

use crate::error::Error;
use crate::signal::Interruptions;
use access::Need;
use connect::Cluster;
use owned::Run;
use plan::Plan;
use policies::Policies;
use probe::Probes;
use state::Live;

/// What is measured, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kubeconfig; `None` for the one `kubectl` takes.
    pub kubeconfig: Option<PathBuf>,
    /// The context; `None` for the current one.
    pub context: Option<String>,
    /// The namespace; `None` for the one that the manifests name, or else the context's.
    pub namespace: Option<String>,
    /// The image of the pods that ask from inside: it has `sh`, `nc`, `wget` and `timeout`.
    pub probe_image: String,
    /// Whether Deployments are restarted under load.
    pub restart: bool,
    /// How many requests are sent during a restart, at least.
    pub requests: u64,
    /// How long health checks are watched.
    pub watch: Duration,
    /// How long workloads may take to become ready.
    pub limit: Duration,
}

/// What is heard while it runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// What is worked on, before anything is made there.
    Cluster {
        /// The context.
        context: String,
        /// The address of its API server.
        server: String,
        /// The namespace.
        namespace: String,
    },
    /// What is being done.
    Doing(String),
    /// Something to know besides.
    Note(String),
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// What was measured, in the order of the manifests.
    pub measured: Vec<Measured>,
    /// What was not looked at, and why.
    pub left_out: Vec<(String, String)>,
    /// What could not be done for want of a permission: the rest was.
    pub forbidden: Vec<String>,
    /// How many leftovers of earlier runs were removed first.
    pub swept: usize,
    /// Whether the cluster keeps to `NetworkPolicies`; `None` where that was not seen.
    pub enforced: Option<bool>,
    /// The context, the namespace and the version of the cluster, in a line.
    pub cluster: String,
}

/// Measures what the manifests of a project come to in a namespace of a cluster. `say` hears which one before anything is made.
///
/// Everything that is made carries a label and is removed before this returns, also where it is interrupted.
///
/// # Errors
/// There is no cluster, it stops answering, a permission is missing, no pod comes up to ask from, or the user interrupts it.
pub fn verify(project: &Project, options: &Options, say: &dyn Fn(Event)) -> Result<Verified, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Message(format!("cannot begin: {error}")))?;
    runtime.block_on(begin(project, options, say))
}

async fn begin(project: &Project, options: &Options, say: &dyn Fn(Event)) -> Result<Verified, Error> {
    let namespaces = plan::namespaces(project);
    let mut interruptions = Interruptions::new();
    let cluster = tokio::select! {
        cluster = connect::connect(options, &namespaces) => cluster?,
        () = interruptions.next() => return Err(Error::Interrupted),
    };
    say(Event::Cluster {
        context: cluster.context.clone(),
        server: cluster.server.clone(),
        namespace: cluster.namespace.clone(),
    });
    let run = Run::begin(cluster.client.clone(), &cluster.namespace)?;
    let result = tokio::select! {
        result = work(&run, &cluster, project, options, say) => result,
        () = interruptions.next() => Err(Error::Interrupted),
    };
    let ended = tokio::select! {
        ended = run.end() => ended,
        // Whoever insists leaves it to the next run.
        () = interruptions.next() => Err(Error::Interrupted),
    };
    // What went wrong first says more than that its remains could not be removed.
    let verified = result?;
    ended.map(|()| verified)
}

/// What was measured, by object.
struct Results<'p> {
    project: &'p Project,
    all: BTreeMap<ObjectId, Measured>,
}

impl Results<'_> {
    fn of(&mut self, object: ObjectId) -> &mut Measured {
        self.all.entry(object).or_insert_with(|| {
            let found = self.project.object(object);
            let name = found.name.as_ref().map_or("", |n| n.value.as_str());
            Measured {
                object: format!("{}/{name}", found.kind.value),
                manifest: self.project.path(found.source).to_string(),
                ..Measured::default()
            }
        })
    }

    fn in_cluster(&mut self, object: ObjectId) -> &mut InCluster {
        self.of(object).cluster.get_or_insert_default()
    }
}

async fn work(
    run: &Run,
    cluster: &Cluster,
    project: &Project,
    options: &Options,
    say: &dyn Fn(Event),
) -> Result<Verified, Error> {
    let namespace = cluster.namespace.as_str();
    let client = &cluster.client;
    let mut plan = Plan::of(project, namespace);
    let mut results = Results { project, all: BTreeMap::new() };
    let mut left_out = std::mem::take(&mut plan.left_out);

    say(Event::Doing("asks what it may do".to_owned()));
    let resources = dry_run::discover(client, &plan.manifests).await?;
    let resource = |m: &plan::Manifest| resources.get(&(m.api_version.clone(), m.kind.clone()));
    let (whole, own): (Vec<_>, Vec<_>) =
        plan.manifests.iter().filter_map(resource).partition(|r| !r.namespaced);
    let mut needs = permissions(&plan, options);
    needs.extend(own.into_iter().flat_map(dry_run::Resource::needs));
    let missing = access::missing(client, namespace, needs).await?;
    if !missing.is_empty() {
        let missing = missing.iter().map(ToString::to_string).collect();
        return Err(Error::Forbidden {
            context: cluster.context.clone(),
            namespace: namespace.to_owned(),
            missing,
        });
    }
    // Who works in a namespace of somebody else's cluster may do without what is of the whole cluster, and hears of it.
    let forbidden: BTreeSet<Need> =
        access::missing(client, namespace, whole.into_iter().flat_map(dry_run::Resource::needs).collect())
            .await?
            .into_iter()
            .collect();
    let swept = run.sweep().await?;
    let there = match Api::<Namespace>::all(client.clone()).get_opt(namespace).await {
        Ok(None) => {
            return Err(Error::Message(format!(
                "the cluster of the context `{}` has no namespace `{namespace}`; make it, or name another one with --namespace",
                cluster.context
            )));
        }
        Ok(found) => found,
        // Only its labels are not known then.
        Err(kube::Error::Api(status)) if status.code == 403 => None,
        Err(error) => return Err(error.into()),
    };

    say(Event::Doing(format!("tries {} objects without making them", plan.manifests.len())));
    let trials = plan.manifests.iter().filter(|m| {
        resource(m).is_none_or(|r| r.namespaced || !r.needs().iter().any(|n| forbidden.contains(n)))
    });
    let resource = &resource;
    let plan = &plan;
    let trials = stream::iter(trials).map(|manifest| async move {
        let answer = match resource(manifest) {
            Some(resource) => dry_run::object(client, resource, namespace, manifest).await?,
            None => dry_run::Answer {
                refusal: Some(format!("the cluster knows no {} of {}", manifest.kind, manifest.api_version)),
                warnings: Vec::new(),
            },
        };
        let pod = match manifest.template().filter(|_| answer.refusal.is_none()) {
            Some(template) => dry_run::pod(client, namespace, manifest, template).await?,
            None => dry_run::Answer::default(),
        };
        Ok::<_, Error>((manifest, answer, pod))
    });
    let trials: Vec<_> = trials.buffered(6).try_collect().await?;
    for (manifest, answer, pod) in trials {
        let measured = results.in_cluster(manifest.object);
        measured.refusal = answer.refusal;
        measured.warnings = answer.warnings;
        measured.pod_refusal = pod.refusal.filter(|why| !is_to_come(why, plan));
    }

    say(Event::Doing("waits for the workloads to be ready".to_owned()));
    let live = state::settled(run, &plan.targets, options.limit).await?;
    for (index, target) in plan.targets.iter().enumerate() {
        match live.iter().find(|l| l.target == index) {
            None => left_out.push((target.key(), "it does not run in the namespace".to_owned())),
            Some(l) if l.wanted == 0 => left_out.push((target.key(), "it is scaled to no pods".to_owned())),
            Some(l) => ready(&mut results, plan, l),
        }
    }
    let live: Vec<Live> = live.into_iter().filter(|l| l.ready > 0).collect();
    let mut verified = Verified {
        left_out,
        forbidden: forbidden.iter().map(ToString::to_string).collect(),
        swept,
        cluster: format!(
            "Kubernetes {}, context `{}`, namespace `{namespace}`",
            cluster.version, cluster.context
        ),
        ..Verified::default()
    };
    if !live.is_empty() {
        let labels = there
            .and_then(|n| n.metadata.labels)
            .unwrap_or_else(|| [("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())].into());
        running(run, plan, live, labels, options, &mut results, &mut verified, say).await?;
    }
    verified.measured = results.all.into_values().collect();
    Ok(verified)
}

/// What is needed whatever the manifests are.
fn permissions(plan: &Plan<'_>, options: &Options) -> BTreeSet<Need> {
    let kinds = |kind| plan.targets.iter().any(|t| t.workload.kind == kind);
    let mut needs: BTreeSet<Need> =
        ["get", "list", "create", "delete"].map(|verb| Need::new(verb, "", "pods")).into();
    needs.insert(Need::new("get", "", "pods/log"));
    needs.insert(Need::new("list", "", "services"));
    needs.insert(Need::new("list", "networking.k8s.io", "ingresses"));
    needs.extend(
        ["list", "create", "delete"].map(|verb| Need::new(verb, "networking.k8s.io", "networkpolicies")),
    );
    let lists = [
        (WorkloadKind::Deployment, "deployments"),
        (WorkloadKind::StatefulSet, "statefulsets"),
        (WorkloadKind::DaemonSet, "daemonsets"),
    ];
    needs.extend(
        lists.into_iter().filter(|(kind, _)| kinds(*kind)).map(|(_, name)| Need::new("list", "apps", name)),
    );
    if options.restart && kinds(WorkloadKind::Deployment) {
        needs.extend(["get", "patch"].map(|verb| Need::new(verb, "apps", "deployments")));
        needs.insert(Need::new("watch", "", "pods"));
    }
    needs
}

/// Whether a pod is refused for something that the manifests would make.
fn is_to_come(why: &str, plan: &Plan<'_>) -> bool {
    // The account `default` comes a moment after its namespace.
    why.contains("error looking up service account") && why.contains("\"default\" not found")
        || plan.manifests.iter().any(|m| {
            m.kind == "ServiceAccount" && why.contains(&format!("serviceaccount \"{}\" not found", m.name))
        })
}

/// Whether a workload came up, and is what its manifest says.
fn ready(results: &mut Results<'_>, plan: &Plan<'_>, live: &Live) {
    let target = &plan.targets[live.target];
    let object = target.object.id;
    results.in_cluster(object).pods = Some(Pods { wanted: live.wanted, ready: live.ready });
    if live.ready < live.wanted {
        let start = Start { problem: live.problem(), ..Start::default() };
        results.of(object).start = Some(start);
    }
    let mut found = Vec::new();
    for pod in &live.pods {
        for difference in facts::differences(plan.project, target, pod) {
            if !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    results.in_cluster(object).differences = found;
}

/// Measures what runs.
#[expect(clippy::too_many_arguments, reason = "one step of one function")]
async fn running(
    run: &Run,
    plan: &Plan<'_>,
    live: Vec<Live>,
    namespace: policies::Labels,
    options: &Options,
    results: &mut Results<'_>,
    verified: &mut Verified,
    say: &dyn Fn(Event),
) -> Result<(), Error> {
    let everything = ListParams::default();
    let services = run.api::<Service>().list(&everything).await?.items;
    let ingresses = run.api::<Ingress>().list(&everything).await?.items;
    let policies = Policies { all: run.api::<NetworkPolicy>().list(&everything).await?.items, namespace };
    let pods = state::pods(run).await?;

    say(Event::Doing("looks from outside".to_owned()));
    for (target, ways) in outside::outside(plan, &live, &services, &ingresses, &pods).await {
        results.in_cluster(plan.targets[target].object.id).outside = ways;
    }

    say(Event::Doing("looks whether policies are kept to".to_owned()));
    let anchor = inside::open(run, &policies).await?;
    let secrets: BTreeSet<String> = pods
        .iter()
        .flat_map(|p| p.spec.iter().flat_map(|s| s.image_pull_secrets.iter().flatten()))
        .map(|s| s.name.clone())
        .collect();
    let probes = Probes {
        run,
        image: &options.probe_image,
        anchor: &anchor,
        pull_secrets: secrets.into_iter().collect(),
    };
    let mut enforced = inside::enforced(&probes, &policies).await?;

    say(Event::Doing("asks Services".to_owned()));
    for (name, answers) in inside::services(&probes, plan, &services, &live).await? {
        if let Some(manifest) = plan.manifests.iter().find(|m| m.kind == "Service" && m.name == name) {
            results.in_cluster(manifest.object).answers = answers;
        }
    }

    say(Event::Doing("asks as each workload".to_owned()));
    let edges = enforced != Some(false) && !policies.all.is_empty();
    let seen = inside::as_workloads(&probes, plan, &services, &live, &policies, edges).await?;
    if enforced.is_none() {
        let closed: Vec<bool> =
            seen.edges.values().flatten().filter(|e| !e.allowed).map(|e| !e.open).collect();
        enforced = (!closed.is_empty()).then(|| closed.iter().any(|closed| *closed));
    }
    for (target, names) in seen.names {
        results.in_cluster(plan.targets[target].object.id).names = names;
    }
    // Where nothing is kept to, that is all there is to say.
    for (target, edges) in seen.edges.into_iter().filter(|_| enforced != Some(false)) {
        results.in_cluster(plan.targets[target].object.id).edges = edges;
    }
    verified.enforced = enforced;
    for manifest in plan.manifests.iter().filter(|m| m.kind == "NetworkPolicy") {
        results.in_cluster(manifest.object).enforced = enforced;
    }

    if !options.watch.is_zero() {
        say(Event::Doing(format!("watches health checks for {} s", options.watch.as_secs())));
        for (target, checks) in health::watch(&probes, &live, options.watch).await? {
            results.in_cluster(plan.targets[target].object.id).checks = Some(checks);
        }
    }
    if options.restart {
        for one in &live {
            let target = &plan.targets[one.target];
            say(Event::Doing(format!("restarts {} under load", target.key())));
            match rollout::restart(&probes, target, one, &services, options.requests, options.limit).await? {
                Ok(rollout) => {
                    if rollout.killed > 0 {
                        results.of(target.object.id).stop = Some(Stop {
                            seconds: rollout.longest_stop,
                            code: 137,
                            signal: "SIGTERM".to_owned(),
                            grace: rollout.grace,
                            with_init: None,
                        });
                    }
                    results.in_cluster(target.object.id).rollout = Some(rollout);
                }
                Err(why) => say(Event::Note(format!("`{}` is not restarted: {why}", target.key()))),
            }
        }
    }
    Ok(())
}
