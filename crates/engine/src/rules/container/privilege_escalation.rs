use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "privilege-escalation",
    summary: "a container whose processes may gain rights by setuid programs",
    since: "0.1.0",
    docs: include_str!("privilege_escalation.md"),
    aliases: &[
        "CKV_K8S_20",
        "KSV-0001",
        "C-0016",
        "privilege-escalation-container",
        "no-new-privileges",
        "privilegeEscalationAllowed",
        "CKV_K8S_5",
        "psp-deny-allowprivilegeescalation",
        "C-0217",
        "AllowPrivilegeEscalation",
        "disallow-privilege-escalation",
        "restricted:Privilege-Escalation",
        "CL-0003",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    // A privileged container has every right already, and Kubernetes refuses the combination.
    let workbench = ctx.project.is_workbench(container.place.source);
    let privileged = container.privileged.is(&true);
    if !container.privilege_escalation.lacks(&false) || workbench || container.windows {
        return;
    }
    let setting = match container.platform {
        Target::Docker => "`no-new-privileges`",
        Target::Kubernetes => "`allowPrivilegeEscalation: false`",
    };
    let at = container.privilege_escalation.at.unwrap_or(container.name.span);
    let message =
        format!("`{}` may gain rights by setuid programs: {setting} is not set", container.name.value);
    // Who asks for it, or gives capabilities that another user than root gets by a program's file, uses it.
    let asked = container.privilege_escalation.is(&true) || !container.added_capabilities.is_empty();
    let tried = container.learned.as_ref().is_some_and(|learned| learned.no_new_privileges);
    let safety = if asked && !tried { Safety::Unsafe } else { Safety::Safe };
    ctx.report(at, message).severity(container.platform.hardening()).aside(privileged).set(
        safety,
        "Forbid processes to gain rights",
        container,
        &Intent::NoPrivilegeEscalation,
    );
}
