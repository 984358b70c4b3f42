use crate::project::Container;
use crate::project::container::{Role, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-storage-request",
    summary: "a container that sets no local disk aside, or may fill it",
    since: "0.1.0",
    docs: include_str!("no_storage_request.md"),
    aliases: &["container-ephemeral-storage-request-and-limit", "require-emptydir-requests-and-limits"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

const ANY: [&str; 1] = ["container-ephemeral-storage-request-and-limit"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let resources = &container.resources;
    if !container.is_in_pod() || container.role == Role::Ephemeral {
        return;
    }
    let what = match (resources.storage_request.is_unset(), resources.storage_limit.is_unset()) {
        (false, false) => return,
        (true, true) => "neither sets local disk aside nor limits it",
        (true, false) => "sets no local disk aside",
        (false, true) => "may fill the disk of its node",
    };
    let scratch = |volume: &Volume| matches!(volume, Volume::Scratch { memory: false, .. });
    let ids: &'static [&'static str] =
        if container.mounts.iter().any(|mount| scratch(&mount.volume)) { ctx.all_ids() } else { &ANY };
    ctx.report(container.name.span, format!("`{}` {what}", container.name.value)).ids(ids);
}
