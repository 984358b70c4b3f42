use crate::project::container::BASELINE_CAPABILITIES;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "added-capability",
    summary: "a container that gets a capability which no container has by default",
    since: "0.1.0",
    docs: include_str!("added_capability.md"),
    aliases: &[
        "CKV_K8S_25",
        "KSV-0022",
        "CKV_K8S_24",
        "disallow-capabilities",
        "psp-restrict-adding-capabilities",
        "service-mesh-disallow-capabilities",
        "psp-deny-allowed-capabilities",
        "C-0219",
        "baseline:Capabilities",
        "CL-0029",
        "CL-0030",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.windows {
        return;
    }
    for capability in &container.added_capabilities {
        let name = capability.value.as_str();
        let usual = BASELINE_CAPABILITIES.contains(&name);
        let ids: &'static [&'static str] = match (container.is_in_pod(), usual) {
            // Checkov asks of any; the last two are compose-lint's.
            (true, true) => &RULE.aliases[..1],
            (true, false) => RULE.aliases.split_at(RULE.aliases.len() - 2).0,
            (false, _) => tier(name),
        };
        let message = format!("`{}` gets `{name}` on top of what containers have", container.name.value);
        ctx.report(capability.span, message).aside(usual).ids(ids).set(
            Safety::Unsafe,
            format!("Do not add `{name}`"),
            container,
            &Intent::RemoveCapability(name.to_owned()),
        );
    }
}

/// The class that compose-lint puts a capability in which does not lead out of the container by itself.
fn tier(name: &str) -> &'static [&'static str] {
    match name {
        "IPC_LOCK" | "LEASE" | "SYS_NICE" => &["CL-0029"],
        "SYSLOG" => &["CL-0030"],
        _ => &[],
    }
}
