use seaworthy_syntax::Span;

use crate::project::Project;
use crate::project::kubernetes::{Claim, Detail};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "incomplete-claim",
    summary: "a claim that says neither how much it needs nor how it is mounted",
    since: "0.1.0",
    docs: include_str!("incomplete_claim.md"),
    aliases: &["VolumeClaimRequestsStorage", "VolumeClaimAccessModeReadWriteOnce"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let objects = project.objects.iter().filter(|o| !o.patch).filter_map(|o| match &o.detail {
        Detail::Claim(claim) if o.group().is_empty() => Some((claim, o.headline())),
        _ => None,
    });
    let whole =
        project.workloads.iter().filter(|w| !w.object(project).patch && w.object(project).group() == "apps");
    let templates = whole.flat_map(|w| w.claims.iter().map(|claim| (claim, w.headline)));
    let found: Vec<(Span, &str)> =
        objects.chain(templates).filter_map(|(claim, at)| missing(claim, at, project)).collect();
    for (at, what) in found {
        ctx.report(at, format!("the API refuses a claim without {what}"));
    }
}

fn missing(claim: &Claim, around: Span, project: &Project) -> Option<(Span, &'static str)> {
    let at = claim.name.as_ref().map_or(around, |name| name.span);
    // A variable may stand where no number was read.
    let unread = project.text(around).contains("${");
    match (claim.access.is_empty(), claim.size.is_none() && claim.volume.is_none() && !unread) {
        (true, true) => Some((at, "an access mode and a size")),
        (true, false) => Some((at, "an access mode")),
        (false, true) => None,
        (false, false) => None,
    }
}
