use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

use super::unenforced_policy::policy;

pub(crate) static RULE: Rule = Rule {
    name: "blocked-connection",
    summary: "a connection that NetworkPolicies allow and that does not come about",
    since: "0.1.0",
    docs: include_str!("blocked_connection.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(measured) = subject.cluster() else { return };
    for edge in measured.edges.iter().filter(|e| !e.open && e.allowed) {
        let Some(at) = policy(ctx.project, &edge.policy).or_else(|| subject.at(ctx.project)) else { return };
        let (from, name) = (&edge.from, &subject.measured.object);
        let message =
            format!("{from} does not reach port {} of {name}, which the NetworkPolicies allow", edge.port);
        ctx.report(at, message);
    }
}
