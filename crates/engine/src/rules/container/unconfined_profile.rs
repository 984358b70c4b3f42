use crate::Safety;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unconfined-profile",
    summary: "a container without the system call filter or access policy of the runtime",
    since: "0.1.0",
    docs: include_str!("unconfined_profile.md"),
    aliases: &[
        "KSV-0104",
        "SeccompUnconfined",
        "ApparmorUnconfined",
        "restrict-seccomp",
        "CL-0009",
        "seccomp-confinement-disabled",
        "restrict-apparmor-profiles",
        "baseline:Seccomp",
        "baseline:AppArmor",
        "restrict-seccomp-strict",
        "restricted:Seccomp",
        "CKV_K8S_31",
        "KSV-0030",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let unconfined = |profile: &String| profile.eq_ignore_ascii_case("unconfined");
    if container.seccomp.value().is_some_and(unconfined) {
        let at = container.seccomp.at.unwrap_or(container.name.span);
        let message = format!("`{}` may make every system call: seccomp is turned off", container.name.value);
        const SECCOMP: [&str; 10] = [
            "KSV-0104",
            "SeccompUnconfined",
            "restrict-seccomp",
            "CL-0009",
            "seccomp-confinement-disabled",
            "baseline:Seccomp",
            "restrict-seccomp-strict",
            "restricted:Seccomp",
            "CKV_K8S_31",
            "KSV-0030",
        ];
        ctx.report(at, message).ids(&SECCOMP).set(
            Safety::Unsafe,
            "Use the runtime's filter",
            container,
            &Intent::DefaultSeccomp,
        );
    }
    if container.apparmor.value().is_some_and(unconfined) {
        let at = container.apparmor.at.unwrap_or(container.name.span);
        const APPARMOR: [&str; 4] =
            ["ApparmorUnconfined", "restrict-apparmor-profiles", "CL-0009", "baseline:AppArmor"];
        ctx.report(at, format!("`{}` runs without an AppArmor profile", container.name.value)).ids(&APPARMOR);
    }
}
