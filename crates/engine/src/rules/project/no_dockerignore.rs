use camino::Utf8Path;
use seaworthy_syntax::Span;
use seaworthy_syntax::dockerfile::{Arguments, CopySource};

use crate::project::{Build, Project, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-dockerignore",
    summary: "a build that copies its whole context where nothing is left out",
    since: "0.1.0",
    docs: include_str!("no_dockerignore.md"),
    aliases: &["DF007", "DF033"],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for build in &project.builds {
        let Some(parse) = project.parse(build.source) else { continue };
        let Some((at, ships)) = copies_all(project, build) else { continue };
        let name = parse.source.path.file_name().unwrap_or("Dockerfile");
        let own = parse.source.path.with_file_name(format!("{name}.dockerignore"));
        let there = |path: &Utf8Path| project.files.exists(path);
        for context in &build.contexts {
            if there(&context.join(".dockerignore")) != Some(false) || there(&own) != Some(false) {
                continue;
            }
            let has = |name: &str| there(&context.join(name)) == Some(true);
            if has(".env") {
                let (into, severity) = if ships {
                    ("the image", Severity::High)
                } else {
                    ("a stage of the build", Severity::Low)
                };
                ctx.report(at, format!("copies `.env` into {into}: there is no `.dockerignore`"))
                    .severity(severity);
            } else if has("node_modules") || has("package.json") {
                ctx.report(at, "copies `node_modules` of whoever builds over those of the image: there is no `.dockerignore`");
            } else if context.as_str().is_empty() || has(".git") {
                ctx.report(at, "copies the history of the repository too: there is no `.dockerignore`");
            } else {
                continue;
            }
            break;
        }
    }
}

/// Where a stage that matters copies the whole context, and whether that stage ships.
fn copies_all(project: &Project, build: &Build) -> Option<(Span, bool)> {
    let mut stages = build.stages.iter().filter(|stage| stage.role != StageRole::Aside);
    stages.find_map(|stage| {
        let at = stage.instructions(project).iter().find_map(|instruction| {
            let (Arguments::Copy(transfer) | Arguments::Add(transfer)) = &instruction.arguments else {
                return None;
            };
            if instruction.flags.iter().any(|flag| matches!(&*flag.name, "from" | "exclude")) {
                return None;
            }
            transfer.sources.iter().find_map(|source| match source {
                CopySource::Path(word) if matches!(&*word.text, "." | "./" | "/") => Some(word.span),
                _ => None,
            })
        })?;
        Some((at, stage.role == StageRole::Final))
    })
}
