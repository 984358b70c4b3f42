use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::project::{Project, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-bind-source",
    summary: "a file that is mounted from the host and is not there",
    since: "0.1.0",
    docs: include_str!("missing_bind_source.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    if project.files.exists(Utf8Path::new(".gitmodules")) == Some(true) {
        return;
    }
    let mut found = Vec::new();
    for composition in &project.compositions {
        for service in &composition.services {
            let container = project.container(service.container);
            for mount in &container.mounts {
                let Volume::Bind(source) = &mount.volume else { continue };
                let path = Utf8Path::new(source);
                if path.is_absolute()
                    || project.text(mount.span).contains('$')
                    || !is_source(path, &mount.target)
                    || project.files.exists(path) != Some(false)
                {
                    continue;
                }
                // A file that is merged after one of another directory starts from that one's.
                let relative = path.strip_prefix(&composition.directory).unwrap_or(path);
                let above = composition.directory.ancestors().skip(1);
                if above.map(|top| top.join(relative)).any(|path| project.files.exists(&path) == Some(true)) {
                    continue;
                }
                // What has a sample beside it is made from it, and is nobody else's business.
                let sample = ["example", "sample", "dist", "template", "default"].iter().any(|word| {
                    [format!("{source}.{word}"), format!("{source}-{word}")]
                        .iter()
                        .chain(&with_word(path, word))
                        .any(|path| project.files.exists(Utf8Path::new(path)) == Some(true))
                });
                if !sample {
                    found.push((mount.span, source));
                }
            }
        }
    }
    // Where many are missing, the platform that the files are written for makes them.
    let sources: BTreeSet<_> = found.iter().map(|(span, _)| span.source).collect();
    if sources.len() >= 5 && sources.len() * 20 >= project.compositions.len() {
        return;
    }
    for (span, source) in found {
        ctx.report(
            span,
            format!("there is no file `{source}`: Docker makes an empty directory in its place"),
        );
    }
}

/// `name.word.extension`.
fn with_word(path: &Utf8Path, word: &str) -> Option<String> {
    let (stem, extension) = path.file_stem().zip(path.extension())?;
    Some(path.with_file_name(format!("{stem}.{word}.{extension}")).into_string())
}

/// Whether it is a file that people write and commit, going by its name: not data, a secret, or what a program makes.
fn is_source(path: &Utf8Path, target: &str) -> bool {
    const KINDS: [&str; 14] = [
        "conf",
        "cfg",
        "cnf",
        "ini",
        "toml",
        "yml",
        "yaml",
        "xml",
        "sql",
        "sh",
        "properties",
        "tmpl",
        "template",
        "hcl",
    ];
    let kind = |path: &Utf8Path| path.extension().is_some_and(|e| KINDS.contains(&e));
    let made = [
        "data",
        "volumes",
        "videos",
        "storage",
        "cache",
        "tmp",
        "vendor",
        "node_modules",
        "generated",
        "files",
    ];
    let made = path.components().any(|part| made.contains(&part.as_str()));
    let private = ["secret", "local", "credential", "private", "acme", "cert", "override"];
    !made
        && kind(path)
        && kind(Utf8Path::new(target))
        && !private.iter().any(|word| path.as_str().contains(word))
}
