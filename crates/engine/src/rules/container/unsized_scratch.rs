use seaworthy_syntax::yaml::edit::{self, New};

use crate::Target;
use crate::project::Container;
use crate::project::container::Volume;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unsized-scratch",
    summary: "scratch space that may fill the node",
    since: "0.1.0",
    docs: include_str!("unsized_scratch.md"),
    aliases: &["add-emptydir-sizelimit"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
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
            )
            .fix(Safety::Unsafe, "Let it take a gibibyte", || {
                let pod = &project.workload(container.workload.filter(|_| !memory)?).pod;
                let name = mount.name.as_ref()?;
                let volume = pod.volumes.iter().find(|v| v.name.value == name.value)?;
                edit::set_path(
                    project.node(volume.place)?,
                    &["emptyDir", "sizeLimit"],
                    &New::Str("1Gi".into()),
                )
                .ok()
            });
        }
    }
}
