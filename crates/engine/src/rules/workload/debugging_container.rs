use crate::project::Workload;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "debugging-container",
    summary: "a debugging container that is written into a manifest",
    since: "0.1.0",
    docs: include_str!("debugging_container.md"),
    aliases: &["block-ephemeral-containers"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let containers = workload.containers.iter().map(|id| project.container(*id));
    let Some(first) = containers.filter(|c| c.role == Role::Ephemeral).map(|c| c.name.span).next() else {
        return;
    };
    ctx.report(first, "the API refuses a pod that is made with a debugging container").fix(
        Safety::Unsafe,
        "Leave debugging containers out",
        workload.remove_pod(project, &["ephemeralContainers"]),
    );
}
