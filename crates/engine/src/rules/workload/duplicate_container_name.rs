use std::collections::HashMap;

use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-container-name",
    summary: "two containers of one pod with the same name",
    since: "0.1.0",
    docs: include_str!("duplicate_container_name.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let mut seen = HashMap::new();
    for container in workload.containers.iter().map(|id| ctx.project.container(*id)) {
        let name = &container.name;
        // A container without a name is called by what stands around it.
        if ctx.project.text(name.span).trim_matches(['"', '\'']) != name.value {
            continue;
        }
        if let Some(first) = seen.insert(name.value.as_str(), name.span)
            && first != name.span
        {
            let message = format!("a second container is named `{}`: the API refuses the pod", name.value);
            ctx.report(name.span, message).related(first, "the first one");
        }
    }
}
