use crate::project::Container;
use crate::project::container::Mount;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "conflicting-mounts",
    summary: "two mounts at one path",
    since: "0.1.0",
    docs: include_str!("conflicting_mounts.md"),
    aliases: &["duplicate-mount-path"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    for (at, mount) in container.mounts.iter().enumerate() {
        let same = |other: &&Mount| other.target.trim_end_matches('/') == mount.target.trim_end_matches('/');
        if let Some(first) = container.mounts[..at].iter().find(same) {
            let message =
                format!("`{}` already has something mounted at `{}`", container.name.value, mount.target);
            let same = || {
                let name = |mount: &Mount| mount.name.as_ref().map(|name| name.value.clone());
                let again = (name(mount), &mount.sub_path, mount.read_only);
                let item = project.node_at(mount.span).filter(|_| container.is_in_pod())?.parent()?;
                let alike = again == (name(first), &first.sub_path, first.read_only);
                alike.then(|| project.take_out(item.span()))?
            };
            ctx.report(mount.span, message).related(first.span, "mounted here first").fix(
                Safety::Safe,
                "Mount it once",
                same,
            );
        }
    }
}
