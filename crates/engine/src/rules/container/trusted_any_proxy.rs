use crate::Target;
use crate::project::container::EnvValue;
use crate::project::links::SelectionKind;
use crate::project::{Container, Origin, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "trusted-any-proxy",
    summary: "a server that believes the forwarding headers of whoever connects",
    since: "0.1.0",
    docs: include_str!("trusted_any_proxy.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if is_fenced_in(ctx.project, container) {
        return;
    }
    let Some(at) = in_command(ctx.project, container).or_else(|| in_environment(ctx.project, container))
    else {
        return;
    };
    ctx.report(
        at,
        "whoever reaches the port may say in `X-Forwarded-For` to be anybody: name the proxy's addresses",
    );
}

fn in_command(project: &Project, container: &Container) -> Option<Span> {
    [&container.entrypoint, &container.command].into_iter().find_map(|setting| {
        let words: Vec<&str> = setting.value()?.iter().flat_map(|w| w.split_whitespace()).collect();
        let any = |value: &str| value.trim_matches(['"', '\'']) == "*";
        let trusts = words.iter().enumerate().any(|(at, word)| match word.split_once('=') {
            Some((option, value)) => option == "--forwarded-allow-ips" && any(value),
            None => *word == "--forwarded-allow-ips" && words.get(at + 1).is_some_and(|v| any(v)),
        });
        let at = setting.at.filter(|_| trusts)?;
        // What the image says is reported where the image is made.
        let offset = project.text(at).find("--forwarded-allow-ips").unwrap_or_default();
        let start = at.start as usize + offset;
        let end = if offset > 0 { start + "--forwarded-allow-ips".len() } else { at.end as usize };
        Some(Span::new(at.source, start, end))
    })
}

fn in_environment(project: &Project, container: &Container) -> Option<Span> {
    let own = container.env.iter().rev().find(|v| v.name.value == "FORWARDED_ALLOW_IPS");
    if let Some(variable) = own {
        let any = matches!(variable.value.value(), Some(EnvValue::Literal(value)) if value == "*");
        return any.then(|| variable.value.at.unwrap_or(variable.name.span));
    }
    let end = container.stage(project)?.end();
    let set = matches!(end.env("FORWARDED_ALLOW_IPS"), crate::syntax::dockerfile::Value::Set("*"));
    set.then(|| end.set_at("FORWARDED_ALLOW_IPS"))?
}

/// Whether only what is meant to reach it does: its ports are not published, or a NetworkPolicy says who may.
fn is_fenced_in(project: &Project, container: &Container) -> bool {
    match (container.platform, container.workload) {
        (Target::Kubernetes, Some(workload)) => {
            project.selecting(workload, SelectionKind::NetworkPolicy).next().is_some()
        }
        _ => {
            !container
                .ports
                .iter()
                .any(|p| p.published && !p.host_ip.as_deref().is_some_and(|ip| ip.starts_with("127.")))
                || container.command.origin == Origin::Platform && container.command.value().is_some()
        }
    }
}
