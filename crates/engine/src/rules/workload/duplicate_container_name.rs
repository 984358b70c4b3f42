use std::collections::HashMap;

use seaworthy_syntax::yaml::edit::New;

use crate::project::container::ImageName;
use crate::project::{Container, Project, Workload};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-container-name",
    summary: "two containers of one pod with the same name",
    since: "0.1.0",
    docs: include_str!("duplicate_container_name.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
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
            ctx.report(name.span, message).related(first, "the first one").fix(
                Safety::Unsafe,
                "Call it by its image",
                || project.write_at(name.span, &New::Str(other_name(workload, container, project)?)),
            );
        }
    }
}

/// The name of its image, where that is a name and no other container has it; the name with a number otherwise.
fn other_name(workload: &Workload, container: &Container, project: &Project) -> Option<String> {
    let free = |name: &str| {
        workload.containers.iter().all(|id| project.container(*id).name.value != name) && name.len() < 64
    };
    let is_label = |name: &&str| {
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
    };
    let image = container.image.value().map(ImageName::short).filter(is_label);
    let numbered = format!("{}-2", container.name.value);
    image.filter(|name| free(name)).map(str::to_owned).or_else(|| free(&numbered).then_some(numbered))
}
