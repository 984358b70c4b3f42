use seaworthy_syntax::Span;
use seaworthy_syntax::yaml::Node;

use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "host-process",
    summary: "a Windows pod that is a process of its node",
    since: "0.1.0",
    docs: include_str!("host_process.md"),
    aliases: &[
        "hostProcess",
        "KSV-0103",
        "set-hostprocess-true",
        "disallow-host-process",
        "baseline:HostProcess",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let path = ["securityContext", "windowsOptions", "hostProcess"];
    let containers = workload.containers.iter().map(|id| project.container(*id));
    let own = containers.filter_map(|container| container.at(project, &path));
    let all = workload.pod_at(project, &path).into_iter().chain(own);
    let found: Vec<Span> =
        all.filter(|node| node.scalar().is_some_and(|text| text == "true")).map(Node::span).collect();
    for at in found {
        ctx.report(at, "runs as a process of the node, with all that its account may do there");
    }
}
