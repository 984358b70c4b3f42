use crate::project::container::Role;
use crate::project::{Container, Origin, Setting};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unequal-requests",
    summary: "a container whose requests are not its limits",
    since: "0.1.0",
    docs: include_str!("unequal_requests.md"),
    aliases: &[
        "container-resource-requests-equal-limits",
        "container-cpu-requests-equal-limits",
        "container-memory-requests-equal-limits",
        "container-ephemeral-storage-request-equals-limit",
        "memory-requests-equal-limits",
        "require-qos-guaranteed",
        "enforce-resources-as-ratio",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

const CPU: [&str; 3] = [
    "container-resource-requests-equal-limits",
    "container-cpu-requests-equal-limits",
    "require-qos-guaranteed",
];
const MEMORY: [&str; 5] = [
    "container-resource-requests-equal-limits",
    "container-memory-requests-equal-limits",
    "memory-requests-equal-limits",
    "require-qos-guaranteed",
    "enforce-resources-as-ratio",
];
const STORAGE: [&str; 1] = ["container-ephemeral-storage-request-equals-limit"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if !container.is_in_pod() || container.role == Role::Ephemeral {
        return;
    }
    let all = &container.resources;
    unequal(container, ctx, "cpu", &all.cpu_request, &all.cpu_limit, &CPU);
    unequal(container, ctx, "memory", &all.memory_request, &all.memory_limit, &MEMORY);
    unequal(container, ctx, "ephemeral-storage", &all.storage_request, &all.storage_limit, &STORAGE);
}

fn unequal(
    container: &Container,
    ctx: &mut Ctx<'_>,
    resource: &str,
    request: &Setting<u64>,
    limit: &Setting<u64>,
    ids: &'static [&'static str],
) {
    let project = ctx.project;
    // Where only a limit is said, it is the request too.
    let written = request.value().filter(|_| request.origin != Origin::Platform);
    let (Some(asked), Some(most)) = (written, limit.value()) else {
        let one = written.is_none() != limit.is_unset() && !request.is_unknown() && !limit.is_unknown();
        if let Some(at) = request.at.or(limit.at).filter(|_| one && resource != "ephemeral-storage") {
            let message =
                format!("`{}` says only one of request and limit of {resource}", container.name.value);
            ctx.report(at, message).aside(true).ids(ids);
        }
        return;
    };
    if asked == most {
        return;
    }
    let at = request.at.unwrap_or(container.name.span);
    let message = format!("`{}` may take more {resource} than is set aside for it", container.name.value);
    ctx.report(at, message).ids(ids).fix(Safety::Unsafe, "Set aside all that it may take", || {
        container.remove_below(project, &["resources", "requests", resource])
    });
}
