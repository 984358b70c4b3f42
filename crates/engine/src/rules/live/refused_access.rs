use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "refused-access",
    summary: "a program that is refused something while it runs",
    since: "0.1.0",
    docs: include_str!("refused_access.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    // What never came up has said so already.
    if subject.measured.start.as_ref().is_some_and(|start| !start.healthy) {
        return;
    }
    let Some(line) = subject.measured.refused.first() else { return };
    let Some(at) = subject.at(ctx.project) else { return };
    let more = match subject.measured.refused.len() {
        1 => String::new(),
        n => format!(" (and {} lines like it)", n - 1),
    };
    ctx.report(at, format!("`{}` came up, and says it was refused something: {line}{more}", subject.name()));
}
