use serde_json::Value;

use crate::exec::{self, Form};
use crate::project::dockerfile::{Argument, Program};
use crate::project::layout::{Found, What};
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::{CopySource, edit};
use crate::syntax::{Edit, Span};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "first-process",
    summary: "lets a program stop that ignores SIGTERM as the first process",
    since: "0.1.0",
    docs: include_str!("first_process.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

const INITS: [&str; 5] = ["tini", "tini-static", "dumb-init", "catatonit", "docker-init"];

/// What in a source shows that it, or what it runs, handles SIGTERM.
const HANDLERS: [&str; 14] = [
    "SIGTERM",
    "SIGINT",
    "signal",
    "uvicorn",
    "hypercorn",
    "gunicorn",
    "granian",
    "run_app",
    "anic(",
    "run_polling",
    "start_polling",
    "celery",
    "FastMCP",
    "gracefulShutdown",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(program) = stage.launch(project).program().filter(|_| !stage.windows) else { return };
    // Whatever waits for it and is the first process itself lets SIGTERM do what it does by default.
    let waits = |name: &String| INITS.contains(&name.as_str()) || name == "uv run";
    let Some(span) = program.words.first().and_then(|w| w.span) else { return };
    if program.through.iter().any(waits) || INITS.contains(&program.name.as_str()) {
        return;
    }
    let (what, handled) = match program.name.as_str() {
        "npm" | "yarn" | "pnpm" => {
            package_script(stage, &program, span, ctx);
            return;
        }
        "node" | "nodejs" => ("Node.js", source(stage, project, &program)),
        name if name.starts_with("python") => ("Python", source(stage, project, &program)),
        "sleep" | "tail" => ("it", Source::Ignores),
        _ => return,
    };
    if handled == Source::Handles {
        return;
    }
    let init = init(stage, project);
    let text = program.words.iter().take(2).map(|w| w.text.to_string()).collect::<Vec<_>>().join(" ");
    let message = match handled {
        Source::Ignores => {
            format!("`{text}` ignores SIGTERM as the first process, and is killed after the grace period")
        }
        _ => format!(
            "`{text}` ignores SIGTERM as the first process unless its code handles it: {what} does not"
        ),
    };
    match init {
        Some(init) => {
            ctx.report(span, message).fix(
                Safety::Unsafe,
                format!("Start it by `{init}`, which the image has"),
                program.prepend(&[&init, "--"]),
            );
        }
        None => {
            ctx.report(span, format!("{message}; the image has no init such as `tini` to start it by"));
        }
    }
}

/// What the source of a program shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Handles,
    Ignores,
    Unknown,
}

fn source(stage: &Stage, project: &Project, program: &Program<'_>) -> Source {
    let script = program.args().iter().find(|w| !w.text.starts_with('-')).and_then(|w| w.value.as_deref());
    let Some(script) = script else { return Source::Handles };
    if program.args().iter().any(|w| w.is("-c") || w.is("-e") || w.is("-m") || w.is("--version")) {
        return Source::Handles;
    }
    // The server that Next.js builds handles it.
    let standalone = stage.instructions(project).iter().any(|i| match &i.arguments {
        crate::syntax::dockerfile::Arguments::Copy(t) => {
            t.sources.iter().any(|s| matches!(s, CopySource::Path(w) if w.text.contains("standalone") || w.text.contains(".output")))
        }
        _ => false,
    });
    if standalone {
        return Source::Handles;
    }
    match text_at(stage, project, script) {
        Some(text) if HANDLERS.iter().any(|h| text.contains(h)) => Source::Handles,
        Some(_) => Source::Ignores,
        None => Source::Unknown,
    }
}

/// The text of a file in the image, from the directory that the program starts in.
fn text_at<'p>(stage: &'p Stage, project: &'p Project, path: &str) -> Option<&'p str> {
    let directory = stage.end().workdir().value().map_or("/", String::as_str);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    match project.in_image(stage, &path)? {
        Found::File(file) => project.files.text(&file).map(|text| &**text),
        Found::Text(text) => Some(text),
    }
}

