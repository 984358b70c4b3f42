use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Origin, Role, Volume, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-fs-group",
    summary: "a claim mounted by a user who may not write to it",
    since: "0.1.0",
    docs: include_str!("missing_fs_group.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let pod = &workload.pod;
    // An init container may hand the volume over.
    let prepared = workload.containers.iter().any(|id| ctx.project.container(*id).role == Role::Init);
    if !pod.fs_group.is_unset() || prepared || workload.kind == WorkloadKind::Running {
        return;
    }
    for container in workload.containers.iter().map(|id| ctx.project.container(*id)) {
        let written = container.mounts.iter().find(|m| matches!(m.volume, Volume::Named(_)) && !m.read_only);
        let Some((mount, user)) = written.zip(container.user.value()) else { continue };
        // What an image says of its own user it also prepares its directories for.
        let said = matches!(container.user.origin, Origin::Own | Origin::Anchor | Origin::Pod);
        let Some(uid) = user.uid.filter(|uid| *uid != 0 && said) else { continue };
        let gid = container.group.value().copied().or(user.gid).filter(|gid| *gid != 0).unwrap_or(uid);
        let message = format!(
            "user {uid} may not be able to write to `{}`: most volumes belong to root, and no `fsGroup` says otherwise",
            mount.target
        );
        let node = ctx.project.node(pod.place);
        let value = New::Int(i64::from(gid));
        let edit = node.and_then(|n| edit::set_path(n, &["securityContext", "fsGroup"], &value).ok());
        ctx.report(mount.span, message).fix(Safety::Unsafe, "Give the volume to the group of its user", edit);
        return;
    }
}
