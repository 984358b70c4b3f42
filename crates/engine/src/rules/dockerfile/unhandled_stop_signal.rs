use crate::Target;
use crate::project::{Found, Project, Stage, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unhandled-stop-signal",
    summary: "a first process that ignores the stop signal",
    since: "0.1.0",
    docs: include_str!("unhandled_stop_signal.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// What in a program's text may handle the signal: itself, or a library that does.
const HANDLES: [&str; 22] = [
    "SIGTERM",
    "signal",
    "uvicorn",
    "hypercorn",
    "gunicorn",
    "waitress",
    "tornado",
    "twisted",
    "aiohttp",
    "celery",
    "grpc",
    "asyncio.Runner",
    "cheroot",
    "gevent",
    "eventlet",
    "streamlit",
    "terminus",
    "lightship",
    "http-terminator",
    "next",
    "nuxt",
    "import_module",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if stage.role != StageRole::Final
        || stage.windows
        || !stage.end().stop_signal().is_unset()
            && stage.end().stop_signal().value().is_none_or(|s| s != "SIGTERM")
    {
        return;
    }
    // Whatever stands in front of it is another first process; the entry points of official images step aside.
    let launch = stage.launch(project);
    let own = launch.entrypoint.instruction.is_some();
    let known = stage.image(project).is_some_and(|i| matches!(i.repository.as_str(), "node" | "python"));
    if is_reaped(project, stage) || launch.entrypoint.value.value().is_some() && !own && !known {
        return;
    }
    let elements = launch.entrypoint.elements().iter().chain(launch.command.elements());
    let elements: Vec<_> = elements.collect();
    let Some((first, words)) = elements.split_first() else { return };
    let (at, name) = (first.span, first.text.rsplit('/').next().unwrap_or_default());
    let words: Vec<&str> = words.iter().map(|w| &*w.text).collect();
    let why = match name {
        "sleep" | "tail" if !words.is_empty() => "has no handler for SIGTERM".to_owned(),
        name if name == "node" || name.starts_with("python") => {
            let Some(script) = words.iter().find(|w| !w.starts_with('-')).filter(|w| w.contains('.')) else {
                return;
            };
            let directory = stage.end().workdir().value().map_or("/", String::as_str);
            let path =
                if script.starts_with('/') { (*script).to_owned() } else { format!("{directory}/{script}") };
            let Some(text) =
                project.in_image(stage, &path).as_ref().and_then(|f: &Found<'_>| f.text(project))
            else {
                return;
            };
            let serves = if name == "node" {
                text.contains(".listen(")
            } else {
                text.contains("app.run(") || text.contains("while True")
            };
            if !serves || HANDLES.iter().any(|sign| text.contains(sign)) {
                return;
            }
            format!("runs `{script}`, which handles no SIGTERM")
        }
        _ => return,
    };
    ctx.report(at, format!("`{name}` {why}, and a first process without a handler ignores it: it is killed after the grace period"));
}

/// Whether every container of the image has an init process of its own; only Docker gives one.
fn is_reaped(project: &Project, stage: &Stage) -> bool {
    let mut containers = project.containers_of(stage).peekable();
    containers.peek().is_some() && containers.all(|c| c.platform == Target::Docker && c.init.is(&true))
}
