use seaworthy_syntax::yaml::Style;
use seaworthy_syntax::yaml::edit::New;

use crate::Target;
use crate::project::container::Role;
use crate::project::{Container, Origin};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-resource-requests",
    summary: "a pod's container that sets no CPU or memory aside",
    since: "0.1.0",
    docs: include_str!("no_resource_requests.md"),
    aliases: &[
        "CKV_K8S_10",
        "CKV_K8S_12",
        "KSV-0015",
        "KSV-0016",
        "unset-cpu-requirements",
        "container-resources",
        "cpuRequestsMissing",
        "memoryRequestsMissing",
        "C-0268",
        "C-0269",
        "RequestsCPU",
        "RequestsMemory",
        "require-requests-limits",
        "require-qos-burstable",
        "C-0050",
        "resources-cpu-requests",
        "resources-memory-requests",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

const CPU: [&str; 8] = [
    "CKV_K8S_10",
    "KSV-0015",
    "unset-cpu-requirements",
    "container-resources",
    "cpuRequestsMissing",
    "C-0268",
    "RequestsCPU",
    "resources-cpu-requests",
];
const MEMORY: [&str; 7] = [
    "CKV_K8S_12",
    "KSV-0016",
    "container-resources",
    "memoryRequestsMissing",
    "C-0269",
    "RequestsMemory",
    "resources-memory-requests",
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.platform == Target::Docker || container.role == Role::Ephemeral {
        return;
    }
    let resources = &container.resources;
    // Where only a limit is set, it is what is set aside too.
    let cpu = resources.cpu_request.is_unset() && resources.cpu_limit.is_unset();
    let memory = resources.memory_request.is_unset() && resources.memory_limit.is_unset();
    let what = match (cpu, memory) {
        (true, true) => "neither CPU nor memory",
        (true, false) => "no CPU",
        (false, true) => "no memory",
        (false, false) => {
            limited(container, ctx);
            return;
        }
    };
    let ids: &'static [&'static str] = match (cpu, memory) {
        (true, true) => ctx.all_ids(),
        (true, false) => &CPU,
        _ => &MEMORY,
    };
    let message =
        format!("`{}` sets {what} aside, so nodes are filled without regard to it", container.name.value);
    if cpu != memory {
        limited(container, ctx);
    }
    let init = container.role == Role::Init;
    ctx.report(container.name.span, message).aside(init).ids(ids);
}

/// A limit without a request counts as one, and some want it written all the same.
fn limited(container: &Container, ctx: &mut Ctx<'_>) {
    let resources = &container.resources;
    let project = ctx.project;
    let what =
        [(&resources.cpu_request, "CPU", &CPU[..]), (&resources.memory_request, "memory", &MEMORY[..])];
    for (_, what, ids) in what.into_iter().filter(|(request, ..)| request.origin == Origin::Platform) {
        let message =
            format!("`{}` does not say what {what} is set aside: its limit is", container.name.value);
        let key = what.to_ascii_lowercase();
        // The first is Checkov's, which takes the one for the other too.
        ctx.report(container.name.span, message).aside(true).ids(&ids[1..]).fix(
            Safety::Safe,
            format!("Say what {what} is set aside"),
            || {
                let limit = container.at(project, &["resources", "limits", &key])?;
                let text = limit.scalar()?;
                let number = (limit.style() == Style::Plain).then(|| text.parse().ok()).flatten();
                let value = number.map_or_else(|| New::Str(text.into_owned()), New::Int);
                container.set_below(project, &["resources", "requests", &key], &value)
            },
        );
    }
}
