use std::collections::BTreeSet;

use crate::project::compose::{Composition, Service};
use crate::project::container::EnvVar;
use crate::project::kubernetes::New;
use crate::project::links::{Call, Callee};
use crate::project::{Container, ContainerId, Origin, Project};
use crate::syntax::yaml::{NodeKind, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-dependency",
    summary: "a service that uses a database and does not wait for it",
    since: "0.1.0",
    docs: include_str!("missing_dependency.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        // Where nobody waits for anybody, the programs are meant to try again.
        if composition.services.iter().all(|s| s.depends_on.is_empty()) {
            continue;
        }
        for service in &composition.services {
            let waits = reached(composition, service);
            let mut said = BTreeSet::new();
            // What keeps data waits for nobody, whatever it is told besides.
            if keeps(project.container(service.container)) {
                continue;
            }
            for call in project.links.calls_of(service.container) {
                let Callee::Container(to) = call.to else { continue };
                let Some(name) = call.variable.as_deref().filter(|name| says_callee(name)) else { continue };
                // What all services share is not for each of them.
                if !is_own(project, service, call) {
                    continue;
                }
                let Some(callee) = composition.services.iter().find(|s| s.container == to) else { continue };
                let stateful = keeps(project.container(to));
                let known = waits.contains(&to) || to == service.container || !stateful || !said.insert(to);
                // One that waits for this one cannot be waited for, and a profile may not start it.
                if known
                    || reached(composition, callee).contains(&service.container)
                    || !callee.profiles.is_empty()
                {
                    continue;
                }
                let checked = project.container(to).healthcheck.is_some();
                let message =
                    format!("`{}` uses `{}` by `{name}` and does not wait for it", service.name, callee.name);
                let container = project.container(service.container);
                ctx.report(container.name.span, message).related(call.at, "it is named here").fix(
                    Safety::Unsafe,
                    format!("Wait for `{}`", callee.name),
                    waiting(project, service, &callee.name, checked),
                );
            }
        }
    }
}

/// Whether the variable stands in the service itself, and not in a file or an anchor that others use too.
fn is_own(project: &Project, service: &Service, call: &Call) -> bool {
    let container = project.container(service.container);
    let own = |v: &&EnvVar| call.variable.as_ref() == Some(&v.name.value) && v.value.origin == Origin::Own;
    container.env.iter().any(|v| own(&v)) && project.text(call.at).contains(&call.host)
}

/// Whether a container is a database, a cache or a queue, which programs connect to when they start.
fn keeps(container: &Container) -> bool {
    const STORES: [&str; 24] = [
        "postgres",
        "postgresql",
        "postgis",
        "timescaledb",
        "pgvector",
        "mysql",
        "mariadb",
        "mongo",
        "mongodb",
        "redis",
        "valkey",
        "rabbitmq",
        "kafka",
        "cp-kafka",
        "elasticsearch",
        "opensearch",
        "neo4j",
        "cassandra",
        "clickhouse-server",
        "nats",
        "qdrant",
        "chroma",
        "weaviate",
        "couchdb",
    ];
    container.build.is_none() && container.image.value().is_some_and(|image| STORES.contains(&image.short()))
}

/// Whether a variable of this name tells whom a program calls, and not who may call it.
fn says_callee(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    const NOT: [&str; 6] = ["CORS", "ORIGIN", "ALLOWED", "PUBLIC", "EXTERNAL", "PROXY"];
    const ENDS: [&str; 9] = ["URL", "URI", "HOST", "DSN", "ADDR", "ADDRESS", "SERVER", "ENDPOINT", "BROKER"];
    !NOT.iter().any(|word| name.contains(word)) && ENDS.iter().any(|end| name.ends_with(end))
}

/// The services that one waits for, also through others.
fn reached(composition: &Composition, service: &Service) -> BTreeSet<ContainerId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Service> = vec![service];
    while let Some(service) = open.pop() {
        for dependency in &service.depends_on {
            let next = composition.services.iter().find(|s| s.name == dependency.service.value);
            open.extend(next.filter(|next| found.insert(next.container)));
        }
    }
    found
}

fn waiting(project: &Project, service: &Service, callee: &str, checked: bool) -> Option<crate::Edit> {
    let container = project.container(service.container);
    let node = project.node(container.place)?;
    let written = node.get("depends_on");
    if written.is_none() && !service.depends_on.is_empty() || container.user.origin == Origin::Extends {
        return None;
    }
    let list = written.is_some_and(|w| w.resolve().kind() == NodeKind::Sequence);
    if list {
        return edit::push(written?, &New::Str(callee.to_owned())).ok();
    }
    let condition = if checked { "service_healthy" } else { "service_started" };
    edit::set_path(node, &["depends_on", callee, "condition"], &New::Str(condition.to_owned())).ok()
}
