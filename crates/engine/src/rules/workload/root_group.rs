use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit;

use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "root-group",
    summary: "a pod whose processes or volumes belong to the group root",
    since: "0.1.0",
    docs: include_str!("root_group.md"),
    aliases: &[
        "KSV-0116",
        "require-non-root-groups",
        "psp-check-supplemental-groups",
        "set-fsgroup-value",
        "set-fsgroupchangepolicy-value",
        "set-supplementalgroups-values",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let pod = &workload.pod;
    if pod.fs_group.is(&0)
        && let Some(at) = pod.fs_group.at
    {
        ctx.report(at, "volumes belong to the group root, which every process of group 0 may write to");
    }
    let groups = workload.pod_at(project, &["securityContext", "supplementalGroups"]);
    for group in pod.supplemental_groups.iter().filter(|group| group.value == 0) {
        let item = groups.into_iter().flat_map(Node::items).find(|item| item.span() == group.span);
        let alone = pod.supplemental_groups.len() == 1;
        let removed = item.filter(|_| !alone).and_then(|item| edit::remove_item(item).ok());
        let removed = removed.map(|edit| vec![edit]).or_else(|| {
            alone.then(|| workload.remove_pod(project, &["securityContext", "supplementalGroups"]))?
        });
        ctx.report(group.span, "its processes are in the group root, to which many files of the node belong")
            .fix(Safety::Unsafe, "Leave the group root", removed);
    }
    // Images for OpenShift give group 0 what they write to, so that the primary group is a choice.
    let containers = workload.containers.iter().map(|id| project.container(*id));
    let groups: Vec<_> = containers.filter(|c| c.group.is(&0)).filter_map(|c| c.group.at).collect();
    for at in groups {
        ctx.report(at, "runs in the group root").aside(true);
    }
}
