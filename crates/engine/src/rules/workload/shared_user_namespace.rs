use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit::New;

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shared-user-namespace",
    summary: "pods whose root is the root of the node",
    since: "0.1.0",
    docs: include_str!("shared_user_namespace.md"),
    aliases: &["HostUsers"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let pod = &workload.pod;
    // A pod that shares another namespace of the host cannot have this one of its own.
    if pod.windows || !pod.host_namespaces.is_empty() || workload.kind == WorkloadKind::Running {
        return;
    }
    let node = workload.pod_at(project, &["hostUsers"]);
    if node.is_some_and(|node| node.scalar().is_some_and(|text| text == "false")) {
        return;
    }
    let at = node.map_or(workload.headline, Node::span);
    ctx.report(at, "ids of its users are ids of the node: `hostUsers: false` is not set").fix(
        Safety::Unsafe,
        "Give it users of its own",
        workload.set_pod(project, &["hostUsers"], &New::Bool(false)),
    );
}