/// An init that is in the image.
fn init(stage: &Stage, project: &Project) -> Option<String> {
    let of_image = stage.facts.and_then(|f| f.has.iter().find(|h| INITS.contains(&h.as_str())));
    if let Some(name) = of_image {
        return Some(name.clone());
    }
    for copied in stage.copied() {
        let name = copied.target.rsplit('/').next().unwrap_or_default();
        if INITS.contains(&name) && !matches!(copied.what, What::Heredoc(_)) {
            return Some(copied.target.clone());
        }
    }
    stage.and_below(project).find_map(|stage| {
        stage.runs(project).iter().find_map(|run| {
            run.installs().find_map(|install| {
                let name = |w: &crate::syntax::shell::Word| {
                    let name = w.value.as_deref()?.split(['=', '<', '>', '~']).next()?.to_owned();
                    INITS.contains(&name.as_str()).then_some(name)
                };
                install.call.args.iter().find_map(name)
            })
        })
    })
}

/// `npm start` and its like: the script's own command is better where it handles the signal.
fn package_script(stage: &Stage, program: &Program<'_>, span: Span, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let name = program.name.as_str();
    let args: Vec<&str> = program.args().iter().filter_map(|w| w.value.as_deref()).collect();
    let script = match args.as_slice() {
        ["run" | "run-script", script] => *script,
        ["start"] => "start",
        [script] if name != "npm" && !script.starts_with('-') => *script,
        _ => return,
    };
    let why = format!(
        "`{name}` is the first process: SIGTERM gets to the shell that it starts, not to the program"
    );
    let package = text_at(stage, project, "package.json");
    let command =
        package.ok_or("`package.json` cannot be read here").and_then(|text| own_command(text, script));
    let words = match command {
        Ok(words) => words,
        Err(reason) => {
            ctx.report(span, format!("{why}; it stays: {reason}"));
            return;
        }
    };
    let direct = match words.first().map(String::as_str) {
        Some("node") => {
            let file = words[1..].iter().find(|w| !w.starts_with('-'));
            let handles = file
                .and_then(|f| {
                    text_at(stage, project, f).or_else(|| text_at(stage, project, &format!("{f}.js")))
                })
                .map(|text| HANDLERS.iter().any(|h| text.contains(h)));
            match (handles, init(stage, project)) {
                (_, Some(init)) => Ok([init, "--".to_owned()].into_iter().chain(words).collect()),
                (Some(true), None) => Ok(words),
                (Some(false), None) => {
                    Err("its own command ignores SIGTERM as the first process, and so would never stop")
                }
                (None, None) => Err("whether its own command handles SIGTERM is not known here"),
            }
        }
        Some("next") if words.get(1).is_some_and(|w| w == "start") => {
            Ok([String::from("node_modules/.bin/next")]
                .into_iter()
                .chain(words.into_iter().skip(1))
                .collect())
        }
        _ => Err("whether its own command handles SIGTERM is not known here"),
    };
    let words: Vec<String> = match direct {
        Ok(words) => words,
        Err(reason) => {
            ctx.report(span, format!("{why}; it stays: {reason}"));
            return;
        }
    };
    ctx.report(span, why).fix(
        Safety::Unsafe,
        format!("Start what `{script}` says without `{name}`"),
        replaced(program, &words),
    );
}

/// The words of a script of a package that is one simple command.
fn own_command(package: &str, script: &str) -> Result<Vec<String>, &'static str> {
    let package: Value = serde_json::from_str(package).map_err(|_| "`package.json` cannot be read here")?;
    let scripts = package.get("scripts").and_then(Value::as_object);
    let scripts = scripts.ok_or("`package.json` has no such script")?;
    if ["pre", "post"].iter().any(|hook| scripts.contains_key(&format!("{hook}{script}"))) {
        return Err("other scripts run before or after it");
    }
    let line = scripts.get(script).and_then(Value::as_str).ok_or("`package.json` has no such script")?;
    match exec::form(line) {
        Form::Words(words) => Ok(words.into_iter().map(|(_, word)| word).collect()),
        _ => Err("its script is more than one simple command"),
    }
}

/// The edit that writes other words in the place of a program and its arguments.
fn replaced(program: &Program<'_>, words: &[String]) -> Option<Edit> {
    let (first, last): (&Argument, &Argument) = (program.words.first()?, program.words.last()?);
    let span = first.span?.to(last.span?);
    if !program.instruction.span.contains(span) {
        return None;
    }
    let plain = |w: &String| w.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&b));
    let text = if first.element {
        words.iter().map(|w| edit::json_string(w)).collect::<Vec<_>>().join(", ")
    } else {
        words.iter().all(plain).then(|| words.join(" "))?
    };
    Some(Edit { span, text })
}
