use crate::project::container::Role;
use crate::project::links::SelectionKind;
use crate::project::{Container, Intent, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-readiness-probe",
    summary: "a container behind a Service that nothing asks whether it is ready",
    since: "0.1.0",
    docs: include_str!("no_readiness_probe.md"),
    aliases: &[
        "CKV_K8S_9",
        "pod-probes",
        "readinessProbeMissing",
        "C-0018",
        "require-pod-probes",
        "configured-readiness-probe",
    ],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(workload) = container.workload.map(|w| project.workload(w)) else { return };
    // What runs to its end, and what listens on no port, gets no traffic to be ready for.
    if container.role != Role::Main || workload.kind.runs_to_end() || workload.kind == WorkloadKind::Serving {
        return;
    }
    // kube-score asks for one of each kind in a pod, and only where a Service leads to it.
    let mut beside = workload.containers.iter().map(|id| ctx.project.container(*id));
    let served = ctx.project.selecting(workload.id, SelectionKind::Service).next().is_some()
        && !beside.any(|container| container.readiness.is_some());
    const OTHERS: [&str; 5] =
        ["CKV_K8S_9", "readinessProbeMissing", "C-0018", "require-pod-probes", "configured-readiness-probe"];
    let ids: &'static [&'static str] = if served { ctx.all_ids() } else { &OTHERS };
    if container.readiness.is_none() {
        let quiet = container.ports.is_empty();
        let message = format!(
            "`{}` gets traffic before it can answer: it has no readiness probe",
            container.name.value
        );
        let mut finding = ctx.report(container.name.span, message);
        finding.aside(quiet).ids(ids);
        // Two probes that ask the same are one too many.
        let other = container.liveness.as_ref().map(|probe| &probe.action);
        if let Some(ready) = container.asked(project).filter(|ready| Some(ready) != other) {
            finding.set(
                Safety::Unsafe,
                "Ask what is known to answer",
                container,
                &Intent::Probe("readinessProbe", ready),
            );
        }
    }
}
