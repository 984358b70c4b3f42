use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "host-aliases",
    summary: "lines that a pod writes into its `/etc/hosts`",
    since: "0.1.0",
    docs: include_str!("host_aliases.md"),
    aliases: &["KSV-0007", "HostAliases"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if let Some(at) = workload.pod.host_aliases {
        ctx.report(at, "names are decided here and no longer by DNS: an address that moves is not followed")
            .fix(Safety::Unsafe, "Ask DNS for all names", workload.remove_pod(project, &["hostAliases"]));
    }
}
