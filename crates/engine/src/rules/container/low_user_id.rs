use crate::project::Container;
use crate::project::Origin;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "low-user-id",
    summary: "a pod whose user or group id may be that of somebody on the node",
    since: "0.1.0",
    docs: include_str!("low_user_id.md"),
    aliases: &[
        "container-security-context-user-group-id",
        "KSV-0020",
        "KSV-0021",
        "CKV_K8S_40",
        "RunAsUser",
        "RunAsGroup",
        "validate-userid-groupid-fsgroup",
        "require-unique-uid-per-workload",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// Ids below this one belong to the accounts of a host and of its distribution's packages.
const FIRST: u32 = 10_000;

/// What others call a finding of the user, and one of the group.
const USER: [&str; 6] = [
    "container-security-context-user-group-id",
    "KSV-0020",
    "CKV_K8S_40",
    "RunAsUser",
    "validate-userid-groupid-fsgroup",
    "require-unique-uid-per-workload",
];
const GROUP: [&str; 3] = ["container-security-context-user-group-id", "KSV-0021", "RunAsGroup"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if !container.is_in_pod() || container.windows || container.role == Role::Ephemeral {
        return;
    }
    let written = |origin| matches!(origin, Origin::Own | Origin::Pod | Origin::Anchor);
    let name = &container.name.value;
    let user = &container.user;
    let uid = user.value().filter(|_| written(user.origin)).and_then(|u| u.uid);
    if !user.is_unknown() && uid.is_none_or(|uid| uid < FIRST) {
        let at = user.at.filter(|_| uid.is_some()).unwrap_or(container.name.span);
        let what = uid.map_or_else(|| "the user of its image".to_owned(), |uid| format!("user {uid}"));
        let message = format!("`{name}` runs as {what}, an id that the node may give to somebody else");
        ctx.report(at, message).ids(&USER);
    }
    let gid = container.group.value().copied();
    if !container.group.is_unknown() && gid.is_none_or(|gid| gid < FIRST) {
        let at = container.group.at.unwrap_or(container.name.span);
        let what = gid.map_or_else(|| "the group of its image".to_owned(), |gid| format!("group {gid}"));
        let message = format!("`{name}` runs as {what}, an id that the node may give to somebody else");
        ctx.report(at, message).ids(&GROUP);
    }
}
