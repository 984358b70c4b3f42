use crate::measured::Subject;
use crate::project::Intent;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unneeded-privilege-gain",
    summary: "a container that was seen not to need more rights than it starts with",
    since: "0.1.0",
    docs: include_str!("unneeded_privilege_gain.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(container) = subject.container.filter(|c| c.privilege_escalation.lacks(&false)) else { return };
    if subject.measured.no_new_privileges != Some(true) {
        return;
    }
    let message = format!(
        "`{}` stays healthy where no process may gain rights: `no-new-privileges` is not set",
        subject.name()
    );
    let at = container.privilege_escalation.at.unwrap_or(container.name.span);
    ctx.report(at, message).set(
        Safety::Safe,
        "Let no process gain rights",
        container,
        &Intent::NoPrivilegeEscalation,
    );
}
