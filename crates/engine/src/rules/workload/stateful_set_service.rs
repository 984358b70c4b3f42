use crate::project::kubernetes::Detail;
use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "stateful-set-service",
    summary: "a StatefulSet whose Service gives its pods no names",
    since: "0.1.0",
    docs: include_str!("stateful_set_service.md"),
    aliases: &["statefulset-has-servicename"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.kind != WorkloadKind::StatefulSet || workload.object(ctx.project).group() != "apps" {
        return;
    }
    let Some(name) = workload.service_name.as_ref().filter(|name| !name.value.is_empty()) else {
        ctx.report(workload.headline, "names no Service, so its pods have no names of their own").aside(true);
        return;
    };
    let links = &ctx.project.links.services;
    let Some(reference) = links.iter().find(|s| s.from == workload.object && s.at == name.span) else {
        return;
    };
    let Some(object) = reference.service.map(|id| ctx.project.object(id)) else {
        let message = format!("there is no Service `{}` in this repository", name.value);
        ctx.report(name.span, message).aside(true);
        return;
    };
    let Detail::Service(service) = &object.detail else { return };
    if !service.headless && service.kind.value().is_none_or(|kind| kind != "ExternalName") {
        let message = format!("`{}` is not headless, so its pods have no names of their own", name.value);
        ctx.report(name.span, message).related(object.headline(), "the Service has a cluster IP");
    }
}
