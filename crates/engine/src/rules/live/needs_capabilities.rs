use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "needs-capabilities",
    summary: "a program that does not start without root's capabilities",
    since: "0.1.0",
    docs: include_str!("needs_capabilities.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    // Of a service it is said what it does not need.
    let Some(measured) = subject.measured.capabilities.as_ref().filter(|_| subject.container.is_none())
    else {
        return;
    };
    let Some(at) = subject.at_user(ctx.project) else { return };
    let name = subject.name();
    let message = match (measured.healthy, measured.needs.as_slice()) {
        (true, []) => return,
        (true, needs) => format!("`{name}` does not come up without {}", needs.join(", ")),
        (false, _) => format!("`{name}` does not come up without its capabilities: it {}", measured.problem),
    };
    ctx.report(at, message);
}
