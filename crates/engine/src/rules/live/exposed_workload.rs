use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "exposed-workload",
    summary: "a workload that is meant for the inside, or that no manifest opens, and answers outside of the cluster",
    since: "0.1.0",
    docs: include_str!("exposed_workload.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(measured), Some(at)) = (subject.cluster(), subject.at(ctx.project)) else { return };
    let open = measured.outside.iter().filter(|way| way.open);
    for way in open.filter(|way| way.internal || !way.declared) {
        let name = subject.name();
        let message = if way.declared {
            format!("`{name}` keeps data and answers outside of the cluster at {}: {}", way.address, way.way)
        } else {
            format!(
                "`{name}` answers outside of the cluster at {}: {}, which is in no manifest",
                way.address, way.way
            )
        };
        ctx.report(at, message);
    }
}
