use std::collections::HashMap;

use crate::project::Project;
use crate::project::kubernetes::group;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-object",
    summary: "the same object twice in one file",
    since: "0.1.0",
    docs: include_str!("duplicate_object.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut seen = HashMap::new();
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Some(name) = object.name.as_ref().filter(|name| !name.value.is_empty()) else { continue };
        let namespace = object.namespace.as_ref().map(|n| n.value.as_str());
        let key =
            (object.source, group(&object.api_version), object.kind.as_str(), namespace, name.value.as_str());
        if let Some(first) = seen.insert(key, name.span) {
            let message = format!("a second {} `{}`: the last one counts", object.kind.value, name.value);
            ctx.report(name.span, message).related(first, "the first one");
        }
    }
}
