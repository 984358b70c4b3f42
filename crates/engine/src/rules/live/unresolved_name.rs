use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unresolved-name",
    summary: "a name that a workload calls and that has no address in the cluster",
    since: "0.1.0",
    docs: include_str!("unresolved_name.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(measured), Some(workload)) = (subject.cluster(), subject.workload(ctx.project)) else { return };
    for name in measured.names.iter().filter(|n| !n.resolves) {
        let calls = workload.containers.iter().flat_map(|id| ctx.project.links.calls_of(*id));
        let written = calls.into_iter().find(|c| c.host == name.name);
        let at = written.map_or(workload.headline, |c| c.at);
        let message = match written.and_then(|c| c.variable.as_ref()) {
            Some(variable) => format!(
                "`{}` calls `{}` by {variable}, and the cluster has no such name",
                subject.name(),
                name.name
            ),
            None => format!("`{}` calls `{}`, and the cluster has no such name", subject.name(), name.name),
        };
        ctx.report(at, message);
    }
}
