use seaworthy_syntax::yaml::edit::New;
use seaworthy_syntax::{Span, Spanned};

use crate::project::kubernetes::{Detail, Object, Selector};
use crate::project::{Project, Workload};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangling-service",
    summary: "a Service whose selector is almost that of pods beside it, and selects none",
    since: "0.1.0",
    docs: include_str!("dangling_service.md"),
    aliases: &["service-targets-pod", "service-with-no-workload", "C-0293"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Service(service) = &object.detail else { continue };
        let Some(selector) = service.selector.as_ref().filter(|s| !s.is_empty()) else {
            // Its addresses are written elsewhere.
            if service.external_name.is_none() {
                ctx.report(object.headline(), "selects no pod: it has no selector")
                    .aside(true)
                    .ids(&["service-targets-pod"]);
            }
            continue;
        };
        if !project.links.selected_by(object.id).is_empty() || service.external_name.is_some() {
            continue;
        }
        // Its pods may be made elsewhere, by an operator or a chart: something here must look like them.
        let Some((workload, at, label)) =
            project.workloads.iter().find_map(|w| meant(project, object, selector, w))
        else {
            ctx.report(selector.span, "selects no pod of this repository").aside(true);
            continue;
        };
        let of = workload.object(project);
        let name = of.name.as_ref().map_or(of.kind.value.as_str(), |name| name.value.as_str());
        let has = match label {
            (key, Some(has)) => format!("have `{key}: {}`", has.value),
            (key, None) => format!("have no label `{key}`"),
        };
        let message = format!("selects no pod: those of `{name}` {has}");
        ctx.report(at, message).related(workload.headline, "the pods that seem to be meant").fix(
            Safety::Unsafe,
            format!("Select the pods of `{name}`"),
            || project.write_at(at, &New::Str(label.1?.value.clone())),
        );
    }
}

/// Whether a workload beside a Service seems to be meant: it has the Service's name, and all but one of the labels. Gives the
/// place of that one, and what its pods have instead.
fn meant<'p>(
    project: &Project,
    object: &Object,
    selector: &'p Selector,
    workload: &'p Workload,
) -> Option<(&'p Workload, Span, (&'p str, Option<&'p Spanned<String>>))> {
    let other = workload.object(project);
    if other.patch || project.directory(other.source) != project.directory(object.source) {
        return None;
    }
    let same_namespace =
        object.namespace.as_ref().zip(other.namespace.as_ref()).is_none_or(|(a, b)| a.value == b.value);
    // Most are told apart by this alone, and there are as many pairs as there are Services times workloads.
    let shares = selector.labels.len() == 1
        || selector
            .labels
            .iter()
            .any(|(key, value)| workload.pod_label(key).is_some_and(|l| l.value == value.value));
    if !shares || !same_namespace || workload.pod_labels.is_empty() {
        return None;
    }
    let mut wrong = selector
        .labels
        .iter()
        .filter(|(key, value)| workload.pod_label(key).is_none_or(|label| label.value != value.value));
    let (key, value) = wrong.next()?;
    let named = object.name.as_ref().zip(other.name.as_ref()).is_some_and(|(a, b)| a.value == b.value);
    let rest = selector.labels.len() - 1 - wrong.count();
    let has = workload.pod_label(key);
    let similar = has.is_some_and(|has| {
        crate::project::links::closest(&has.value, std::iter::once(value.value.as_str())).is_some()
    });
    if !(named && (rest > 0 || similar || selector.labels.len() == 1)
        || similar && rest + 1 == selector.labels.len())
    {
        return None;
    }
    Some((workload, value.span, (key.value.as_str(), has)))
}
