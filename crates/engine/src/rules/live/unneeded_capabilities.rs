use crate::measured::Subject;
use crate::project::Intent;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unneeded-capabilities",
    summary: "capabilities that a container was seen not to need",
    since: "0.1.0",
    docs: include_str!("unneeded_capabilities.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(measured) = subject.measured.capabilities.as_ref().filter(|c| c.healthy) else { return };
    let Some(container) = subject.container else { return };
    let learned = subject.measured.strictest.as_ref().map(|s| &s.capabilities);
    let needs = learned.unwrap_or(&measured.needs);
    let dropped = container.dropped_capabilities.iter().any(|c| c.value == "ALL");
    let unneeded: Vec<&str> = container
        .added_capabilities
        .iter()
        .map(|c| c.value.as_str())
        .filter(|c| !needs.iter().any(|n| n == c))
        .collect();
    let name = subject.name();
    let message = match (dropped, unneeded.is_empty(), needs.is_empty()) {
        (true, true, _) => return,
        (true, false, _) => format!("`{name}` comes up without {}", unneeded.join(", ")),
        (false, _, true) => format!("`{name}` needs none of the capabilities that it has"),
        (false, _, false) => format!("`{name}` needs no capability but {}", needs.join(", ")),
    };
    let at = container
        .dropped_capabilities
        .first()
        .or(container.added_capabilities.first())
        .map_or(container.name.span, |c| c.span);
    let mut finding = ctx.report(at, message);
    if !dropped {
        let intent = Intent::DropCapabilities { keep: needs.clone() };
        finding.set(Safety::Safe, "Drop all capabilities that it does not need", container, &intent);
    }
}
