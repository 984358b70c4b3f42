use crate::project::container::Role;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Target};

pub(crate) static RULE: Rule = Rule {
    name: "no-seccomp-profile",
    summary: "a pod's container that may make every system call",
    since: "0.1.0",
    docs: include_str!("no_seccomp_profile.md"),
    aliases: &[
        "CKV_K8S_31",
        "CKV_K8S_32",
        "KSV-0030",
        "SeccompAny",
        "restrict-seccomp-strict",
        "C-0210",
        "set-seccomp-profile",
        "restricted:Seccomp",
        "container-seccomp-profile",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    // Docker applies its filter to every container by itself; the kubelet does not.
    let filtered = container.platform == Target::Docker || container.windows || !container.seccomp.is_unset();
    if filtered || container.role == Role::Ephemeral {
        return;
    }
    // What adds capabilities may use system calls that the filter closes.
    let safety = if container.added_capabilities.is_empty() { Safety::Safe } else { Safety::Unsafe };
    let message =
        format!("`{}` may make every system call: `seccompProfile` is not set", container.name.value);
    // The last is kube-score's, which does not look at what runs before.
    let ids = &RULE.aliases[..RULE.aliases.len() - usize::from(container.role == Role::Init)];
    // A privileged container runs without the filter, whatever is asked for.
    ctx.report(container.name.span, message).aside(container.privileged.is(&true)).ids(ids).set(
        safety,
        "Use the runtime's seccomp profile",
        container,
        &Intent::DefaultSeccomp,
    );
}
