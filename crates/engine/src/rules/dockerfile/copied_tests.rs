use crate::project::layout::{What, local};
use crate::project::{ImageCommand, Stage, StageRole};
use crate::syntax::dockerfile::CopySource;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "copied-tests",
    summary: "tests in an image that never runs them",
    since: "0.1.0",
    docs: include_str!("copied_tests.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// Directories that hold tests and nothing else.
const TESTS: [&str; 7] = ["tests", "test", "__tests__", "e2e", "cypress", "testdata", "spec"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let build = project.build(stage.build);
    let Some(context) = build.context() else { return };
    let own = project.parse(build.source).map_or("", |p| p.source.path.as_str());
    let name = stage.name.as_ref().map_or("", |n| n.value.as_str());
    let develops = |text: &str| {
        ["test", "dev", "ci", "e2e", "spec"].iter().any(|word| text.to_ascii_lowercase().contains(word))
    };
    let last = own.rsplit('/').next().unwrap_or_default();
    if stage.role != StageRole::Final || develops(last) || develops(name) || runs_tests(stage, ctx) {
        return;
    }
    for step in stage.walk(project) {
        let Some(transfer) = local(step.instruction).filter(|_| step.instruction.flag("exclude").is_none())
        else {
            continue;
        };
        for copied in stage.copied().iter().filter(|c| c.since == step.index) {
            let What::Directory(directory) = &copied.what else { continue };
            let Some(within) = directory.strip_prefix(&context.directory).ok() else { continue };
            if !within.file_name().is_some_and(|name| TESTS.contains(&name)) {
                continue;
            }
            let at = transfer.sources.iter().find_map(|source| match source {
                CopySource::Path(word) if word.text.trim_matches(['.', '/']) == within.as_str() => {
                    Some(word.span)
                }
                _ => None,
            });
            if let Some(at) = at {
                ctx.report(at, format!("`{within}` is part of the image, which never runs it"));
            }
        }
    }
}

/// Whether the image is there to run tests.
fn runs_tests(stage: &Stage, ctx: &Ctx<'_>) -> bool {
    let end = stage.end();
    let own =
        [end.entrypoint().value(), end.command().value()].into_iter().flatten().flat_map(ImageCommand::argv);
    let others = ctx
        .project
        .containers_of(stage)
        .flat_map(|c| [&c.entrypoint, &c.command])
        .filter_map(|s| s.value())
        .flatten()
        .cloned();
    let in_runs = stage.runs(ctx.project).iter().any(|run| {
        run.calls()
            .any(|call| call.program.contains("test") || call.args.iter().any(|w| w.text.contains("test")))
    });
    in_runs || own.chain(others).any(|word| word.contains("test"))
}
