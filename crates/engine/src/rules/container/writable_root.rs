use crate::project::container::Role;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Target};

pub(crate) static RULE: Rule = Rule {
    name: "writable-root",
    summary: "a container that can write its whole file system",
    since: "0.1.0",
    docs: include_str!("writable_root.md"),
    aliases: &[
        "CKV_K8S_22",
        "KSV-0014",
        "no-read-only-root-fs",
        "container-security-context-readonlyrootfilesystem",
        "notReadOnlyRootFilesystem",
        "C-0017",
        "require-ro-rootfs",
        "CL-0007",
        "ReadOnlyRootFilesystem",
        "writable-filesystem-service",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let workbench = ctx.project.is_workbench(container.place.source);
    if container.windows || container.role == Role::Ephemeral || !container.read_only_root.lacks(&true) {
        return;
    }
    let setting = match container.platform {
        Target::Docker => "`read_only: true`",
        Target::Kubernetes => "`readOnlyRootFilesystem: true`",
    };
    let at = container.read_only_root.at.unwrap_or(container.name.span);
    let name = &container.name.value;
    // Which paths a program writes is only known of public images; for others the person who knows has to look.
    let known = container.writable_paths().is_some();
    let safety = match (known, container.learned.is_some()) {
        (true, true) => Safety::Safe,
        (true, false) => Safety::Unsafe,
        (false, _) => Safety::Manual,
    };
    let scratch = container.scratch_paths();
    let message = format!("`{name}` can write its whole file system: {setting} is not set");
    ctx.report(at, message).severity(container.platform.hardening()).aside(workbench).set(
        safety,
        "Make the root file system read-only",
        container,
        &Intent::ReadOnlyRoot { scratch },
    );
}
