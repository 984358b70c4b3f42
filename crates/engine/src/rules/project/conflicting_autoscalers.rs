use seaworthy_syntax::yaml::Node;
use std::collections::HashMap;

use crate::project::Project;
use crate::project::kubernetes::{Detail, Object};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "conflicting-autoscalers",
    summary: "two autoscalers of one workload",
    since: "0.1.0",
    docs: include_str!("conflicting_autoscalers.md"),
    aliases: &["prevent-duplicate-hpa", "prevent-duplicate-vpa", "check-vpa-configuration"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

const HORIZONTAL: [&str; 1] = ["prevent-duplicate-hpa"];
const VERTICAL: [&str; 2] = ["prevent-duplicate-vpa", "check-vpa-configuration"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut first: HashMap<(String, String, Option<&str>), &Object> = HashMap::new();
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Some((kind, name)) = target(project, object) else { continue };
        let namespace = object.namespace.as_ref().map(|n| n.value.as_str());
        let vertical = object.kind.value == "VerticalPodAutoscaler";
        let Some(other) = first.get(&(kind.clone(), name.clone(), namespace)) else {
            first.insert((kind, name, namespace), object);
            continue;
        };
        // The same autoscaler may stand in several variants of a deployment.
        if project.directory(other.source) != project.directory(object.source)
            || other.name.as_ref().map(|n| &n.value) == object.name.as_ref().map(|n| &n.value)
                && other.kind.value == object.kind.value
        {
            continue;
        }
        let by = |o: &Object| matches!(&o.detail, Detail::Autoscaler(a) if !a.resources.is_empty());
        if vertical != (other.kind.value == "VerticalPodAutoscaler") && !by(object) && !by(other) {
            continue;
        }
        let message = format!("`{name}` is scaled by two autoscalers, and each undoes what the other does");
        ctx.report(object.headline(), message)
            .ids(if vertical { &VERTICAL } else { &HORIZONTAL })
            .related(other.headline(), "the other one");
    }
}

/// The kind and the name of what an object scales.
fn target(project: &Project, object: &Object) -> Option<(String, String)> {
    if let Detail::Autoscaler(autoscaler) = &object.detail {
        let target = autoscaler.target.as_ref()?;
        return Some((target.kind.clone(), target.name.value.clone()));
    }
    let reference = object
        .at(project, &["spec", "targetRef"])
        .filter(|_| object.kind.value == "VerticalPodAutoscaler" && object.group() == "autoscaling.k8s.io")?;
    let mode = object.at(project, &["spec", "updatePolicy", "updateMode"]);
    if mode.is_some_and(|mode| mode.scalar().is_some_and(|mode| mode == "Off")) {
        return None;
    }
    let text = |key| reference.get(key).and_then(Node::scalar).map(std::borrow::Cow::into_owned);
    text("kind").zip(text("name"))
}
