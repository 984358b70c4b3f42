use seaworthy_syntax::yaml::edit;

use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "old-service-account-field",
    summary: "a service account that is named by the key `serviceAccount`",
    since: "0.1.0",
    docs: include_str!("old_service_account_field.md"),
    aliases: &["deprecated-service-account-field", "C-0294"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let Some(at) = workload.pod.old_service_account else { return };
    let Some(pod) = ctx.project.node(workload.pod.place) else { return };
    let Some(entry) = pod.entry("serviceAccount") else { return };
    let edit = match pod.get("serviceAccountName") {
        Some(_) => edit::remove(entry),
        None => edit::rename(entry, "serviceAccountName"),
    };
    ctx.report(at, "`serviceAccount` is an old name of `serviceAccountName`").fix(
        Safety::Safe,
        "Name it `serviceAccountName`",
        edit,
    );
}
