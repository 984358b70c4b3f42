use crate::measured::Subject;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "silent-service",
    summary: "a Service that does not answer although its pods are ready",
    since: "0.1.0",
    docs: include_str!("silent_service.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(measured), Some(object)) = (subject.cluster(), subject.object) else { return };
    let Detail::Service(service) = &object.detail else { return };
    for answer in measured.answers.iter().filter(|a| !a.open) {
        let written = service.ports.iter().find(|p| p.port.value == answer.port);
        let at = written.map_or(object.headline(), |p| p.target.as_ref().map_or(p.port.span, |t| t.span));
        ctx.report(
            at,
            format!("`{}` does not answer on port {}: {}", subject.name(), answer.port, answer.problem),
        );
    }
}
