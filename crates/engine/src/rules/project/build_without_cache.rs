use seaworthy_syntax::yaml::{Node, edit};

use crate::project::workflow::{Job, Step, System, Tool, Workflow};
use crate::project::{ImageJob, Project};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "build-without-cache",
    summary: "an image that CI builds from nothing each time",
    since: "0.1.0",
    docs: include_str!("build_without_cache.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const ACTION: &str = "docker/build-push-action";
const BUILDER: &str = "docker/setup-buildx-action";

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut seen: Vec<Span> = Vec::new();
    for image in &project.image_jobs {
        if image.tool != Tool::BuildPushAction || image.cached || seen.contains(&image.span) {
            continue;
        }
        // One that a matrix runs several times is one step.
        seen.push(image.span);
        let workflow = &project.workflows[image.workflow];
        let Some(job) = workflow.jobs.iter().find(|job| job.name.value == image.job.value) else { continue };
        let Some(at) = image.place.and_then(|place| job.steps.iter().position(|step| step.place == place))
        else {
            continue;
        };
        let Some(step) = image.place.and_then(|place| project.node(place)) else { continue };
        let input = |key: &str| step.at(&["with", key]).is_some();
        // Builders of others keep their layers by themselves.
        let is_own = job.steps[at].uses.as_ref().is_some_and(|uses| uses.action == ACTION);
        if !is_own
            || ["no-cache", "cache-to", "cache-from", "builder"].iter().any(|key| input(key))
            || !workflow.runs_for_changes(project)
        {
            continue;
        }
        let builder = builder(project, &job.steps[..at]);
        if matches!(builder, Builder::Kept) || matches!(builder, Builder::None) && !is_hosted(workflow, job) {
            continue;
        }
        ctx.report(image.span, "builds every layer anew: no cache of an earlier run is named").fix(
            Safety::Unsafe,
            "Keep the layers from run to run",
            cache(project, workflow, job, image, step, matches!(builder, Builder::None)),
        );
    }
}

/// What builds in a job.
enum Builder {
    /// The Docker of the runner.
    None,
    /// One that starts with the job.
    Fresh,
    /// One that is there longer than the job.
    Kept,
}

fn builder(project: &Project, before: &[Step]) -> Builder {
    let is_it = |step: &&Step| step.uses.as_ref().is_some_and(|uses| uses.action == BUILDER);
    let Some(step) = before.iter().rev().find(is_it) else { return Builder::None };
    let with = project.node(step.place).and_then(|node| node.get("with"));
    let keeps = ["driver", "endpoint", "keep-state", "cleanup"]
        .iter()
        .any(|key| with.is_some_and(|with| with.get(key).is_some()));
    if keeps { Builder::Kept } else { Builder::Fresh }
}

/// Whether the machine of a job is new each time.
fn is_hosted(workflow: &Workflow, job: &Job) -> bool {
    workflow.system == System::GitHub
        && job
            .runner
            .as_deref()
            .is_some_and(|runner| ["ubuntu-2", "ubuntu-latest"].iter().any(|name| runner.starts_with(name)))
}

fn cache(
    project: &Project,
    workflow: &Workflow,
    job: &Job,
    image: &ImageJob,
    step: Node<'_>,
    without: bool,
) -> Option<Vec<Edit>> {
    let (from, to) = if workflow.system == System::GitHub {
        let scope = scope(project, job, image, step)?;
        (format!("type=gha{scope}"), format!("type=gha,mode=max{scope}"))
    } else {
        // The cache of GitHub's runners is not there.
        let name = step.at(&["with", "tags"])?.scalar()?;
        let first = name.split(['\n', ',']).map(str::trim).find(|tag| !tag.is_empty())?;
        let start = first.rfind(['/', '}']).map_or(0, |at| at + 1);
        let name = first[start..].find(':').map(|at| &first[..start + at])?;
        if image.push != Some(true) || name.contains("steps.") {
            return None;
        }
        let reference = format!("type=registry,ref={name}:buildcache");
        (reference.clone(), format!("{reference},mode=max"))
    };
    let text = |text: String| edit::New::Str(text);
    let entries = vec![("cache-from".to_owned(), text(from)), ("cache-to".to_owned(), text(to))];
    let mut edits = edit::merge(step, &[("with".to_owned(), edit::New::Map(entries))]).ok()?;
    if without {
        // Docker's own builder keeps no cache elsewhere.
        edits.insert(0, before(project, step)?);
    }
    Some(edits)
}

/// Sets up a builder in a step before one of a list.
fn before(project: &Project, step: Node<'_>) -> Option<Edit> {
    let source = step.span().source;
    let text = &*project.parse(source)?.source.text;
    let start = step.full_span().start as usize;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let lead = &text[line..start];
    let indent = lead.strip_suffix("- ").filter(|indent| indent.bytes().all(|b| b == b' '))?;
    // A comment above a step belongs to it.
    let mut at = line;
    while let Some(end) = at.checked_sub(1) {
        let above = text[..end].rfind('\n').map_or(0, |at| at + 1);
        if !text[above..end].trim_start().starts_with('#') || !text[above..end].starts_with(indent) {
            break;
        }
        at = above;
    }
    let end = if text[..line].ends_with("\r\n") { "\r\n" } else { "\n" };
    let release = crate::project::workflow::releases::Release::of(BUILDER, "v4")?;
    let uses = format!("{BUILDER}@{} # v{}", release.commit, release.version);
    Some(Edit { span: Span::new(source, at, at), text: format!("{lead}uses: {uses}{end}") })
}

/// What keeps the caches of several images apart: nothing where there is one.
fn scope(project: &Project, job: &Job, image: &ImageJob, step: Node<'_>) -> Option<String> {
    let what = |job: &ImageJob| (job.dockerfile.clone(), job.context.clone(), job.target.clone());
    let all: std::collections::BTreeSet<_> =
        project.image_jobs.iter().filter(|job| job.tool == Tool::BuildPushAction).map(what).collect();
    let same = || project.image_jobs.iter().filter(|other| other.span == image.span);
    if all.len() < 2 && same().count() < 2 {
        return Some(String::new());
    }
    let varies = same().count() > 1 || !job.matrix.is_empty() || image.dockerfile.is_none();
    if !varies {
        return Some(format!(",scope={}", job.name.value));
    }
    // What the matrix decides of the step names it.
    let mut parts: Vec<String> = Vec::new();
    for key in ["file", "context", "target", "tags", "platforms"] {
        let Some(text) = step.at(&["with", key]).and_then(Node::scalar) else { continue };
        let mut rest = &*text;
        while let Some((_, after)) = rest.split_once("${{") {
            let (inner, after) = after.split_once("}}")?;
            if inner.trim().starts_with("matrix.") && !parts.iter().any(|part| part == inner.trim()) {
                parts.push(inner.trim().to_owned());
            }
            rest = after;
        }
        if !parts.is_empty() && key != "platforms" {
            break;
        }
    }
    if parts.is_empty() {
        return None;
    }
    let parts: Vec<String> = parts.iter().map(|part| format!("${{{{ {part} }}}}")).collect();
    Some(format!(",scope={}", parts.join("-")))
}
