use crate::Safety;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "privileged-container",
    summary: "a container with every right of the host",
    since: "0.1.0",
    docs: include_str!("privileged_container.md"),
    aliases: &[
        "CKV_K8S_16",
        "CKV_K8S_2",
        "KSV-0017",
        "container-security-context-privileged",
        "runAsPrivileged",
        "C-0057",
        "Privileged",
        "disallow-privileged-containers",
        "CL-0002",
        "privileged-service",
        "scc-deny-privileged-container",
        "psp-deny-privileged-container",
        "C-0213",
        "baseline:Privileged-Containers",
    ],
    category: Category::Security,
    severity: Severity::Critical,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if !container.privileged.is(&true) {
        return;
    }
    let at = container.privileged.at.unwrap_or(container.name.span);
    let message =
        format!("`{}` has every right of the host: whoever breaks in owns the machine", container.name.value);
    ctx.report(at, message).set(Safety::Unsafe, "Take the rights away", container, &Intent::NotPrivileged);
}
