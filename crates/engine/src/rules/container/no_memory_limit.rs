use crate::Safety;
use crate::project::container::Role;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-memory-limit",
    summary: "a container that may take all memory of its node",
    since: "0.1.0",
    docs: include_str!("no_memory_limit.md"),
    aliases: &[
        "CKV_K8S_13",
        "KSV-0018",
        "unset-memory-requirements",
        "memoryLimitsMissing",
        "C-0271",
        "C-0004",
        "LimitsMemory",
        "CL-0026",
        "resources-sandbox-memory-limits",
        "C-0303",
        "C-0009",
        "resource-policies",
        "resources-memory-limits",
    ],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let workbench = ctx.project.is_workbench(container.place.source);
    if container.role == Role::Ephemeral || !container.resources.memory_limit.is_unset() {
        return;
    }
    let message = format!("`{}` may take all memory of the machine it runs on", container.name.value);
    let request = container.resources.memory_request.value().copied();
    let mut finding = ctx.report(container.name.span, message);
    finding.severity(container.platform.hardening()).aside(workbench);
    // Twice what was seen: a minute does not show everything.
    let seen = container.learned.as_ref().and_then(|learned| learned.memory).map(|bytes| {
        const STEP: u64 = 16 << 20;
        bytes.saturating_mul(2).div_ceil(STEP).saturating_mul(STEP)
    });
    if let Some(bytes) = seen.filter(|_| request.is_none()) {
        finding.set(
            Safety::Unsafe,
            "Limit memory to twice what it was seen to take",
            container,
            &Intent::MemoryLimit(bytes),
        );
    } else if let Some(bytes) = request {
        finding.set(
            Safety::Unsafe,
            "Limit memory to what is set aside",
            container,
            &Intent::MemoryLimit(bytes),
        );
    }
}
