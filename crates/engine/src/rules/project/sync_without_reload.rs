use seaworthy_syntax::yaml::edit::New;

use crate::project::compose::item::Value;
use crate::project::{Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "sync-without-reload",
    summary: "files that are synchronised into a container whose program never reads them again",
    since: "0.1.0",
    docs: include_str!("sync_without_reload.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

/// Programs that read their code once.
const ONCE: [&str; 8] =
    ["uvicorn", "gunicorn", "hypercorn", "granian", "node", "python", "python3", "celery"];

/// What makes them read it again.
const AGAIN: [&str; 10] = [
    "--reload",
    "--watch",
    "watch",
    "nodemon",
    "dev",
    "runserver",
    "watchmedo",
    "watchfiles",
    "--debug",
    "jurigged",
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for service in &composition.services {
            let Some(watch) = composition.service(&service.name).and_then(|s| s.get("develop")?.get("watch"))
            else {
                continue;
            };
            let Value::List(entries) = &watch.value else { continue };
            let Some(program) = reads_once(project.container(service.container)) else { continue };
            for entry in entries {
                let Some(action) = entry.get("action").filter(|a| a.as_str() == Some("sync")) else {
                    continue;
                };
                let path = entry.get("path").and_then(|p| p.as_str()).unwrap_or_default();
                if let Some(at) = action.at.filter(|_| holds_code(path)) {
                    ctx.report(at, format!("`{program}` has read its files when it started: what is synchronised changes nothing"))
                        .fix(Safety::Unsafe, "Start it again after each change", || {
                            project.write_at(at, &New::Str("sync+restart".to_owned()))
                        });
                }
            }
        }
    }
}

/// The program that the container runs, where it is known to read its code only once.
fn reads_once(container: &Container) -> Option<String> {
    if container.entrypoint.is_unknown() || container.command.is_unknown() {
        return None;
    }
    let words: Vec<&str> = [container.entrypoint.value(), container.command.value()]
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|word| word.split(|c: char| c.is_whitespace() || "\"';&|".contains(c)))
        .collect();
    let again =
        words.iter().any(|word| AGAIN.iter().any(|sign| word == sign || word.ends_with(&format!(":{sign}"))));
    let reloads = container.env.iter().any(|v| {
        v.name.value.contains("DEBUG") || v.name.value.contains("RELOAD") || v.name.value == "FLASK_ENV"
    });
    let program =
        words.iter().map(|w| w.rsplit('/').next().unwrap_or_default()).find(|w| ONCE.contains(w))?;
    (!again && !reloads).then(|| program.to_owned())
}

/// Whether a path is likely to hold code, and not templates or static files that are read for each request.
fn holds_code(path: &str) -> bool {
    !["static", "templates", "public", "assets", "html", "css", "docs", "data"]
        .iter()
        .any(|word| path.contains(word))
}
