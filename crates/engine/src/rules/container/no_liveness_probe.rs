use crate::project::container::Role;
use crate::project::links::SelectionKind;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

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
        "pod-probes",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
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
    // kube-score asks for one of each kind in a pod, and only where a Service leads to it.
    let mut beside = workload.containers.iter().map(|id| project.container(*id));
    let served = project.selecting(workload.id, SelectionKind::Service).next().is_some()
        && !beside.any(|container| container.liveness.is_some());
    let others = RULE.aliases.len() - usize::from(!served);
    let mut finding = ctx.report(container.name.span, message);
    finding.ids(&RULE.aliases[..others]);
    // It asks as little as it can: what needs others would restart this one with them.
    let other = container.readiness.as_ref().map(|probe| &probe.action);
    if let Some(alive) = container.opens().filter(|alive| Some(alive) != other) {
        finding.set(
            Safety::Unsafe,
            "Restart it where its port no longer opens",
            container,
            &Intent::Probe("livenessProbe", alive),
        );
    }
}
