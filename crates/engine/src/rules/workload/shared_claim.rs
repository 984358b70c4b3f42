use crate::project::kubernetes::{Claim, Detail};
use crate::project::{Project, Volume, Workload, WorkloadKind};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shared-claim",
    summary: "several pods on a volume that only one node can mount",
    since: "0.1.0",
    docs: include_str!("shared_claim.md"),
    aliases: &["readwriteonce-pod"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if !matches!(
        workload.kind,
        WorkloadKind::Deployment | WorkloadKind::ReplicaSet | WorkloadKind::StatefulSet
    ) {
        return;
    }
    let Some(replicas) = workload.replicas.as_ref().filter(|replicas| replicas.value > 1) else { return };
    for volume in &workload.pod.volumes {
        for source in &volume.sources {
            let Volume::Named(name) = &source.volume else { continue };
            let Some((claim, at)) = claim(ctx.project, workload, name) else { continue };
            let once =
                !claim.access.is_empty() && claim.access.iter().all(|a| a.value.starts_with("ReadWriteOnce"));
            if !once {
                continue;
            }
            let message = format!(
                "{} pods share the claim `{name}`, which one node at a time can mount: pods on other nodes never start",
                replicas.value
            );
            ctx.report(source.at, message)
                .related(at, "the claim is `ReadWriteOnce`")
                .related(replicas.span, "the pods");
        }
    }
}

fn claim<'p>(
    project: &'p Project,
    workload: &Workload,
    name: &str,
) -> Option<(&'p Claim, seaworthy_syntax::Span)> {
    let own = workload.object(project);
    let found = project.objects_named(name).filter(|o| !o.patch).filter_map(|object| match &object.detail {
        Detail::Claim(claim) => {
            let same = claim.name.as_ref().filter(|n| n.value == name)?;
            let near =
                own.namespace.as_ref().zip(object.namespace.as_ref()).is_none_or(|(a, b)| a.value == b.value);
            near.then_some((object, claim, same.span))
        }
        _ => None,
    });
    // Of several claims of a name only the one beside it is meant for certain.
    let mut found: Vec<_> = found.collect();
    if found.len() > 1 {
        found.retain(|(object, ..)| object.source == own.source);
    }
    found.first().map(|(_, claim, span)| (*claim, *span))
}
