use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::Project;
use crate::project::kubernetes::{Detail, Object};
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangling-autoscaler",
    summary: "an autoscaler of a workload that is not there",
    since: "0.1.0",
    docs: include_str!("dangling_autoscaler.md"),
    aliases: &[
        "dangling-horizontalpodautoscaler",
        "horizontalpodautoscaler-has-target",
        "hpa-has-target",
        "C-0300",
        "check-hpa-exists",
        "verify-vpa-target",
    ],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Autoscaler(autoscaler) = &object.detail else { continue };
        let Some(target) = autoscaler.target.as_ref() else { continue };
        if !project.links.selected_by(object.id).is_empty() {
            continue;
        }
        let here = project.directory(object.source);
        let beside = project.workloads.iter().map(|w| w.object(project));
        let beside: Vec<&Object> =
            beside.filter(|o| !o.patch && project.directory(o.source) == here).collect();
        let named = |o: &&&Object| o.name.as_ref().is_some_and(|name| name.value == target.name.value);
        if let Some(other) = beside.iter().find(named) {
            let message =
                format!("scales a {} `{}`, which is a {}", target.kind, target.name.value, other.kind.value);
            ctx.report(target.name.span, message).related(other.headline(), "the workload of this name").fix(
                Safety::Unsafe,
                format!("Scale the {}", other.kind.value),
                || {
                    let kind = New::Str(other.kind.value.clone());
                    let version = New::Str(other.api_version.value.clone());
                    let keys = [("kind".to_owned(), kind), ("apiVersion".to_owned(), version)];
                    edit::merge(project.node_at(target.name.span)?.parent()?, &keys).ok()
                },
            );
            continue;
        }
        let names = beside.iter().filter(|o| o.kind.value == target.kind).filter_map(|o| o.name.as_ref());
        if let Some(meant) = closest(&target.name.value, names.map(|name| name.value.as_str())) {
            let message =
                format!("there is no {} `{}`; did you mean `{meant}`?", target.kind, target.name.value);
            ctx.report(target.name.span, message).fix(Safety::Unsafe, format!("Scale `{meant}`"), || {
                project.write_at(target.name.span, &New::Str(meant.to_owned()))
            });
        } else {
            let message = format!("there is no {} `{}` in this repository", target.kind, target.name.value);
            ctx.report(target.name.span, message).aside(true);
        }
    }
}
