use seaworthy_syntax::yaml::edit::New;

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "selector-mismatch",
    summary: "a selector that does not select the pods of its own template",
    since: "0.1.0",
    docs: include_str!("selector_mismatch.md"),
    aliases: &[
        "mismatching-selector",
        "deployment-pod-selector-labels-match-template-metadata-labels",
        "statefulset-pod-selector-labels-match-template-metadata-labels",
        "C-0296",
    ],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let checked = matches!(
        workload.kind,
        WorkloadKind::Deployment
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet
            | WorkloadKind::ReplicaSet
    );
    let group = workload.object(ctx.project).group();
    if !checked || !matches!(group, "apps" | "extensions") {
        return;
    }
    let Some(selector) = workload.selector.as_ref() else {
        if !workload.object(ctx.project).patch {
            ctx.report(workload.headline, "has no selector: the API refuses it").aside(true);
        }
        return;
    };
    if selector.matches(&workload.pod_labels) {
        return;
    }
    let wrong = selector
        .labels
        .iter()
        .find(|(key, value)| workload.pod_label(key).is_none_or(|label| label.value != value.value));
    let (at, message) = match wrong {
        Some((key, value)) => {
            let has = match workload.pod_label(key) {
                Some(label) => format!("its pods have `{}`", label.value),
                None => "its pods have no such label".to_owned(),
            };
            (value.span, format!("selects `{}: {}`, but {has}: the API refuses it", key.value, value.value))
        }
        None => {
            (selector.span, "does not select the pods of its own template: the API refuses it".to_owned())
        }
    };
    ctx.report(at, message).fix(Safety::Unsafe, "Let selector and labels agree", || {
        let (key, value) = wrong?;
        match workload.pod_label(key) {
            None => {
                let path = ["template", "metadata", "labels", key.value.as_str()];
                workload.set(project, &path, &New::Str(value.value.clone()))
            }
            // What others select the pods by is what they are called.
            Some(label) if project.links.selecting(workload.id).next().is_some() => {
                project.write_at(value.span, &New::Str(label.value.clone()))
            }
            Some(label) => project.write_at(label.span, &New::Str(value.value.clone())),
        }
    });
}
