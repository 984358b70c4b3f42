use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "cluster-admin",
    summary: "a binding that gives somebody every right of the cluster",
    since: "0.1.0",
    docs: include_str!("cluster_admin.md"),
    aliases: &[
        "cluster-admin-role-binding",
        "clusterrolebindingClusterAdmin",
        "rolebindingClusterAdminClusterRole",
        "KSV-0111",
        "C-0035",
        "C-0185",
        "C-0187",
        "restrict-binding-clusteradmin",
        "rolebindingClusterAdminRole",
        "C-0272",
        "C-0267",
        "workload-with-administrative-roles",
        "workload-with-cluster-takeover-roles",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Binding(binding) = &object.detail else { continue };
        let Some(role) =
            binding.role.as_ref().filter(|r| r.kind == "ClusterRole" && r.name.value == "cluster-admin")
        else {
            continue;
        };
        let names: Vec<String> = binding
            .subjects
            .iter()
            .filter(|(subject, _)| subject.name.value != "system:masters")
            .map(|(subject, _)| format!("`{}`", subject.name.value))
            .collect();
        if names.is_empty() {
            continue;
        }
        let what =
            if binding.cluster { "every right in the whole cluster" } else { "every right in the namespace" };
        let severity = if binding.cluster { Severity::High } else { Severity::Medium };
        ctx.report(role.name.span, format!("gives {} {what}", names.join(", "))).severity(severity);
    }
}
