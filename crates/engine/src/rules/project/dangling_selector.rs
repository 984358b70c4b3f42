use seaworthy_syntax::yaml::edit::New;

use crate::project::kubernetes::{Detail, Object};
use crate::project::links::closest;
use crate::project::{Project, Workload};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangling-selector",
    summary: "a NetworkPolicy or a disruption budget whose selector is almost that of pods beside it, and selects none",
    since: "0.1.0",
    docs: include_str!("dangling_selector.md"),
    aliases: &["dangling-networkpolicy", "networkpolicy-targets-pod", "C-0299"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let selector = match &object.detail {
            Detail::NetworkPolicy(policy) => Some(&policy.selector),
            Detail::Budget(budget) => budget.selector.as_ref(),
            _ => None,
        };
        let ids: &'static [&'static str] =
            if matches!(object.detail, Detail::Budget(_)) { &[] } else { RULE.aliases };
        let Some(selector) = selector.filter(|_| project.links.selected_by(object.id).is_empty()) else {
            continue;
        };
        if selector.labels.is_empty() || !selector.expressions.is_empty() {
            // All pods of a namespace, which may come later, or those that a condition tells.
            let near = |workload: &Workload| {
                let other = workload.object(project);
                let both = object.namespace.as_ref().zip(other.namespace.as_ref());
                !other.patch && both.is_none_or(|(a, b)| a.value == b.value)
            };
            if selector.is_empty() && project.workloads.iter().any(near) {
                continue;
            }
            ctx.report(object.headline(), "is about no pod of this repository").aside(true).ids(ids);
            continue;
        }
        let found = project.workloads.iter().filter(|w| is_beside(project, object, w)).find_map(|workload| {
            let mut wrong = selector.labels.iter().filter(|(key, value)| {
                workload.pod_label(key).is_none_or(|label| label.value != value.value)
            });
            let (key, value) = wrong.next().filter(|_| wrong.next().is_none())?;
            let has = workload.pod_label(key)?;
            closest(&has.value, std::iter::once(value.value.as_str()))
                .map(|_| (workload, value.span, key, has))
        });
        if let Some((workload, at, key, has)) = found {
            let message = format!("is about no pod: those beside it have `{}: {}`", key.value, has.value);
            ctx.report(at, message)
                .ids(ids)
                .related(workload.headline, "the pods that seem to be meant")
                .fix(Safety::Unsafe, "Select the pods beside it", || {
                    project.write_at(at, &New::Str(has.value.clone()))
                });
        } else {
            ctx.report(selector.span, "is about no pod of this repository").aside(true).ids(ids);
        }
    }
}

fn is_beside(project: &Project, object: &Object, workload: &Workload) -> bool {
    let other = workload.object(project);
    !other.patch
        && project.directory(other.source) == project.directory(object.source)
        && object.namespace.as_ref().zip(other.namespace.as_ref()).is_none_or(|(a, b)| a.value == b.value)
}
