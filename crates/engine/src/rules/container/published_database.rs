use crate::Target;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "published-database",
    summary: "a database or broker that every network of the host can reach",
    since: "0.1.0",
    docs: include_str!("published_database.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// Ports of programs that trust whoever reaches them, or are meant for their neighbours alone.
const INTERNAL: [(u16, &str); 17] = [
    (2375, "Docker's API"),
    (2379, "etcd"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5672, "RabbitMQ"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (7687, "Neo4j"),
    (8529, "ArangoDB"),
    (9042, "Cassandra"),
    (9092, "Kafka"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (15672, "RabbitMQ's console"),
    (26257, "CockroachDB"),
    (27017, "MongoDB"),
    (2181, "ZooKeeper"),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.platform == Target::Kubernetes {
        return;
    }
    for port in container.ports.iter().filter(|p| p.published) {
        let Some((_, what)) = INTERNAL.iter().find(|(number, _)| *number == port.container) else { continue };
        if port.host_ip.as_deref().is_some_and(|ip| !matches!(ip, "0.0.0.0" | "::" | "")) {
            continue;
        }
        let host = port.host.map_or_else(|| "a port".to_owned(), |p| format!("port {p}"));
        let message = format!("{what} is open to every network of the host on {host}, past its firewall");
        let own = ctx.project.is_for_development(port.span.source);
        ctx.report(port.span, message).severity(if own { Severity::Low } else { Severity::Medium }).set(
            Safety::Unsafe,
            "Publish it for the host alone",
            container,
            &Intent::PublishLocally(port.span),
        );
    }
}
