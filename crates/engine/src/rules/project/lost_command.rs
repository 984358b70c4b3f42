use crate::drift::platforms::{Twin, families, is_aside};
use crate::project::{Container, Origin, Project, Setting};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-command",
    summary: "a command that Compose gives and the manifests do not",
    since: "0.1.0",
    docs: include_str!("lost_command.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for family in families(project) {
        for twin in family.twins.iter().filter(|twin| !is_aside(twin.here)) {
            lost(project, twin, ctx);
        }
    }
}

fn lost(project: &Project, twin: &Twin<'_>, ctx: &mut Ctx<'_>) {
    let (Some(given), None) = (own(twin.here), own(twin.there)) else { return };
    let words: Vec<&str> = given.value().into_iter().flatten().map(String::as_str).collect();
    let line = words.join(" ");
    let Some(at) = given.at.filter(|_| !line.trim().is_empty() && !develops(&line)) else { return };
    // The image may do the same by itself.
    let stage = twin.here.stage(project).map(|stage| stage.end());
    let of_image = stage.and_then(|end| end.command().value().map(crate::project::ImageCommand::argv));
    let facts = twin.here.facts().and_then(|facts| facts.command.clone());
    if of_image.or(facts).is_some_and(|image| is_same(&line, &image.join(" "))) {
        return;
    }
    let message =
        format!("`{}` starts what its image starts; Compose starts `{line}`", twin.there.name.value);
    ctx.report(twin.there.name.span, message).related(at, "the command of Compose");
}

/// The command or entry point that stands in the container itself.
fn own(container: &Container) -> Option<&Setting<Vec<String>>> {
    let written = |s: &&Setting<Vec<String>>| {
        !s.is_unset() && !matches!(s.origin, Origin::Dockerfile | Origin::Image | Origin::Platform)
    };
    [&container.command, &container.entrypoint].into_iter().find(written)
}

/// Whether it is a command for a developer's machine, or to keep a container alive.
fn develops(line: &str) -> bool {
    const WORDS: [&str; 14] = [
        "--reload",
        "--debug",
        "--watch",
        "dev",
        "watch",
        "nodemon",
        "air",
        "runserver",
        "start:dev",
        "debugpy",
        "infinity",
        "/dev/null",
        "webpack-dev-server",
        "serve",
    ];
    line.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '"' | '\''))
        .any(|word| WORDS.contains(&word))
}

/// Whether two lines start one program alike, but for where it lies and how it is quoted.
fn is_same(a: &str, b: &str) -> bool {
    let plain = |line: &str| {
        let words = line
            .split_whitespace()
            .filter(|w| !matches!(*w, "sh" | "/bin/sh" | "bash" | "/bin/bash" | "-c" | "exec"));
        words.map(|w| w.trim_matches(['"', '\''])).collect::<Vec<_>>().join(" ")
    };
    plain(a) == plain(b)
}
