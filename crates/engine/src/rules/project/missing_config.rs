use std::collections::BTreeSet;

use seaworthy_syntax::Span;
use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit::New;

use crate::project::kubernetes::{Detail, ObjectId};
use crate::project::links::{ConfigSource, ConfigUse, Names, closest};
use crate::project::{Project, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-config",
    summary: "a ConfigMap or Secret, or a key of it, that is used and not there",
    since: "0.1.0",
    docs: include_str!("missing_config.md"),
    aliases: &["env-value-from"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut said = BTreeSet::new();
    // Whatever has another name may be made elsewhere, by hand or by a controller.
    let beside: Names<'_, (_, bool)> = project
        .objects
        .iter()
        .filter_map(|o| {
            let secret = match &o.detail {
                Detail::ConfigMap(_) => false,
                Detail::Secret(_) => true,
                _ => return None,
            };
            Some(((project.directory(o.source), secret), o.name.as_ref()?.value.as_str()))
        })
        .collect();
    for used in project.links.configs.iter().filter(|used| !used.optional) {
        let container = project.container(used.container);
        let Some(object) = container.workload.map(|id| project.workload(id).object(project)) else {
            continue;
        };
        if object.patch || !said.insert((used.at, used.key.as_ref().map(|k| k.value.as_str()))) {
            continue;
        }
        let kind = if used.secret { "Secret" } else { "ConfigMap" };
        match used.source {
            ConfigSource::Object(id) if used.has_key == Some(false) && is_whole(project, id, used) => {
                let Some(key) = &used.key else { continue };
                let config = project.object(id);
                let message = format!(
                    "the {kind} `{}` has no key `{}`: the container never starts",
                    used.name, key.value
                );
                ctx.report(key.span, message).related(config.headline(), format!("the {kind}")).fix(
                    Safety::Unsafe,
                    "Take the key of almost this name",
                    || {
                        let (Detail::ConfigMap(data) | Detail::Secret(data)) = &config.detail else {
                            return None;
                        };
                        let meant = closest(&key.value, data.keys.iter().map(|k| k.value.as_str()))?;
                        project.write_at(
                            written(project, key.span, "key", &key.value)?,
                            &New::Str(meant.to_owned()),
                        )
                    },
                );
            }
            ConfigSource::Elsewhere => {
                if let Some(meant) =
                    beside.closest((project.directory(object.source), used.secret), &used.name)
                {
                    let message = format!("there is no {kind} `{}`; did you mean `{meant}`?", used.name);
                    ctx.report(used.at, message).fix(
                        Safety::Unsafe,
                        format!("Take it from `{meant}`"),
                        || {
                            project.write_at(
                                written(project, used.at, "name", &used.name)?,
                                &New::Str(meant.to_owned()),
                            )
                        },
                    );
                }
            }
            _ => {}
        }
    }
}

/// Where a name is written that is used at a place, or beside it.
fn written(project: &Project, at: Span, key: &str, name: &str) -> Option<Span> {
    let node = project.node_at(at)?;
    let beside = || node.parent()?.get(key);
    let found = [Some(node), beside()].into_iter().flatten();
    found.filter(|node| node.scalar().is_some_and(|text| text == name)).map(Node::span).next()
}

/// Whether an object says all its keys: one without any waits to be filled in, and Kustomize may add to it.
fn is_whole(project: &Project, id: ObjectId, used: &ConfigUse) -> bool {
    let (Detail::ConfigMap(data) | Detail::Secret(data)) = &project.object(id).detail else { return false };
    let runs = project.container(used.container).workload;
    let task = runs.is_some_and(|id| project.workload(id).kind == WorkloadKind::Running);
    let generated =
        project.kustomizations.iter().flat_map(|k| &k.generated).any(|g| g.name.value == used.name);
    !data.keys.is_empty() && !task && !generated && !project.has_namesake(project.object(id))
}
