use seaworthy_syntax::yaml::edit::New;

use crate::Target;
use crate::project::Container;
use crate::project::container::Action;
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "probe-on-unknown-port",
    summary: "a probe on a port name that the container does not have",
    since: "0.1.0",
    docs: include_str!("probe_on_unknown_port.md"),
    aliases: &["liveness-port", "readiness-port", "startup-port"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    for probe in [&container.readiness, &container.liveness, &container.startup].into_iter().flatten() {
        let (Action::Http { port, .. } | Action::Tcp(port) | Action::Grpc(port)) = &probe.action else {
            continue;
        };
        // A number needs no declaration; a name does.
        let known = port.is_empty()
            || port.contains(['$', '{'])
            || port.parse::<u16>().is_ok()
            || container.ports.iter().any(|p| p.name.as_ref().is_some_and(|name| name.value == *port));
        if known || container.platform == Target::Docker {
            continue;
        }
        let message =
            format!("`{}` has no port named `{port}`, so this probe always fails", container.name.value);
        ctx.report(probe.port_at.unwrap_or(probe.span), message).fix(
            Safety::Unsafe,
            "Ask on the port that is meant",
            || project.write_at(probe.port_at?, &meant(container, port)?),
        );
    }
}

/// The port that a name stands for which none has: the one of almost that name, or the only one.
fn meant(container: &Container, name: &str) -> Option<New> {
    let names = container.ports.iter().filter_map(|port| port.name.as_ref());
    if let Some(near) = closest(name, names.map(|name| name.value.as_str())) {
        return Some(New::Str(near.to_owned()));
    }
    let [port] = container.ports.as_slice() else { return None };
    Some(match &port.name {
        Some(name) => New::Str(name.value.clone()),
        None => New::Int(port.container.into()),
    })
}
