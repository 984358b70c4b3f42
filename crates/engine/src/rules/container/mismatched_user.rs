use crate::project::{Container, Intent, Origin, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "mismatched-user",
    summary: "a public image run as another user than its data belongs to",
    since: "0.1.0",
    docs: include_str!("mismatched_user.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let said = matches!(
        container.user.origin,
        Origin::Own | Origin::Anchor | Origin::Pod | Origin::Override | Origin::Extends
    );
    let (Some(facts), Some(user)) = (container.facts(), container.user.value().filter(|_| said)) else {
        return;
    };
    let (Some(wanted), Some(uid)) = (facts.uid.filter(|uid| *uid != 0), user.uid.filter(|uid| *uid != 0))
    else {
        return;
    };
    if uid == wanted {
        return;
    }
    // The volume of a pod belongs to its group; Docker gives a new volume to whom the image says.
    let grouped = container.workload.is_some_and(|id| !ctx.project.workload(id).pod.fs_group.is_unset());
    let kept: Vec<&str> = facts.volumes.iter().chain(&facts.data).map(String::as_str).collect();
    let data = container.mounts.iter().find(|m| {
        matches!(m.volume, Volume::Named(_)) && kept.contains(&m.target.trim_end_matches('/')) && !m.read_only
    });
    let Some(mount) = data.filter(|_| container.platform == Target::Docker || !grouped) else { return };
    let who = facts.runs_as.as_deref().unwrap_or("the image's own user");
    let message = format!(
        "`{}` belongs to {who}, who is {wanted} in this image: {uid} may not write to it",
        mount.target
    );
    let intent = Intent::User { uid: wanted, gid: facts.gid.unwrap_or(wanted) };
    ctx.report(container.user.at.unwrap_or(container.name.span), message)
        .related(mount.span, "its data")
        .set(Safety::Unsafe, format!("Run as user {wanted}"), container, &intent);
}
