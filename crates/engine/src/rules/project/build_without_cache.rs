use crate::project::Project;
use crate::project::workflow::Tool;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "build-without-cache",
    summary: "an image that CI builds from nothing each time",
    since: "0.1.0",
    docs: include_str!("build_without_cache.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for job in &project.image_jobs {
        if job.tool == Tool::BuildPushAction && !job.cached {
            ctx.report(job.span, "builds every layer anew: no cache of an earlier run is named");
        }
    }
}
