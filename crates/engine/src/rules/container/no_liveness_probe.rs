use crate::project::Container;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-liveness-probe",
    summary: "a container that is not restarted when it hangs",
    since: "0.1.0",
    docs: include_str!("no_liveness_probe.md"),
    aliases: &[
        "CKV_K8S_8",
        "livenessProbeMissing",
        "configured-liveness-probe",
        "C-0056",
        "require-pod-probes",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(workload) = container.workload.map(|w| project.workload(w)) else { return };
    if container.liveness.is_some() || container.role != Role::Main || workload.kind.runs_to_end() {
        return;
    }
    let message =
        format!("`{}` stays as it is when it hangs: it has no liveness probe", container.name.value);
    ctx.report(container.name.span, message);
}
