use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::project::container::Action;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "identical-probes",
    summary: "a liveness probe that asks the same as the readiness probe",
    since: "0.1.0",
    docs: include_str!("identical_probes.md"),
    aliases: &["pod-probes-identical", "validate-probes"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let (Some(liveness), Some(readiness)) = (&container.liveness, &container.readiness) else { return };
    let project = ctx.project;
    let patient = liveness.failures() > readiness.failures();
    if liveness.action == readiness.action && liveness.action != Action::None {
        let message = format!(
            "`{}` is restarted as soon as it is not ready: both probes ask the same",
            container.name.value
        );
        ctx.report(liveness.span, message).aside(patient).related(readiness.span, "the readiness probe").fix(
            Safety::Unsafe,
            "Restart it after twice as many failures",
            || {
                let twice = i64::try_from(readiness.failures()).ok().filter(|_| !patient)?.checked_mul(2)?;
                container.set_below(project, &["livenessProbe", "failureThreshold"], &New::Int(twice))
            },
        );
    }
}
