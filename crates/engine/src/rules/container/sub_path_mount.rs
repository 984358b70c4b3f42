use crate::project::{Container, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "sub-path-mount",
    summary: "a mount of a path within a volume that the container may write to",
    since: "0.1.0",
    docs: include_str!("sub_path_mount.md"),
    aliases: &["C-0058", "Symlink-Exchange-Can-Allow-Host-Filesystem-Access"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for mount in container.mounts.iter().filter(|mount| container.is_in_pod() && mount.sub_path.is_some()) {
        // What a container cannot write to has no link that it made.
        let held = mount.read_only || matches!(mount.volume, Volume::Config(_) | Volume::Secret(_));
        let message = format!("`{}` mounts a path within a volume", container.name.value);
        ctx.report(mount.span, message).aside(held);
    }
}
