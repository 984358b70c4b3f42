use crate::Target;
use crate::project::container::Action;
use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::Keyword;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-healthcheck",
    summary: "an image that says nothing of its health",
    since: "0.1.0",
    docs: include_str!("missing_healthcheck.md"),
    aliases: &["DL3057", "CKV_DOCKER_2", "DS-0026", "CIS-DI-0006", "DF012"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    // Kubernetes never looks at it, and what Compose checks itself needs none in the image.
    let deployment = ctx.project.deployed_on(stage);
    let ships = stage.role == StageRole::Final
        && ctx.target() != Some(Target::Kubernetes)
        && (deployment.docker || !deployment.kubernetes);
    let end = stage.end();
    let checked = ctx
        .project
        .containers_of(stage)
        .any(|c| c.healthcheck.as_ref().is_some_and(|p| p.action != Action::None));
    let serves = end.ports().next().is_some();
    let Some(span) = stage.from_span(ctx.project) else { return };
    let here = stage
        .and_below(ctx.project)
        .any(|s| s.instructions(ctx.project).iter().any(|i| i.keyword.value == Keyword::Healthcheck));
    if !here {
        ctx.report(span, "nothing tells whether this image's program works: it has no `HEALTHCHECK`")
            .aside(!ships || !serves || checked || !end.healthcheck().is_unset());
    }
}
