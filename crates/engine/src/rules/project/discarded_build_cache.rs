use crate::project::Project;
use crate::project::workflow::ImageJob;
use crate::syntax::yaml::{Dialect, Value, edit};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "discarded-build-cache",
    summary: "a build of every push that is told to use no cache",
    since: "0.1.0",
    docs: include_str!("discarded_build_cache.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for job in &project.image_jobs {
        let triggers = project.workflows.get(job.workflow).map_or(&[][..], |w| &w.triggers);
        let pushes = triggers.iter().any(|t| matches!(t.value.as_str(), "push" | "pull_request"));
        if let Some(at) = refuses(project, job).filter(|_| pushes) {
            ctx.report(at, "every push builds all layers anew: build without a cache on a schedule instead")
                .fix(Safety::Unsafe, "Build with the cache", without(project, job, at));
        }
    }
}

/// Where a job says that it takes nothing from the cache.
fn refuses(project: &Project, job: &ImageJob) -> Option<Span> {
    let input = job.place.and_then(|place| project.node(place)?.at(&["with", "no-cache"]));
    if let Some(input) = input {
        return (input.value(Dialect::Core)? == Value::Bool(true)).then(|| input.span());
    }
    let text = project.text(job.span);
    let offset =
        text.find("--no-cache").filter(|at| !text[at + "--no-cache".len()..].starts_with(['-', '=']))?;
    let start = job.span.start as usize + offset;
    Some(Span::new(job.span.source, start, start + "--no-cache".len()))
}

/// Takes the input or the option away.
fn without(project: &Project, job: &ImageJob, at: Span) -> Option<Edit> {
    let input = job.place.and_then(|place| project.node(place)?.get("with")?.entry("no-cache"));
    if let Some(entry) = input {
        return edit::remove(entry).ok();
    }
    let text = &*project.parse(at.source)?.source.text;
    let (start, end) = (at.start as usize, at.end as usize);
    // With one of the blanks around it.
    let (start, end) = if text[end..].starts_with(' ') {
        (start, end + 1)
    } else {
        (start - usize::from(text[..start].ends_with(' ')), end)
    };
    Some(Edit { span: Span::new(at.source, start, end), text: String::new() })
}
