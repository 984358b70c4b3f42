use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, Healthcheck, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "idle-healthcheck",
    summary: "takes out the `HEALTHCHECK`, which Kubernetes never runs",
    since: "0.1.0",
    docs: include_str!("idle_healthcheck.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for instruction in stage.instructions(ctx.project).iter().filter(|i| i.onbuild.is_none()) {
        let Arguments::Healthcheck(Healthcheck::Cmd(_)) = &instruction.arguments else { continue };
        ctx.report(
            instruction.keyword.span,
            "the kubelet asks the probes of the manifest and never runs a `HEALTHCHECK`",
        )
        .fix(
            Safety::Safe,
            "Take out the `HEALTHCHECK`; its probe belongs into the manifest",
            edit::remove(file, instruction),
        );
    }
}
