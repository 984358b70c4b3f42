use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "tight-limit",
    summary: "a limit that a short load comes close to",
    since: "0.1.0",
    docs: include_str!("tight_limit.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(container) = subject.container else { return };
    let limits = [
        (&subject.measured.memory, container.resources.memory_limit.at, "memory"),
        (&subject.measured.pids, container.pids_limit.at, "processes"),
    ];
    for (amount, at, what) in limits {
        let Some((amount, limit)) = amount.as_ref().and_then(|a| Some((a, a.limit?))) else { continue };
        // Four fifths: what is left is for what a minute does not show.
        if amount.load.saturating_mul(5) < limit.saturating_mul(4) {
            continue;
        }
        let share = amount.load.saturating_mul(100) / limit.max(1);
        let message =
            format!("`{}` takes {share} % of its limit of {what} under a short load", subject.name());
        ctx.report(at.unwrap_or(container.name.span), message);
    }
}
