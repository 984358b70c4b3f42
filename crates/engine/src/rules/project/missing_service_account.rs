use crate::project::Project;
use crate::project::kubernetes::{Detail, Object};
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-service-account",
    summary: "a service account with almost the name of one beside it",
    since: "0.1.0",
    docs: include_str!("missing_service_account.md"),
    aliases: &["non-existent-service-account", "C-0307"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let accounts: Vec<(&Object, &str)> = project
        .objects
        .iter()
        .filter(|o| matches!(o.detail, Detail::ServiceAccount(_)))
        .filter_map(|o| Some((o, o.name.as_ref()?.value.as_str())))
        .collect();
    let directory = |o: &Object| project.parse(o.source).and_then(|p| p.source.path.parent());
    for workload in &project.workloads {
        let object = workload.object(project);
        let account = &workload.pod.service_account;
        let Some((name, at)) = account.value().zip(account.at) else { continue };
        if object.patch || name == "default" || accounts.iter().any(|(_, other)| other == name) {
            continue;
        }
        let beside =
            accounts.iter().filter(|(o, _)| directory(o) == directory(object)).map(|(_, name)| *name);
        if let Some(meant) = closest(name, beside) {
            ctx.report(at, format!("there is no ServiceAccount `{name}`; did you mean `{meant}`?"));
        }
    }
}
