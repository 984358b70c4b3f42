use std::collections::BTreeSet;

use seaworthy_syntax::yaml::edit;

use crate::project::Project;
use crate::project::workflow::System;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "fail-fast-builds",
    summary: "a matrix of images whose first failure leaves the others unbuilt",
    since: "0.1.0",
    docs: include_str!("fail_fast_builds.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for (index, workflow) in project.workflows.iter().enumerate() {
        // GitLab finishes what it has begun.
        for job in workflow.jobs.iter().filter(|_| workflow.system != System::GitLab) {
            let Some(strategy) = job.strategy.and_then(|place| project.node(place)) else { continue };
            if job.fail_fast.is_some()
                || strategy.get("fail-fast").is_some()
                || strategy.get("matrix").is_none()
            {
                continue;
            }
            let built =
                project.image_jobs.iter().filter(|i| i.workflow == index && i.job.value == job.name.value);
            // One image on several platforms is one image.
            let images: BTreeSet<_> =
                built.map(|image| (&image.dockerfile, &image.context, &image.target)).collect();
            if images.len() < 2 {
                continue;
            }
            let at = strategy.key().unwrap_or(strategy).span();
            let message =
                format!("the first of {} images that fails ends the builds of the others", images.len());
            ctx.report(at, message).fix(
                Safety::Safe,
                "Let each image succeed or fail on its own",
                edit::set(strategy, "fail-fast", &edit::New::Bool(false)),
            );
        }
    }
}
