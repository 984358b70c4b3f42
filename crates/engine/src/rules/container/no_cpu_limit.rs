use crate::project::Container;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-cpu-limit",
    summary: "a container that may take all processor time of its node",
    since: "0.1.0",
    docs: include_str!("no_cpu_limit.md"),
    aliases: &[
        "CKV_K8S_11",
        "KSV-0011",
        "cpuLimitsMissing",
        "C-0270",
        "resources-cpu-limits",
        "C-0303",
        "resources-sandbox-cpu-limits",
        "C-0009",
        "LimitsCPU",
        "require-cpu-limits",
        "container-resources",
        "CL-0026",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let resources = &container.resources;
    if container.role == Role::Ephemeral || !resources.cpu_limit.is_unset() {
        return;
    }
    // The last is compose-lint's, which asks for limits of both kinds.
    let (pod, compose) = RULE.aliases.split_at(RULE.aliases.len() - 1);
    let ids = if container.is_in_pod() { pod } else { compose };
    let message = format!("`{}` may take all processor time that nobody set aside", container.name.value);
    ctx.report(container.name.span, message).ids(ids);
}
