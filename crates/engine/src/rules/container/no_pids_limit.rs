use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-pids-limit",
    summary: "a container that may start any number of processes",
    since: "0.1.0",
    docs: include_str!("no_pids_limit.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.is_in_pod() || !container.pids_limit.is_unset() {
        return;
    }
    let message =
        format!("`{}` may take every process id of the host: `pids_limit` is not set", container.name.value);
    ctx.report(container.name.span, message);
}
