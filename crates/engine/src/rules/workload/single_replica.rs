use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::container::ImageName;
use crate::project::links::SelectionKind;
use crate::project::{Container, Volume, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "single-replica",
    summary: "a deployment of one pod, which every restart takes down",
    since: "0.1.0",
    docs: include_str!("single_replica.md"),
    aliases: &[
        "minimum-three-replicas",
        "deployment-replicas",
        "deploymentMissingReplicas",
        "deployment-has-multiple-replicas",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.kind != WorkloadKind::Deployment {
        return;
    }
    let project = ctx.project;
    let on_purpose = is_one_on_purpose(workload, ctx);
    let at = workload.replicas.as_ref().map_or(workload.headline, |replicas| replicas.span);
    if workload.replicas.as_ref().is_none_or(|replicas| replicas.value < 2) {
        let none = workload.replicas.as_ref().is_some_and(|replicas| replicas.value == 0);
        ctx.report(at, "one pod serves everything: each update, eviction or crash is an outage")
            .aside(on_purpose || none)
            .fix(Safety::Unsafe, "Run two", || {
                let spec = project.node(workload.spec).filter(|_| !on_purpose && !none)?;
                edit::set_after(spec, "replicas", &New::Int(2), &["selector"]).ok()
            });
    } else if workload.replicas.as_ref().is_some_and(|replicas| replicas.value < 3) {
        ctx.report(at, "two pods: while one is updated, one is left")
            .aside(true)
            .ids(&["minimum-three-replicas"]);
    }
}

/// Whether only one pod may run at a time, or something else decides how many there are.
fn is_one_on_purpose(workload: &Workload, ctx: &Ctx<'_>) -> bool {
    let recreated = workload
        .at(ctx.project, &["strategy", "type"])
        .is_some_and(|node| node.scalar().as_deref() == Some("Recreate"));
    let scaled = ctx.project.selecting(workload.id, SelectionKind::Autoscaler).next().is_some()
        || ctx.project.kustomizations.iter().flat_map(|k| &k.replicas).any(|(name, _)| {
            workload.object(ctx.project).name.as_ref().is_some_and(|own| own.value == name.value)
        });
    // What no Service leads to is a worker or a controller, which seldom is more than one.
    let serves = ctx.project.selecting(workload.id, SelectionKind::Service).next().is_some();
    let claim = workload.pod.volumes.iter().any(|v| matches!(v.volume, Volume::Named(_) | Volume::Bind(_)));
    let data = workload.containers.iter().any(|id| {
        ctx.project
            .container(*id)
            .facts()
            .is_some_and(|facts| facts.single_writer == Some(true) || facts.stateful == Some(true))
            || is_store(ctx.project.container(*id))
    });
    recreated || scaled || !serves || claim || data
}

/// Whether an image that nothing is known of is called like a program that keeps what it is given.
fn is_store(container: &Container) -> bool {
    const STORES: [&str; 30] = [
        "alertmanager",
        "cassandra",
        "clickhouse",
        "consul",
        "couchdb",
        "database",
        "db",
        "elasticsearch",
        "etcd",
        "influxdb",
        "kafka",
        "mariadb",
        "memcached",
        "minio",
        "mongo",
        "mongodb",
        "mssql",
        "mysql",
        "nats",
        "neo4j",
        "opensearch",
        "postgres",
        "postgresql",
        "prometheus",
        "pushgateway",
        "rabbitmq",
        "redis",
        "valkey",
        "vault",
        "zookeeper",
    ];
    let image = container.image.value().map_or("", ImageName::short);
    [image, &container.name.value]
        .into_iter()
        .any(|name| name.split(['-', '_', '.']).any(|w| STORES.contains(&w)))
}
