use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unbounded-log",
    summary: "a container whose log may fill the disk",
    since: "0.1.0",
    docs: include_str!("unbounded_log.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if container.is_in_pod() {
        return;
    }
    let driver = container.item(project, &["logging", "driver"]);
    let kind = driver.and_then(|driver| driver.as_str()).unwrap_or("json-file");
    if kind != "json-file" || container.item(project, &["logging", "options", "max-size"]).is_some() {
        return;
    }
    // Where nothing is said the daemon of the host may say it.
    let at = driver.and_then(crate::project::compose::item::Item::span).unwrap_or(container.name.span);
    let message = format!("the log of `{}` grows until the disk is full", container.name.value);
    let driver = New::Str("local".to_owned());
    let fresh = container.item(project, &["logging", "options"]).is_none();
    ctx.report(at, message).fix(
        Safety::Unsafe,
        "Keep five files of 20 MB, as the driver `local` does",
        || {
            if fresh { container.set_below(project, &["logging", "driver"], &driver) } else { None }
        },
    );
}
