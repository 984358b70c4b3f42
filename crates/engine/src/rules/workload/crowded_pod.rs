use crate::project::Workload;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "crowded-pod",
    summary: "a pod of more containers than belong together",
    since: "0.1.0",
    docs: include_str!("crowded_pod.md"),
    aliases: &["limit-containers-per-pod"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

/// How many containers may well be one program and its helpers.
const FEW: usize = 4;

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let main = workload.containers.iter().filter(|id| project.container(**id).role == Role::Main).count();
    if main > FEW {
        let message = format!("{main} containers start, move and end together");
        ctx.report(workload.headline, message);
    }
}
