use seaworthy_syntax::yaml::edit;

use crate::project::workflow::Tool;
use crate::project::{ImageJob, Place, Project};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "push-on-pull-request",
    summary: "a pull request that pushes an image before anybody looked at it",
    since: "0.1.0",
    docs: include_str!("push_on_pull_request.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // In a script a condition of the shell may decide.
    let pushes = |job: &&ImageJob| job.push == Some(true) && job.tool == Tool::BuildPushAction;
    for job in project.image_jobs.iter().filter(pushes) {
        let workflow = &project.workflows[job.workflow];
        let Some(trigger) =
            workflow.triggers.iter().find(|t| t.value == "pull_request" || t.value == "pull_request_target")
        else {
            continue;
        };
        let Some(of) = workflow.jobs.iter().find(|j| j.name.value == job.job.value) else { continue };
        // A condition may leave pull requests out, on the job, on its step, or on one that it waits for.
        let conditional = |place: Place| project.node(place).is_some_and(|node| node.get("if").is_some());
        let waits = of
            .needs
            .iter()
            .any(|need| workflow.jobs.iter().any(|j| j.name.value == need.value && conditional(j.place)));
        if conditional(of.place)
            || job.place.is_none_or(conditional)
            || waits
            || job.tags.iter().any(|t| t.value.registry.as_deref() == Some("localhost"))
        {
            continue;
        }
        // `closed` is what a merge is.
        let types = project.node(workflow.place).and_then(|n| n.at(&["on", trigger.value.as_str(), "types"]));
        let merged = types.is_some_and(|types| {
            types
                .items()
                .chain(Some(types))
                .any(|t| t.scalar().is_some_and(|t| t == "closed" || t == "labeled"))
        });
        if !merged {
            ctx.report(job.span, "pushes an image of every pull request")
                .related(trigger.span, "the trigger")
                .fix(Safety::Unsafe, "Push only where the event is no pull request", unless(project, job));
        }
    }
}

/// The input that pushes, with the event in place of `true`.
fn unless(project: &Project, job: &ImageJob) -> Option<Edit> {
    let push = project.node(job.place?)?.at(&["with", "push"])?;
    let expression =
        if project.workflows[job.workflow].triggers.iter().any(|t| t.value == "pull_request_target") {
            "${{ !startsWith(github.event_name, 'pull_request') }}"
        } else {
            "${{ github.event_name != 'pull_request' }}"
        };
    edit::replace(push, &edit::New::Str(expression.into())).ok()
}
