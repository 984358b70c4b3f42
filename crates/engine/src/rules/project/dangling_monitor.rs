use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::{Object, Selector};
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangling-monitor",
    summary: "a ServiceMonitor that finds no Service",
    since: "0.1.0",
    docs: include_str!("dangling_monitor.md"),
    aliases: &["dangling-servicemonitor"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch && o.group() == "monitoring.coreos.com") {
        let wanted = match object.kind.value.as_str() {
            "ServiceMonitor" => "Service",
            "PodMonitor" => "Pod",
            _ => continue,
        };
        let Some(node) = object.at(project, &["spec", "selector"]) else { continue };
        let selector = Selector::read(node);
        if selector.is_empty() || matched(project, &selector, wanted) {
            continue;
        }
        let labels = |key: &str| labels_beside(project, object, wanted, key);
        let meant = selector.labels.iter().find_map(|(key, value)| {
            let names = labels(&key.value);
            Some((key, value, closest(&value.value, names.into_iter())?.to_owned()))
        });
        if let Some((key, value, near)) = meant {
            let message = format!("no {wanted} has `{}: {}`; did you mean `{near}`?", key.value, value.value);
            ctx.report(value.span, message).fix(Safety::Unsafe, format!("Mean `{near}`"), || {
                project.write_at(value.span, &New::Str(near.clone()))
            });
        } else {
            ctx.report(selector.span, format!("no {wanted} here has these labels")).aside(true);
        }
    }
}

fn matched(project: &Project, selector: &Selector, kind: &str) -> bool {
    if kind == "Pod" {
        return project.workloads.iter().any(|w| selector.matches(&w.pod_labels));
    }
    project.objects.iter().any(|o| o.kind.value == kind && selector.matches(&o.labels))
}

/// What Services, or pods, in the same directory have under a label.
fn labels_beside<'p>(project: &'p Project, object: &Object, kind: &str, key: &str) -> Vec<&'p str> {
    let beside = |other: &&Object| project.directory(other.source) == project.directory(object.source);
    if kind == "Pod" {
        let workloads = project.workloads.iter().filter(|w| beside(&w.object(project)));
        return workloads.filter_map(|w| w.pod_label(key)).map(|label| label.value.as_str()).collect();
    }
    let services = project.objects.iter().filter(|o| o.kind.value == kind).filter(beside);
    services.filter_map(|o| o.label(key)).map(|label| label.value.as_str()).collect()
}
