use camino::Utf8Path;

use crate::Span;
use crate::parse::normalise;
use crate::project::layout::{expand, is_address, is_pattern, local};
use crate::project::{Context, Project, Stage, StageRole};
use crate::syntax::dockerfile::CopySource;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "ignored-copy",
    summary: "a `COPY` of what `.dockerignore` leaves out",
    since: "0.1.0",
    docs: include_str!("ignored_copy.md"),
    aliases: &["CopyIgnoredFile", "copy-ignored-file"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(context) = project.build(stage.build).context() else { return };
    let Some(ignore) = context.dockerignore().filter(|_| stage.role != StageRole::Aside) else { return };
    // Which directory it is where nobody says is a guess, but for the one that the Dockerfile lies in.
    let build = project.build(stage.build);
    let own = project.parse(stage.source).and_then(|p| p.source.path.parent());
    if !build.contexts_are_named && own != Some(&context.directory) {
        return;
    }
    for step in stage.walk(project) {
        let Some(transfer) = local(step.instruction) else { continue };
        for source in &transfer.sources {
            let CopySource::Path(word) = source else { continue };
            let Some(path) = word.expand(&step.before).ok().and_then(|e| e.value) else { continue };
            let path = normalise(Utf8Path::new(path.trim_start_matches('/')));
            if is_address(path.as_str()) || path.as_str().is_empty() || path.starts_with("..") {
                continue;
            }
            let pattern = is_pattern(path.as_str());
            let (line, severity, what) = if pattern {
                let named = expand(&project.files, &context.directory, path.as_str());
                let first = named.first().and_then(|p| p.strip_prefix(&context.directory).ok());
                let Some(line) = first.and_then(|first| ignore.excluding(first.as_str())) else { continue };
                // `name*` may stand for a file that need not be there and would be let in.
                let prefix = path.as_str().split(['*', '?', '[']).next().unwrap_or_default();
                if ignore.may_let_in(prefix) || !named.iter().all(|p| is_left_out(project, context, p)) {
                    continue;
                }
                (line, Severity::Medium, "this copies nothing")
            } else {
                let Some(line) = ignore.excluding(path.as_str()) else { continue };
                let whole = context.directory.join(&path);
                // Where nobody names the context, it is the one that has what is copied.
                if !is_left_out(project, context, &whole)
                    || !context.certain && project.files.exists(&whole) != Some(true)
                {
                    continue;
                }
                (line, Severity::High, "the build fails here")
            };
            let name =
                context.ignore_file.as_deref().and_then(Utf8Path::file_name).unwrap_or(".dockerignore");
            let message = format!("`{name}` leaves out `{path}`, so {what}");
            let place = context.ignore_file.as_ref().and_then(|file| {
                let parse = project.parses().iter().find(|parse| parse.source.path == *file)?;
                Some(Span::new(parse.id, line.start, line.end))
            });
            let mut finding = ctx.report(word.span, message);
            finding.severity(severity);
            if let Some(place) = place {
                finding.related(place, "this line leaves it out");
            }
        }
    }
}

/// Whether neither a path nor anything below it reaches the builder.
fn is_left_out(project: &Project, context: &Context, path: &Utf8Path) -> bool {
    if !context.ignores(path) {
        return false;
    }
    let within = path.strip_prefix(&context.directory).unwrap_or(path);
    let exceptions = context.dockerignore().is_some_and(|d| d.may_let_in_below(within.as_str()));
    if !exceptions || project.files.is_file(path) {
        return true;
    }
    let mut below = project.files.below(path).peekable();
    below.peek().is_some() && below.all(|file| context.ignores(&file))
}
