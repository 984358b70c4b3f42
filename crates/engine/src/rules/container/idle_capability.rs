use crate::project::{Container, Intent, Origin};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "idle-capability",
    summary: "a capability that a user who is not root never gets",
    since: "0.1.0",
    docs: include_str!("idle_capability.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// Capabilities that nobody gives to a program's file: they are root's, and only root's processes start with them.
const ROOTS: [&str; 12] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_RESOURCE",
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let said = matches!(
        container.user.origin,
        Origin::Own | Origin::Anchor | Origin::Pod | Origin::Override | Origin::Extends
    );
    let Some(uid) = container.user.value().and_then(|user| user.uid).filter(|uid| *uid != 0 && said) else {
        return;
    };
    if container.privileged.is(&true) {
        return;
    }
    // A program may still be made for it: by a capability of its file, or by becoming root.
    let closed = container.privilege_escalation.is(&false);
    for capability in &container.added_capabilities {
        // Servers have this one as a capability of their file, and every policy lets it be added.
        if capability.value == "NET_BIND_SERVICE" {
            continue;
        }
        let certain = closed || ROOTS.contains(&capability.value.as_str()) && container.facts().is_some();
        if !certain {
            continue;
        }
        let message = format!(
            "user {uid} never has `{}`: only root's processes get what is added here",
            capability.value
        );
        let mut finding = ctx.report(capability.span, message);
        if let Some(at) = container.user.at {
            finding.related(at, "the user");
        }
        let safety =
            if container.platform == Target::Docker && !closed { Safety::Unsafe } else { Safety::Safe };
        finding.set(
            safety,
            format!("Do not add `{}`", capability.value),
            container,
            &Intent::RemoveCapability(capability.value.clone()),
        );
    }
}
