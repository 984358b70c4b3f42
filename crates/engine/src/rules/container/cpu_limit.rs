use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "cpu-limit",
    summary: "a limit that throttles a program although its node idles",
    since: "0.1.0",
    docs: include_str!("cpu_limit.md"),
    aliases: &["forbid-cpu-limits"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let limit = &container.resources.cpu_limit;
    if !container.is_in_pod() || limit.value().is_none() {
        return;
    }
    let Some(at) = limit.at else { return };
    let message =
        format!("`{}` is throttled here, also where its node has time to spare", container.name.value);
    let path = ["resources", "limits", "cpu"];
    // Where nothing else is said the limit is what is set aside too.
    let safety = if container.resources.cpu_request.is_unset() { Safety::Manual } else { Safety::Unsafe };
    ctx.report(at, message).fix(safety, "Limit no processor time", || container.remove_below(project, &path));
}
