use crate::project::Container;
use crate::project::container::Mount;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "conflicting-mounts",
    summary: "two mounts at one path",
    since: "0.1.0",
    docs: include_str!("conflicting_mounts.md"),
    aliases: &["duplicate-mount-path"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for (at, mount) in container.mounts.iter().enumerate() {
        let same = |other: &&Mount| other.target.trim_end_matches('/') == mount.target.trim_end_matches('/');
        if let Some(first) = container.mounts[..at].iter().find(same) {
            let message =
                format!("`{}` already has something mounted at `{}`", container.name.value, mount.target);
            ctx.report(mount.span, message).related(first.span, "mounted here first");
        }
    }
}
