use seaworthy_syntax::yaml::{Node, edit};

use crate::project::dockerfile::Base;
use crate::project::workflow::{Job, System, Workflow};
use crate::project::{ImageJob, Project};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "serial-builds",
    summary: "image builds that wait for each other without need",
    since: "0.1.0",
    docs: include_str!("serial_builds.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for (index, workflow) in project.workflows.iter().enumerate() {
        let builds = |name: &str| -> Vec<&ImageJob> {
            project.image_jobs.iter().filter(|j| j.workflow == index && j.job.value == name).collect()
        };
        for job in &workflow.jobs {
            for need in &job.needs {
                let (own, before) = (builds(&job.name.value), builds(&need.value));
                let Some(waited) = workflow.jobs.iter().find(|other| other.name.value == need.value) else {
                    continue;
                };
                // The same image on another platform, or one that the other starts from, waits with reason.
                let related = |own: &ImageJob, before: &ImageJob| {
                    own.dockerfile == before.dockerfile
                        || own.dockerfile.is_none()
                        || before.dockerfile.is_none()
                        || takes(project, own, before)
                };
                if own.is_empty()
                    || before.is_empty()
                    || own.iter().any(|own| before.iter().any(|before| related(own, before)))
                    || hands_over(project, job, waited)
                {
                    continue;
                }
                let message = format!(
                    "`{}` waits for `{}`, although neither image needs the other",
                    job.name.value, need.value
                );
                let title = format!("Let `{}` build beside `{}`", job.name.value, need.value);
                ctx.report(need.span, message).fix(
                    Safety::Unsafe,
                    title,
                    at_once(project, workflow, job, &need.value),
                );
            }
        }
    }
}

/// Takes a job out of what another one waits for.
fn at_once(project: &Project, workflow: &Workflow, job: &Job, need: &str) -> Option<Edit> {
    let entry = project.node(job.place)?.entry("needs")?;
    let item = |item: &Node<'_>| item.get("job").unwrap_or(*item).scalar().is_some_and(|name| name == need);
    let items: Vec<Node<'_>> = entry.value.items().collect();
    if items.len() > 1 {
        return edit::remove_item(items.into_iter().find(item)?).ok();
    }
    // Without `needs` a job of GitLab waits for all jobs of the stages before it.
    if workflow.system == System::GitLab {
        return edit::replace(entry.value, &edit::New::Seq(Vec::new())).ok();
    }
    edit::remove(entry).ok()
}

/// Whether a build starts from, or copies from, what another one makes; unknown counts as yes.
fn takes(project: &Project, own: &ImageJob, before: &ImageJob) -> bool {
    let Some(build) = project
        .builds
        .iter()
        .find(|b| project.parse(b.source).is_some_and(|p| Some(&p.source.path) == own.dockerfile.as_ref()))
    else {
        return true;
    };
    // A name that is handed over decides which image it starts from.
    let handed = own.args.iter().any(|(_, value)| value.as_ref().is_none_or(|v| v.contains('/')));
    let made = |base: &Base| match base {
        Base::Image(image) => before
            .tags
            .iter()
            .any(|tag| tag.value.repository.contains('*') || tag.value.short() == image.short()),
        Base::Unknown => true,
        _ => false,
    };
    let bases = build
        .stages
        .iter()
        .flat_map(|stage| std::iter::once(&stage.base).chain(stage.uses.iter().map(|u| &u.from)));
    handed || before.tags.is_empty() || bases.into_iter().any(made)
}

/// Whether a job asks what the other one gave out: outputs, or files.
fn hands_over(project: &Project, job: &Job, waited: &Job) -> bool {
    let asks = project.node(job.place).is_some_and(|node| {
        project.text(node.full_span()).contains(&format!("needs.{}.", waited.name.value))
    });
    let uses = |job: &Job, action: &str| {
        job.steps.iter().filter_map(|s| s.uses.as_ref()).any(|u| u.action == action)
    };
    asks || uses(job, "actions/download-artifact") && uses(waited, "actions/upload-artifact")
        || project.node(waited.place).is_some_and(|node| node.get("artifacts").is_some())
}
