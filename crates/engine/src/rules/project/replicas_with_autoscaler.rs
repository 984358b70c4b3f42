use seaworthy_syntax::yaml::edit;

use crate::project::Project;
use crate::project::links::SelectionKind;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "replicas-with-autoscaler",
    summary: "a number of replicas where an autoscaler decides it",
    since: "0.1.0",
    docs: include_str!("replicas_with_autoscaler.md"),
    aliases: &["deployment-targeted-by-hpa-does-not-have-replicas-configured"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for selection in project.links.selections.iter().filter(|s| s.kind == SelectionKind::Autoscaler) {
        let workload = project.workload(selection.workload);
        let Some(replicas) = &workload.replicas else { continue };
        let entry = project.node(workload.spec).and_then(|spec| spec.entry("replicas"));
        let message = format!("each apply sets {} pods, whatever the autoscaler has decided", replicas.value);
        ctx.report(replicas.span, message).related(selection.ends.at, "the autoscaler").fix(
            Safety::Unsafe,
            "Leave the number to the autoscaler",
            entry.map(edit::remove),
        );
    }
}
