use crate::measured::{Aspect, Subject};
use crate::project::Container;
use crate::syntax::Span;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "drifted-pod",
    summary: "a pod that runs otherwise than its manifest says",
    since: "0.1.0",
    docs: include_str!("drifted_pod.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(measured), Some(workload)) = (subject.cluster(), subject.workload(ctx.project)) else { return };
    for difference in &measured.differences {
        let containers = workload.containers.iter().map(|id| ctx.project.container(*id));
        let container = containers.into_iter().find(|c| c.name.value == difference.container);
        let written = match container {
            Some(container) => place(container, difference.what),
            None => workload.pod.automount_token.at,
        };
        let name = if container.is_some() { &difference.container } else { subject.name() };
        let message = format!(
            "`{name}` does not run as its manifest says: {} is {}, not {}",
            difference.what.as_str(),
            difference.pod,
            difference.manifest,
        );
        ctx.report(written.unwrap_or(workload.headline), message);
    }
}

fn place(container: &Container, what: Aspect) -> Option<Span> {
    match what {
        Aspect::User => container.user.at,
        Aspect::ReadOnlyRoot => container.read_only_root.at,
        Aspect::PrivilegeEscalation => container.privilege_escalation.at,
        Aspect::Seccomp => container.seccomp.at,
        Aspect::Image => container.image.at,
        Aspect::Capabilities => {
            container.dropped_capabilities.first().or(container.added_capabilities.first()).map(|c| c.span)
        }
        Aspect::Token => None,
    }
}
