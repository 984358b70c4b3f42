use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit::New;

use crate::project::container::Volume;
use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-rolling-update",
    summary: "a deployment whose updates take it down",
    since: "0.1.0",
    docs: include_str!("no_rolling_update.md"),
    aliases: &["no-rolling-update-strategy", "deployment-strategy", "C-0305"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if workload.kind != WorkloadKind::Deployment {
        return;
    }
    let node = workload.at(project, &["strategy", "type"]);
    let kind = node.and_then(Node::scalar);
    let rolling = New::Map(vec![("type".to_owned(), New::Str("RollingUpdate".to_owned()))]);
    match (node, kind.as_deref()) {
        (Some(node), Some("Recreate")) => {
            // What only one pod may mount is the reason to stop the old one first.
            let claims =
                workload.pod.volumes.iter().any(|v| matches!(v.volume, Volume::Named(_) | Volume::Bind(_)));
            let edits = || if claims { None } else { workload.set(project, &["strategy"], &rolling) };
            ctx.report(node.span(), "every update stops all pods before it starts new ones").fix(
                Safety::Unsafe,
                "Replace pods one after the other",
                edits,
            );
        }
        (_, Some(_)) => {}
        // It is what a Deployment does anyway, and some want it written.
        _ => {
            ctx.report(
                workload.headline,
                "does not say how pods are replaced; they are, one after the other",
            )
            .aside(true)
            .ids(&["no-rolling-update-strategy", "C-0305"]);
        }
    }
}
