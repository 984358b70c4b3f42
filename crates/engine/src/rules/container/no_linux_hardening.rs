use crate::project::container::Role;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-linux-hardening",
    summary: "a container that none of the kernel's guards is asked for",
    since: "0.1.0",
    docs: include_str!("no_linux_hardening.md"),
    aliases: &["linuxHardening", "linux-hardening", "C-0055"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let guarded = !container.apparmor.is_unset()
        || !container.seccomp.is_unset()
        || !container.dropped_capabilities.is_empty()
        || container.at(project, &["securityContext", "seLinuxOptions"]).is_some()
        || container.pod_at(project, &["securityContext", "seLinuxOptions"]).is_some();
    if !container.is_in_pod() || container.windows || guarded || container.role == Role::Ephemeral {
        return;
    }
    let message = format!(
        "`{}` asks for no seccomp, AppArmor or SELinux and drops no capability",
        container.name.value
    );
    let safety = if container.added_capabilities.is_empty() { Safety::Safe } else { Safety::Unsafe };
    ctx.report(container.name.span, message).set(
        safety,
        "Use the runtime's seccomp profile",
        container,
        &Intent::DefaultSeccomp,
    );
}
