use crate::project::container::Role;
use crate::project::kubernetes::New;
use crate::project::links::SelectionKind;
use crate::project::{Workload, WorkloadKind};
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-pre-stop",
    summary: "a pod behind a Service that stops at once",
    since: "0.1.0",
    docs: include_str!("no_pre_stop.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if !matches!(
        workload.kind,
        WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet
    ) || project.selecting(workload.id, SelectionKind::Service).next().is_none()
    {
        return;
    }
    let containers = workload.containers.iter().map(|id| project.container(*id));
    for container in
        containers.filter(|c| c.role == Role::Main && c.pre_stop.is_none() && !c.ports.is_empty())
    {
        let seconds = New::Map(vec![("seconds".to_owned(), New::Int(5))]);
        let hook = New::Map(vec![("sleep".to_owned(), seconds)]);
        let node = project.node(container.place);
        let edit = node.and_then(|n| edit::set_path(n, &["lifecycle", "preStop"], &hook).ok());
        ctx.report(
            container.name.span,
            "it stops while nodes still send it requests: nothing waits until all have heard that it goes",
        )
        .fix(
            Safety::Unsafe,
            "Wait for five seconds before it stops, which needs Kubernetes 1.30",
            edit,
        );
    }
}
