use seaworthy_syntax::yaml::edit::New;

use crate::project::{Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unspread-replicas",
    summary: "replicas that may all run on one node",
    since: "0.1.0",
    docs: include_str!("unspread_replicas.md"),
    aliases: &[
        "no-anti-affinity",
        "deployment-has-host-podantiaffinity",
        "statefulset-has-host-podantiaffinity",
        "pod-topology-spread-constraints",
        "topologySpreadConstraint",
        "topologyspreadconstraints-policy",
        "insert-pod-antiaffinity",
        "spread-pods",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let spread = matches!(workload.kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet);
    let project = ctx.project;
    // Others count only what keeps them from one node.
    let terms = workload.pod_at(project, &["affinity", "podAntiAffinity"]);
    let apart = terms.is_some_and(|terms| project.text(terms.full_span()).contains("hostname"));
    let kept = workload.pod.pod_anti_affinity.is_some() || !workload.pod.spread.is_empty();
    if spread && !apart && (workload.replicas.is_none() || kept) {
        let many = workload.replicas.as_ref().is_none_or(|replicas| replicas.value > 1);
        if many {
            const AFFINITY: [&str; 3] = [
                "no-anti-affinity",
                "deployment-has-host-podantiaffinity",
                "statefulset-has-host-podantiaffinity",
            ];
            ctx.report(workload.headline, "no anti-affinity keeps its pods apart").aside(true).ids(&AFFINITY);
        }
    }
    let Some(replicas) = workload.replicas.as_ref().filter(|r| spread && r.value > 1) else { return };
    if workload.pod.pod_anti_affinity.is_none() && workload.pod.spread.is_empty() {
        let message = format!("nothing keeps the {} pods from running on one node", replicas.value);
        ctx.report(replicas.span, message).fix(Safety::Unsafe, "Prefer nodes and zones apart", || {
            workload.set_pod(project, &["topologySpreadConstraints"], &spread_of(workload)?)
        });
    }
}

/// What spreads the pods of a workload where that can be; what a cluster does by itself ends with it, so it says zones too.
fn spread_of(workload: &Workload) -> Option<New> {
    let selector = workload.selector.as_ref().filter(|s| s.expressions.is_empty() && !s.labels.is_empty())?;
    let text = |text: &str| New::Str(text.to_owned());
    let labels = selector.labels.iter().map(|(key, value)| (key.value.clone(), text(&value.value)));
    let labels = New::Map(labels.collect());
    let constraint = |topology: &str| {
        New::Map(vec![
            ("maxSkew".to_owned(), New::Int(1)),
            ("topologyKey".to_owned(), text(topology)),
            ("whenUnsatisfiable".to_owned(), text("ScheduleAnyway")),
            ("labelSelector".to_owned(), New::Map(vec![("matchLabels".to_owned(), labels.clone())])),
        ])
    };
    Some(New::Seq(vec![constraint("kubernetes.io/hostname"), constraint("topology.kubernetes.io/zone")]))
}
