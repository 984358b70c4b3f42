use crate::Safety;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-restart-policy",
    summary: "a service that stays down, while its neighbours come back",
    since: "0.1.0",
    docs: include_str!("no_restart_policy.md"),
    aliases: &["restart-policy-missing"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(composition) = container.composition.and_then(|c| ctx.project.compositions.get(c)) else {
        return;
    };
    if !container.restart.is_unset() || ctx.project.is_for_development(container.place.source) {
        return;
    }
    // Where nobody sets it, the file is for development; what others wait for to complete must not come back.
    let neighbours = composition.services.iter().map(|s| ctx.project.container(s.container));
    let usual =
        neighbours.filter(|c| c.id != container.id).filter_map(|c| c.restart.value()).find(|r| *r != "no");
    let awaited =
        composition.services.iter().flat_map(|s| &s.depends_on).any(|d| {
            d.service.value == container.name.value && d.condition == "service_completed_successfully"
        });
    let Some(usual) = usual.filter(|_| !awaited && !container.ports.is_empty()) else { return };
    let message =
        format!("`{}` stays down after a crash or a reboot; its neighbours restart", container.name.value);
    let policy = if usual == "always" { "always" } else { "unless-stopped" };
    ctx.report(container.name.span, message).set(
        Safety::Unsafe,
        format!("Restart it: `{policy}`"),
        container,
        &Intent::Restart(policy),
    );
}
