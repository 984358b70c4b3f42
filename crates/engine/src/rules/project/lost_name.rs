use std::collections::BTreeSet;

use crate::drift::platforms::{Family, Twin, dialled, families, value_of};
use crate::project::links::Callee;
use crate::project::{Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-name",
    summary: "a name that Compose resolves and the cluster does not",
    since: "0.1.0",
    docs: include_str!("lost_name.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for family in families(project) {
        let mut said = BTreeSet::new();
        for twin in &family.twins {
            let calls = project.links.calls_of(twin.here.id).iter();
            for call in calls {
                let Callee::Container(to) = call.to else { continue };
                if to == twin.here.id || resolves(project, &family, twin.there, &call.host) {
                    continue;
                }
                let Some(variable) = &call.variable else { continue };
                // Without the variable nobody calls, and from a Secret it may be any name.
                let Some((text, at)) = value_of(project, &family, twin.there, variable) else { continue };
                if !dialled(&text, &call.host) || !said.insert((at, call.host.clone())) {
                    continue;
                }
                let message =
                    format!("`{variable}` calls `{}`, {}", call.host, instead(project, &family, to));
                ctx.report(at, message).related(call.at, "Compose resolves it");
            }
        }
        in_code(project, &family, ctx);
    }
}

/// Names that programs have in their code.
fn in_code(project: &Project, family: &Family<'_>, ctx: &mut Ctx<'_>) {
    let mut said = BTreeSet::new();
    for callee in &family.composition.services {
        let names = [Some(&callee.name), callee.container_name.as_ref().map(|n| &n.value)];
        for name in names.into_iter().flatten() {
            for twin in &family.twins {
                if twin.here.id == callee.container || resolves(project, family, twin.there, name) {
                    continue;
                }
                let Some(stage) = twin.here.stage(project).or_else(|| twin.there.stage(project)) else {
                    continue;
                };
                let Some(code) = project.code(stage).find(|code| dialled(code.text, name)) else { continue };
                if !said.insert((name.clone(), code.file.clone())) {
                    continue;
                }
                let line = code.text.lines().position(|line| dialled(line, name)).map_or(1, |at| at + 1);
                let message = format!(
                    "`{}` calls `{name}` in line {line}, {}",
                    code.file,
                    instead(project, family, callee.container)
                );
                let at = family
                    .twin(callee.container)
                    .map_or(twin.there.name.span, |t| headline(project, family, t));
                ctx.report(at, message).related(twin.here.name.span, "Compose resolves it for this service");
            }
        }
    }
}

fn headline(project: &Project, family: &Family<'_>, twin: &Twin<'_>) -> crate::Span {
    let services = family.services(project, twin.workload.id);
    services.first().map_or(twin.workload.headline, |s| s.headline())
}

/// What there is in its place.
fn instead(project: &Project, family: &Family<'_>, callee: crate::project::ContainerId) -> String {
    let Some(twin) = family.twin(callee) else { return "and nothing here has that name".to_owned() };
    let services = family.services(project, twin.workload.id);
    match services.first().and_then(|s| s.name.as_ref()) {
        Some(name) => format!("and the Service is called `{}`", name.value),
        None => "and no Service has that name".to_owned(),
    }
}

/// Whether a container of the manifests finds somebody of a name.
fn resolves(project: &Project, family: &Family<'_>, container: &Container, name: &str) -> bool {
    // Containers of one pod share an address, and a pod may be told names of its own.
    let workload = container.workload.map(|id| project.workload(id));
    let aliased = workload.is_some_and(|w| w.pod.host_aliases.is_some());
    aliased || family.service_named(name).is_some()
}
