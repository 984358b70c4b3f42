use crate::Target;
use crate::project::Container;
use crate::project::container::Action;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "probe-on-unknown-port",
    summary: "a probe on a port name that the container does not have",
    since: "0.1.0",
    docs: include_str!("probe_on_unknown_port.md"),
    aliases: &["liveness-port", "readiness-port", "startup-port"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
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
        ctx.report(probe.port_at.unwrap_or(probe.span), message);
    }
}
