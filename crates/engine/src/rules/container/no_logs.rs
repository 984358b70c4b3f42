use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-logs",
    summary: "a container whose output is thrown away",
    since: "0.1.0",
    docs: include_str!("no_logs.md"),
    aliases: &["CL-0014"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(driver) = container.item(project, &["logging", "driver"]) else { return };
    if driver.as_str() != Some("none") {
        return;
    }
    let Some(at) = driver.span() else { return };
    ctx.report(at, format!("what `{}` says is kept nowhere", container.name.value)).fix(
        Safety::Unsafe,
        "Keep its output",
        || container.remove_below(project, &["logging"]),
    );
}
