use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unmounted-data-path",
    summary: "a program told to keep its data where nothing is mounted",
    since: "0.1.0",
    docs: include_str!("unmounted_data_path.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for (variable, path, mount) in container.data_beside_volumes() {
        let message =
            format!("the data goes to `{path}`, and the volume is at `{}`: nothing is kept", mount.target);
        let at = variable.value.at.unwrap_or(variable.name.span);
        ctx.report(at, message).related(mount.span, "the volume");
    }
}
