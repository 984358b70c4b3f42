use crate::project::{Container, Intent, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "writable-host-mount",
    summary: "a directory of the host that a container may write to",
    since: "0.1.0",
    docs: include_str!("writable_host_mount.md"),
    aliases: &["alert-rw-hostpath", "C-0045", "ensure-readonly-hostpath"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for mount in container.mounts.iter().filter(|mount| !mount.read_only) {
        let Volume::Bind(path) = &mount.volume else { continue };
        let message = format!("`{}` may write to `{path}` of the host", container.name.value);
        ctx.report(mount.span, message).set(
            Safety::Unsafe,
            "Mount it read-only",
            container,
            &Intent::ReadOnlyMount(mount.target.clone()),
        );
    }
}
