use crate::Target;
use crate::project::Container;
use crate::project::container::Volume;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unsized-scratch",
    summary: "scratch space that may fill the node",
    since: "0.1.0",
    docs: include_str!("unsized_scratch.md"),
    aliases: &["add-emptydir-sizelimit"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for mount in &container.mounts {
        // Compose has no size for scratch space on disk.
        if container.platform == Target::Kubernetes
            && container.resources.storage_limit.is_unset()
            && let Volume::Scratch { memory, sized: false } = mount.volume
            && (!memory || container.resources.memory_limit.is_unset())
        {
            let what = if memory { "all memory" } else { "the disk" };
            ctx.report(
                mount.span,
                format!("`{}` may fill {what} of the node through this `emptyDir`", container.name.value),
            );
        }
    }
}
