use crate::project::{ImageJob, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "serial-builds",
    summary: "image builds that wait for each other without need",
    since: "0.1.0",
    docs: include_str!("serial_builds.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for (index, workflow) in project.workflows.iter().enumerate() {
        let builds = |name: &str| -> Vec<&ImageJob> {
            project.image_jobs.iter().filter(|j| j.workflow == index && j.job.value == name).collect()
        };
        for job in &workflow.jobs {
            let [need] = job.needs.as_slice() else { continue };
            let (own, before) = (builds(&job.name.value), builds(&need.value));
            let ([own], [before]) = (own.as_slice(), before.as_slice()) else { continue };
            // The same image on another platform, or one that the other starts from, waits with reason.
            let related = own.dockerfile == before.dockerfile
                || own.dockerfile.is_none()
                || before.dockerfile.is_none()
                || takes(project, own, before)
                || uses_outputs(project, job.place, &need.value);
            if !related {
                let message = format!(
                    "`{}` waits for `{}`, although neither image needs the other",
                    job.name.value, need.value
                );
                ctx.report(need.span, message);
            }
        }
    }
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
    let arguments = own.args.iter().any(|(_, value)| value.as_ref().is_none_or(|v| v.contains('/')));
    let text = project.parse(build.source).map(|p| p.source.text.to_string()).unwrap_or_default();
    arguments
        || before.tags.is_empty()
        || before.tags.iter().any(|tag| text.contains(tag.value.short()))
        || before
            .dockerfile
            .as_ref()
            .and_then(|d| d.parent()?.file_name())
            .is_some_and(|name| text.contains(name))
}

/// Whether the job asks what the other one gave out.
fn uses_outputs(project: &Project, place: crate::project::Place, need: &str) -> bool {
    project.node(place).is_some_and(|node| project.text(node.full_span()).contains(&format!("needs.{need}.")))
}
