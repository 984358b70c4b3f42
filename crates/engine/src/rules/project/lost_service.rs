use crate::drift::platforms::{Family, families, is_aside};
use crate::project::compose::Service;
use crate::project::kubernetes::Detail;
use crate::project::links::Callee;
use crate::project::{Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-service",
    summary: "a Compose service that the manifests beside it do not run",
    since: "0.1.0",
    docs: include_str!("lost_service.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let families = families(project);
    for family in &families {
        let others: Vec<&Family<'_>> = families
            .iter()
            .filter(|other| {
                std::ptr::eq(other.composition, family.composition) && !std::ptr::eq(*other, family)
            })
            .collect();
        // Manifests that run little of it, beside others that run more, are meant to.
        let partial = family.twins.len() * 2 < family.composition.services.len();
        if partial && others.iter().any(|other| other.twins.len() > family.twins.len()) {
            continue;
        }
        for service in &family.lost {
            let container = project.container(service.container);
            if is_aside(container) || is_elsewhere(project, &families, family, service) {
                continue;
            }
            let Some(anchor) = family.twins.first() else { continue };
            let built = project.is_built(container);
            let callers = callers(project, family, container);
            let called = callers.first().map(|at| format!(" `{}` calls it", at.1)).unwrap_or_default();
            let other = others.iter().find_map(|other| other.twin(container.id));
            let severity = match (built, callers.is_empty()) {
                _ if other.is_some() => Severity::Low,
                (true, _) if service.profiles.is_empty() => Severity::High,
                (true, _) | (false, false) => Severity::Medium,
                (false, true) => Severity::Low,
            };
            let profile = service
                .profiles
                .first()
                .map(|p| format!(", which profile `{p}` starts,"))
                .unwrap_or_default();
            let message = if called.is_empty() {
                format!("no workload runs `{}`{profile}", service.name).trim_end_matches(',').to_owned()
            } else {
                format!("no workload runs `{}`{profile} and{called}", service.name)
            };
            let mut finding = ctx.report(container.name.span, message);
            finding.severity(severity);
            match callers.first() {
                Some((at, _)) => finding.related(*at, "it is called here"),
                None => finding.related(anchor.workload.headline, "the manifests run this one"),
            };
            if let Some(other) = other {
                finding.related(other.workload.headline, "other manifests run it");
            }
        }
    }
}

/// What calls a service by a name of its in the manifests.
fn callers<'p>(
    project: &'p Project,
    family: &Family<'p>,
    container: &Container,
) -> Vec<(crate::Span, &'p str)> {
    let service = family.composition.services.iter().find(|s| s.container == container.id);
    let names = |host: &str| {
        service.is_some_and(|s| s.name == host || s.container_name.as_ref().is_some_and(|n| n.value == host))
    };
    let calls = family.twins.iter().flat_map(|twin| project.links.calls_of(twin.there.id));
    calls
        .filter(|call| call.to == Callee::Nobody && names(&call.host))
        .map(|call| (call.at, project.container(call.from).name.value.as_str()))
        .collect()
}

/// Whether something else stands for it: a Service that leads out of the cluster, or manifests that lie apart and hold what
/// these lack. Manifests of the same services in another state do not.
fn is_elsewhere(project: &Project, families: &[Family<'_>], family: &Family<'_>, service: &Service) -> bool {
    let led_out = family.service_named(&service.name).is_some_and(|object| match &object.detail {
        Detail::Service(s) => {
            s.external_name.is_some()
                || s.selector.is_none()
                || project.links.selected_by(object.id).is_empty()
        }
        _ => false,
    });
    let runs = |other: &Family<'_>| {
        let has = |id| other.twins.iter().any(|t| t.here.name.value == project.container(id).name.value);
        has(service.container) && !family.twins.iter().any(|t| has(t.service.container))
    };
    led_out || families.iter().any(runs)
}
