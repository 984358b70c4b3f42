use crate::project::{Container, Origin};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "storage-limit-as-request",
    summary: "a limit of local disk that is set aside in full",
    since: "0.1.0",
    docs: include_str!("storage_limit_as_request.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let resources = &container.resources;
    let Some(limit) =
        resources.storage_limit.value().filter(|_| resources.storage_request.origin == Origin::Platform)
    else {
        return;
    };
    // Some hundred megabytes are on every node.
    if *limit > 1 << 30 {
        let at = resources.storage_limit.at.unwrap_or(container.name.span);
        ctx.report(
            at,
            "without a request of its own all of this is set aside: the pod needs a node with so much free",
        );
    }
}
