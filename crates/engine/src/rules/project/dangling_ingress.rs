use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::{Detail, Object};
use crate::project::links::Names;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangling-ingress",
    summary: "a route to a Service, or to a port of it, that is not there",
    since: "0.1.0",
    docs: include_str!("dangling_ingress.md"),
    aliases: &["ingress-targets-service", "dangling-ingress-backend", "C-0298", "C-0302"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let services = project.objects.iter().filter(|o| matches!(o.detail, Detail::Service(_)) && !o.patch);
    let beside: Names<'_, _> = services
        .filter_map(|o| Some((project.directory(o.source), o.name.as_ref()?.value.as_str())))
        .collect();
    for reference in &project.links.services {
        let from = project.object(reference.from);
        if !matches!(from.detail, Detail::Ingress(_) | Detail::Route(_)) || from.patch {
            continue;
        }
        let name = project.text(reference.at).trim_matches(['"', '\'']);
        if let Some(service) = reference.service.map(|id| project.object(id)) {
            if reference.has_port == Some(false)
                && let Some(at) = reference.port_at
                && !project.has_namesake(service)
                // The AWS load balancer reads what to do from an annotation.
                && project.text(at).trim_matches(['"', '\'']) != "use-annotation"
            {
                let port = project.text(at).trim_matches(['"', '\'']);
                let message = format!("the Service `{name}` has no port `{port}`");
                ctx.report(at, message).related(service.headline(), "the Service").fix(
                    Safety::Unsafe,
                    "Lead to the only port it has",
                    || project.write_at(at, &only_port(service, port)?),
                );
            }
        } else {
            let Some(meant) = beside.closest(project.directory(from.source), name) else {
                ctx.report(reference.at, format!("there is no Service `{name}` in this repository"))
                    .aside(true);
                continue;
            };
            ctx.report(reference.at, format!("there is no Service `{name}`; did you mean `{meant}`?")).fix(
                Safety::Unsafe,
                format!("Lead to `{meant}`"),
                || project.write_at(reference.at, &New::Str(meant.to_owned())),
            );
        }
    }
}

/// The port of a Service that has one alone, by its name where another one is named.
fn only_port(service: &Object, written: &str) -> Option<New> {
    let Detail::Service(service) = &service.detail else { return None };
    let [port] = service.ports.as_slice() else { return None };
    if written.parse::<u16>().is_ok() {
        return Some(New::Int(port.port.value.into()));
    }
    Some(New::Str(port.name.as_ref()?.value.clone()))
}
