use camino::Utf8Path;

use crate::project::{Container, ImageCommand, Origin, Project, Setting, Stage};
use crate::variant::ships;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "build-time-variable",
    summary: "a variable that counted when the pages were built, set where they are served",
    since: "0.1.0",
    docs: include_str!("build_time_variable.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// The beginnings of names that build tools write into the pages.
const PREFIXES: [(&str, &str); 6] = [
    ("VITE_", "Vite"),
    ("REACT_APP_", "Create React App"),
    ("VUE_APP_", "Vue CLI"),
    ("GATSBY_", "Gatsby"),
    ("NG_APP_", "the Angular build"),
    ("NEXT_PUBLIC_", "Next.js"),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(stage) = container.stage(project) else { return };
    let sibling = match serves_built_pages(project, stage) {
        true if develops(container) => return,
        true => None,
        false => match built_beside(project, stage) {
            Some(dockerfile) => Some(dockerfile),
            None => return,
        },
    };
    for variable in &container.env {
        let name = &variable.name.value;
        let Some((_, tool)) = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)) else { continue };
        let message = match sibling {
            Some(dockerfile) => format!(
                "`{name}` counts for the development server alone: {tool} writes its value into the pages when `{dockerfile}` is built"
            ),
            None => format!(
                "`{name}` does nothing here: {tool} wrote its value into the pages when the image was built"
            ),
        };
        ctx.report(variable.name.span, message);
    }
}

/// The Dockerfile beside that of a development server whose image serves the same pages, built.
fn built_beside<'p>(project: &'p Project, stage: &Stage) -> Option<&'p Utf8Path> {
    let own = project.build(stage.build);
    let directory = project.path(own.source).parent();
    ships::left_out(project, own)?;
    let beside = project.builds.iter().filter(|b| b.id != own.id);
    let mut beside = beside.filter(|b| project.path(b.source).parent() == directory);
    let built = beside.find(|b| b.last().is_some_and(|stage| serves_built_pages(project, stage)))?;
    Some(project.path(built.source))
}

/// Whether a stage only serves what another one built, and nothing replaces variables when it starts.
fn serves_built_pages(project: &Project, stage: &Stage) -> bool {
    let servers = ["nginx", "httpd", "caddy", "nginx-unprivileged", "static-web-server"];
    if !stage.image(project).is_some_and(|image| servers.contains(&image.short())) {
        return false;
    }
    let builds = project.build(stage.build).stages.iter().any(|s| {
        s.runs(project).iter().any(|run| {
            run.calls().any(|call| {
                matches!(call.program, "npm" | "yarn" | "pnpm" | "bun" | "npx" | "vite" | "next")
                    && call.args.iter().any(|w| w.text.contains("build"))
            })
        })
    });
    let end = stage.end();
    // An entry point of its own, scripts of the image's, or templates may replace them.
    let own_entry = end.entrypoint().at.is_some_and(|at| at.source == stage.source);
    let scripts = stage.copied().iter().any(|c| {
        ["/docker-entrypoint", "/etc/nginx/templates", "/entrypoint"].iter().any(|d| c.target.starts_with(d))
            || c.target.ends_with(".sh")
    });
    let replaces = |text: &str| {
        text.contains("envsubst")
            || text.contains("sed ")
            || text.contains("env.js")
            || text.contains("env-config")
    };
    let command = end.command().value().is_some_and(|c| ImageCommand::argv(c).iter().any(|w| replaces(w)));
    let runs = stage
        .instructions(project)
        .iter()
        .any(|i| replaces(project.text(i.span)) || project.text(i.span).contains("docker-entrypoint.d"));
    builds && !own_entry && !scripts && !command && !runs
}

fn develops(container: &Container) -> bool {
    let own = [&container.entrypoint, &container.command];
    let own = own.into_iter().filter(|s| !matches!(s.origin, Origin::Dockerfile | Origin::Image));
    let words = own.filter_map(Setting::value).flatten();
    words
        .flat_map(|w| w.split_whitespace())
        .any(|w| matches!(w, "dev" | "serve" | "start" | "envsubst" | "sed") || w.contains(".sh"))
}
