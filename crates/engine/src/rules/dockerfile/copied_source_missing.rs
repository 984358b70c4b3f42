use camino::Utf8Path;

use crate::dockerignore::Glob;
use crate::parse::normalise;
use crate::project::layout::{is_address, is_pattern, local};
use crate::project::{Project, Stage, StageRole};
use crate::syntax::dockerfile::CopySource;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "copied-source-missing",
    summary: "a `COPY` of a file that is not in the build context",
    since: "0.1.0",
    docs: include_str!("copied_source_missing.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let build = project.build(stage.build);
    let Some(context) = build.context().filter(|_| stage.role != StageRole::Aside) else { return };
    // Of several contexts each may hold another part; of a submodule the repository holds the place alone.
    if !build.contexts_are_named
        || build.contexts.len() > 1
        || project.files.exists(Utf8Path::new(".gitmodules")) == Some(true)
    {
        return;
    }
    for step in stage.walk(project) {
        let Some(transfer) = local(step.instruction) else { continue };
        for source in &transfer.sources {
            let CopySource::Path(word) = source else { continue };
            let Some(path) = word.expand(&step.before).ok().and_then(|e| e.value) else { continue };
            if is_address(&path) || is_pattern(&path) || word.text.contains('$') {
                continue;
            }
            let within = normalise(Utf8Path::new(path.trim_start_matches('/')));
            let whole = context.directory.join(&within);
            let silent = within.as_str().is_empty()
                || context.ignores(&whole)
                || project.files.exists(&whole) != Some(false)
                || !is_written_by_hand(&within)
                || is_ignored_by_git(project, &context.directory, &whole);
            if !silent {
                let place =
                    if context.directory.as_str().is_empty() { "." } else { context.directory.as_str() };
                ctx.report(
                    word.span,
                    format!("there is no `{within}` in `{place}`, so the build fails here"),
                );
            }
        }
    }
}

/// Whether it looks like a file that people write and commit: not data, a secret, or what a build makes.
fn is_written_by_hand(path: &Utf8Path) -> bool {
    const MADE: [&str; 22] = [
        "dist",
        "build",
        "target",
        "out",
        "bin",
        "obj",
        "publish",
        "release",
        "node_modules",
        "vendor",
        "generated",
        "gen",
        "artifacts",
        "coverage",
        "tmp",
        "temp",
        "cache",
        "data",
        "certs",
        "keys",
        "secrets",
        "_build",
    ];
    const WRITTEN: [&str; 26] = [
        "py",
        "js",
        "mjs",
        "cjs",
        "ts",
        "tsx",
        "go",
        "rs",
        "java",
        "rb",
        "php",
        "sh",
        "conf",
        "cfg",
        "ini",
        "toml",
        "yml",
        "yaml",
        "txt",
        "md",
        "html",
        "css",
        "sql",
        "xml",
        "properties",
        "json",
    ];
    const LOCKS: [&str; 6] = ["Gemfile", "Gemfile.lock", "Cargo.lock", "poetry.lock", "uv.lock", "go.sum"];
    let made = path.components().any(|part| {
        let part = part.as_str();
        MADE.contains(&part)
            || part.starts_with('.')
            || part.contains(".local")
            || part.contains("secret")
            || part.contains("credential")
    });
    let written = path.extension().is_some_and(|e| WRITTEN.contains(&e))
        || path.file_name().is_some_and(|n| LOCKS.contains(&n));
    !made && written
}

/// Whether a `.gitignore` of the context, or of the top, names it: whoever builds makes it first.
fn is_ignored_by_git(project: &Project, context: &Utf8Path, path: &Utf8Path) -> bool {
    let mut above = path.ancestors().skip(1).filter(|d| d.starts_with(context)).chain([Utf8Path::new("")]);
    above.any(|directory| {
        let Some(text) = project.files.text(&directory.join(".gitignore")) else { return false };
        let Ok(within) = path.strip_prefix(directory) else { return false };
        text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']) && !line.is_empty()).any(
            |line| {
                let line = line.trim_matches('/').trim_start_matches("**/");
                let glob = Glob::new(line);
                let parts = within.components().any(|part| glob.matches(part.as_str()));
                parts || within.starts_with(line)
            },
        )
    })
}
