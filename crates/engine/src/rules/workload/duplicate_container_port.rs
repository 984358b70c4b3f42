use std::collections::HashMap;

use seaworthy_syntax::yaml::edit::New;
use seaworthy_syntax::{Edit, Spanned};

use crate::project::container::Port;
use crate::project::{Namespace, Project, Role, Workload};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-container-port",
    summary: "two containers of one pod that listen on the same port, or two ports of the same name",
    since: "0.1.0",
    docs: include_str!("duplicate_container_port.md"),
    aliases: &["container-ports-check"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let mut numbers = HashMap::new();
    // On the node's network each may listen at an address of its own.
    let on_host = workload.pod.host_namespaces.iter().any(|n| n.value == Namespace::Network);
    for container in workload.containers.iter().map(|id| ctx.project.container(*id)) {
        if !matches!(container.role, Role::Main | Role::Sidecar) {
            continue;
        }
        let mut names = HashMap::new();
        for port in &container.ports {
            if let Some(name) = &port.name
                && let (first, of) = *names.entry(name.value.as_str()).or_insert((name.span, port))
                && first != name.span
            {
                let message = format!("a second port is named `{}`: the API refuses it", name.value);
                ctx.report(name.span, message).related(first, "the first one").fix(
                    Safety::Unsafe,
                    "Say each port once, by a name of its own",
                    || told_apart(project, port, name, of),
                );
            }
            let other =
                numbers.entry((port.container, port.protocol.as_str())).or_insert((container, port.span));
            // The same container may say the same port twice, under two names.
            if other.0.id != container.id && !on_host {
                let message = format!(
                    "`{}` listens on port {} of the same pod: the second one cannot start",
                    other.0.name.value, port.container
                );
                let first = other.1;
                ctx.report(port.span, message).related(first, "the first one");
            }
        }
    }
}

/// Takes out a port that is one before it, said again; gives another one its number as a part of its name.
fn told_apart(project: &Project, port: &Port, name: &Spanned<String>, first: &Port) -> Option<Vec<Edit>> {
    if (port.container, &port.protocol, port.host) == (first.container, &first.protocol, first.host) {
        return project.take_out(project.node_at(name.span)?.parent()?.span());
    }
    let other = format!("{}-{}", name.value, port.container);
    // The name of a port has at most 15 characters.
    (other.len() <= 15).then(|| project.write_at(name.span, &New::Str(other)))?
}
