use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::kubernetes::Detail;
use crate::project::links::SelectionKind;
use crate::project::{Project, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "stateful-set-service",
    summary: "a StatefulSet whose Service gives its pods no names",
    since: "0.1.0",
    docs: include_str!("stateful_set_service.md"),
    aliases: &["statefulset-has-servicename"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if workload.kind != WorkloadKind::StatefulSet || workload.object(project).group() != "apps" {
        return;
    }
    let Some(name) = workload.service_name.as_ref().filter(|name| !name.value.is_empty()) else {
        ctx.report(workload.headline, "names no Service, so its pods have no names of their own")
            .aside(true)
            .fix(Safety::Unsafe, "Name the headless Service", || {
                let spec = project.node(workload.spec)?;
                let name = New::Str(headless(workload, project)?.to_owned());
                edit::set_after(spec, "serviceName", &name, &["selector", "replicas"]).ok()
            });
        return;
    };
    let links = &project.links.services;
    let Some(reference) = links.iter().find(|s| s.from == workload.object && s.at == name.span) else {
        return;
    };
    let Some(object) = reference.service.map(|id| project.object(id)) else {
        let message = format!("there is no Service `{}` in this repository", name.value);
        ctx.report(name.span, message).aside(true);
        return;
    };
    let Detail::Service(service) = &object.detail else { return };
    if !service.headless && service.kind.value().is_none_or(|kind| kind != "ExternalName") {
        let message = format!("`{}` is not headless, so its pods have no names of their own", name.value);
        ctx.report(name.span, message).related(object.headline(), "the Service has a cluster IP").fix(
            Safety::Unsafe,
            "Name the headless Service",
            || {
                let meant = New::Str(headless(workload, project)?.to_owned());
                project.write_at(name.span, &meant)
            },
        );
    }
}

/// The one headless Service of its pods.
fn headless<'p>(workload: &Workload, project: &'p Project) -> Option<&'p str> {
    let services = project.selecting(workload.id, SelectionKind::Service);
    let mut services = services.filter(|o| matches!(&o.detail, Detail::Service(service) if service.headless));
    let name = services.next()?.name.as_ref()?;
    services.next().is_none().then_some(name.value.as_str())
}
