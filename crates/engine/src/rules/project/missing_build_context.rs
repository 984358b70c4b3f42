use camino::Utf8Path;
use seaworthy_syntax::SourceId;

use crate::parse::normalise;
use crate::project::workflow::Tool;
use crate::project::{Composition, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-build-context",
    summary: "a build whose context or Dockerfile is not there",
    since: "0.1.0",
    docs: include_str!("missing_build_context.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let missing = |path: &Utf8Path| project.files.exists(path) == Some(false);
    // Of a submodule the repository holds the place alone.
    if project.files.exists(Utf8Path::new(".gitmodules")) == Some(true) {
        return;
    }
    for composition in &project.compositions {
        for build in composition.services.iter().filter_map(|s| s.build.as_ref()) {
            let context = normalise(Utf8Path::new(&build.context.value));
            let made = ["vendor/", "node_modules/"].iter().any(|part| context.as_str().contains(part));
            let unknown = project.text(build.context.span).contains('$');
            if build.context.value.contains("://")
                || context.is_absolute()
                || context.starts_with("..")
                || made
                || unknown
                || composition.is_incomplete()
            {
                continue;
            }
            if missing(&context) && !is_above(project, composition, &context) && !context.as_str().is_empty()
            {
                ctx.report(build.context.span, format!("there is no directory `{context}` to build in"));
            } else if let Some(dockerfile) = &build.dockerfile
                && !missing(&context)
                && missing(&normalise(Utf8Path::new(&dockerfile.value)))
                && !project.text(dockerfile.span).contains('$')
                && !is_above(project, composition, Utf8Path::new(&dockerfile.value))
            {
                ctx.report(dockerfile.span, format!("there is no Dockerfile `{}`", dockerfile.value));
            }
        }
    }
    for job in &project.image_jobs {
        if matches!(job.tool, Tool::Bake | Tool::Action) {
            continue;
        }
        let workflow = &project.workflows[job.workflow];
        if !is_at_home(project, workflow.source) || is_elsewhere(project, workflow.place) {
            continue;
        }
        let Some(dockerfile) = job.dockerfile.as_ref().filter(|path| missing(path)) else { continue };
        // A context that is not there may be made by a step before.
        if job.context.as_ref().is_some_and(|context| !context.as_str().is_empty() && missing(context)) {
            continue;
        }
        ctx.report(job.span, format!("builds from `{dockerfile}`, which is not there"));
    }
}

/// Whether a workflow lies where it would run, so that the repository around it is its own.
fn is_at_home(project: &Project, source: SourceId) -> bool {
    project.parse(source).is_some_and(|parse| {
        let path = &parse.source.path;
        path.components().any(|part| matches!(part.as_str(), ".github" | ".gitea" | ".forgejo"))
            || path.file_name().is_some_and(|name| name.starts_with(".gitlab-ci"))
    })
}

/// Whether a path is right from a directory above: files that are merged after one of another directory start from
/// that one's.
fn is_above(project: &Project, composition: &Composition, path: &Utf8Path) -> bool {
    let relative = path.strip_prefix(&composition.directory).unwrap_or(path);
    let mut above = composition.directory.ancestors().skip(1);
    above.any(|top| project.files.exists(&normalise(&top.join(relative))) == Some(true))
}

/// Whether a workflow checks out another repository, so that paths may be of that one, or makes its Dockerfile itself.
fn is_elsewhere(project: &Project, place: crate::project::Place) -> bool {
    let Some(node) = project.node(place) else { return true };
    let text = project.text(node.full_span());
    ["repository:", "git clone", "> Dockerfile", ">Dockerfile", "FROM "]
        .iter()
        .any(|sign| text.contains(sign))
}
