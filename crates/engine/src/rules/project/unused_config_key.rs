use std::collections::{BTreeMap, BTreeSet};

use crate::project::Project;
use crate::project::kubernetes::{Detail, ObjectId};
use crate::project::links::ConfigSource;
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unused-config-key",
    summary: "a key of a ConfigMap that nothing reads",
    since: "0.1.0",
    docs: include_str!("unused_config_key.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // Keys by the ConfigMap they are of; none where all of it is taken.
    let mut used: BTreeMap<ObjectId, Option<BTreeSet<&str>>> = BTreeMap::new();
    for config in project.links.configs.iter().filter(|c| !c.secret) {
        let ConfigSource::Object(id) = config.source else { continue };
        let keys = used.entry(id).or_insert_with(|| Some(BTreeSet::new()));
        match &config.key {
            Some(key) => {
                if let Some(keys) = keys {
                    keys.insert(&key.value);
                }
            }
            None => *keys = None,
        }
    }
    for (id, keys) in used {
        let (object, Some(keys)) = (project.object(id), keys) else { continue };
        let Detail::ConfigMap(data) = &object.detail else { continue };
        // Several of a name are several states of one thing, and a generated or patched one is made of more than this.
        if object.patch
            || project.has_namesake(object)
            || project.kustomizations.iter().any(|k| !k.patches.is_empty())
        {
            continue;
        }
        for key in data.keys.iter().filter(|key| !keys.contains(key.value.as_str())) {
            // A program that is told the map's name may read any key.
            let named = |text: &str| text.contains(key.value.as_str());
            let elsewhere = project.workloads.iter().any(|w| {
                project.directory(w.object(project).source) == project.directory(object.source)
                    && project.node(w.pod.place).is_some_and(|n| named(project.text(n.span())))
            });
            if elsewhere {
                continue;
            }
            let entry = object.at(project, &["data"]).and_then(|data| data.entry(&key.value));
            ctx.report(
                key.span,
                format!("nothing here reads `{}`, though the other keys are read one by one", key.value),
            )
            .fix(Safety::Unsafe, "Remove it", entry.and_then(|e| edit::remove(e).ok()));
        }
    }
}
