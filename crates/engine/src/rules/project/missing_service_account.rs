use std::collections::HashSet;

use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::project::links::Names;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-service-account",
    summary: "a service account with almost the name of one beside it",
    since: "0.1.0",
    docs: include_str!("missing_service_account.md"),
    aliases: &["non-existent-service-account", "C-0307"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let accounts = project.objects.iter().filter(|o| matches!(o.detail, Detail::ServiceAccount(_)));
    let named = accounts.filter_map(|o| Some((project.directory(o.source), o.name.as_ref()?.value.as_str())));
    let beside: Names<'_, _> = named.clone().collect();
    let all: HashSet<&str> = named.map(|(_, name)| name).collect();
    for workload in &project.workloads {
        let object = workload.object(project);
        let account = &workload.pod.service_account;
        let Some((name, at)) = account.value().zip(account.at) else { continue };
        if object.patch || name == "default" || all.contains(name.as_str()) {
            continue;
        }
        if let Some(meant) = beside.closest(project.directory(object.source), name) {
            ctx.report(at, format!("there is no ServiceAccount `{name}`; did you mean `{meant}`?")).fix(
                Safety::Unsafe,
                format!("Run as `{meant}`"),
                || project.write_at(at, &New::Str(meant.to_owned())),
            );
        }
    }
}
