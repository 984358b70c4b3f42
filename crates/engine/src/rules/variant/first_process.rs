use serde_json::Value;

use crate::exec::{self, Form};
use crate::images::{Day, PackageManager, Sh, lifetimes_of};
use crate::project::dockerfile::{Argument, Manager, Program};
use crate::project::layout::{Found, What};
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{CopySource, Keyword};
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
const HANDLERS: [&str; 26] = [
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
    "twisted",
    "grpc",
    "streamlit",
    "cherrypy",
    "daphne",
    "terminus",
    "lightship",
    "http-terminator",
    "import_module",
    "execute_from_command_line",
    "next(",
    "fork(",
];

/// Packages of distributions that ended before this day have left the mirrors.
const MIRRORED: &str = "2024-07-01";

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(program) = stage.launch(project).program().filter(|_| !stage.windows) else { return };
    // Whatever waits for it and is the first process itself lets SIGTERM do what it does by default.
    let waits = |name: &String| INITS.contains(&name.as_str()) || name == "uv run" || name == "trap";
    let Some(span) = program.words.first().and_then(|w| w.span) else { return };
    if program.through.iter().any(waits) || INITS.contains(&program.name.as_str()) {
        return;
    }
    let signal = stage.end().stop_signal();
    if signal.value().is_some_and(|signal| signal.trim_start_matches("SIG") != "TERM") {
        return;
    }
    if matches!(program.name.as_str(), "npm" | "yarn" | "pnpm") {
        package_script(stage, &program, span, ctx);
        return;
    }
    let Some(habit) = habit(stage, project, &program) else { return };
    let text = program.words.iter().take(2).map(|w| w.text.to_string()).collect::<Vec<_>>().join(" ");
    let why = format!("`{text}` ignores SIGTERM as the first process, and is killed after the grace period");
    match (habit, init(stage, project)) {
        (Habit::Unknown(what), init) => {
            let message = format!(
                "`{text}` ignores SIGTERM as the first process unless its code handles it: {what} does not"
            );
            if let Some(init) = init {
                started_by(&init, None, &program, span, message, ctx);
            } else {
                let without = "the image has no init such as `tini` to start it by";
                ctx.report(span, format!("{message}; {without}"));
            }
        }
        (Habit::Interrupt, _) => {
            let edit = project.dockerfile(stage.source).filter(|_| signal.value().is_none()).map(|file| {
                edit::insert_before(file, program.instruction, &[New::new(Keyword::Stopsignal, "SIGINT")])
            });
            ctx.report(span, format!("{why}, but ends on SIGINT")).fix(
                Safety::Unsafe,
                "Stop it by SIGINT",
                edit.filter(|_| stage.holds(project, program.instruction)),
            );
        }
        (Habit::Ignores, Some(init)) => started_by(&init, None, &program, span, why, ctx),
        (Habit::Ignores, None) => match (installed(stage, project), minded(stage, project, &program)) {
            (Ok((edit, name)), _) => started_by(name, Some(edit), &program, span, why, ctx),
            (Err(_), Some(edit)) => {
                let title = "Let a shell stay with it and pass the signal on";
                ctx.report(span, why).fix(Safety::Unsafe, title, vec![edit]);
            }
            (Err(reason), None) => {
                ctx.report(span, format!("{why}; {reason}: let the code handle SIGTERM"));
            }
        },
    }
}

/// Reports that a program is to be started by an init, with the edit that brings it where it has to be brought.
fn started_by(
    init: &str,
    brought: Option<Edit>,
    program: &Program<'_>,
    span: Span,
    why: String,
    ctx: &mut Ctx<'_>,
) {
    let title = match brought {
        Some(_) => format!("Install `{init}`, and start it by that"),
        None => format!("Start it by `{init}`, which the image has"),
    };
    let edits = program.prepend(&[init, "--"]).map(|edit| {
        let mut edits: Vec<Edit> = brought.into_iter().chain([edit]).collect();
        edits.sort();
        edits
    });
    ctx.report(span, why).fix(Safety::Unsafe, title, edits);
}

/// What a program does with signals as the first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// It ignores SIGTERM and ends on SIGINT.
    Interrupt,
    /// It ignores both.
    Ignores,
    /// So it does unless its code handles them, which cannot be seen. This runs it.
    Unknown(&'static str),
}

/// What a program does with signals; `None` where it handles SIGTERM, or nothing is known of it.
fn habit(stage: &Stage, project: &Project, program: &Program<'_>) -> Option<Habit> {
    let has = |word: &str| program.args().iter().any(|w| w.is(word));
    let of_python = program.through.iter().any(|t| t.starts_with("python"));
    match program.name.as_str() {
        "http.server" | "SimpleHTTPServer" if of_python => Some(Habit::Interrupt),
        "waitress-serve" | "waitress" => Some(Habit::Interrupt),
        "flask" if has("run") => Some(Habit::Interrupt),
        "php" if has("-S") => Some(Habit::Interrupt),
        // That of Apache knows no such option.
        "httpd" if has("-f") && !program.args().iter().any(|w| w.text.starts_with("-D")) => {
            Some(Habit::Ignores)
        }
        "busybox" if program.args().first().is_some_and(|w| w.is("httpd")) => Some(Habit::Ignores),
        "sleep" | "tail" => Some(Habit::Ignores),
        "node" | "nodejs" => match source(stage, project, program) {
            Source::Handles => None,
            Source::Interrupts => Some(Habit::Interrupt),
            Source::Ignores => Some(Habit::Ignores),
            Source::Unknown => Some(Habit::Unknown("Node.js")),
        },
        name if name.starts_with("python") => match source(stage, project, program) {
            Source::Handles => None,
            Source::Interrupts | Source::Ignores => Some(Habit::Interrupt),
            Source::Unknown => Some(Habit::Unknown("Python")),
        },
        _ => None,
    }
}

/// The edit that starts a program by a shell that stays with it, where the image has one.
fn minded(stage: &Stage, project: &Project, program: &Program<'_>) -> Option<Edit> {
    let has_shell = stage.distribution(project).is_some()
        && stage.facts.is_none_or(|f| f.shell.is_some_and(|shell| shell != Sh::None));
    let words = program.words.iter().map(|w| w.value.as_deref().filter(|v| w.element && is_plain(v)));
    let words: Vec<&str> = words.collect::<Option<_>>()?;
    let line = exec::mind(&words);
    replaced(program, &["sh".to_owned(), "-c".to_owned(), line]).filter(|_| has_shell)
}

/// The edit that installs an init, and its name; or why there is none. Alpine's package would do as well, but a shell
/// does without the network.
fn installed(stage: &Stage, project: &Project) -> Result<(Edit, &'static str), &'static str> {
    const NAME: &str = "tini";
    let none = "the image has no init such as `tini` to start it by, and nothing that could install one";
    let file = project.dockerfile(stage.source).ok_or(none)?;
    let Some(PackageManager::Apt) = stage.distribution(project).map(|d| d.packages) else { return Err(none) };
    let command =
        "apt-get update\n&& apt-get install -y --no-install-recommends tini\n&& rm -rf /var/lib/apt/lists/*";
    // It joins what is installed already.
    for run in stage.runs(project) {
        let joins = |i: &crate::project::dockerfile::Install<'_>| {
            i.manager == Manager::Apt
                && i.call.command.context.depth == 0
                && !i.call.command.context.conditional
                && !i.call.has_option(&["-t", "--target-release", "--print-uris", "--download-only"])
        };
        if let Some(last) = run.installs().find(joins).and_then(|i| i.call.args.last()) {
            return Ok((edit::insert_behind(last.span, NAME), NAME));
        }
    }
    let old = |image: &crate::project::ImageName| {
        let day = Day::parse(MIRRORED);
        lifetimes_of(image).iter().any(|l| l.end.is_none() || l.end < day)
    };
    if stage.facts.is_none() || stage.image(project).is_none_or(old) {
        return Err(
            "the image has no init such as `tini` to start it by, and its distribution no packages any longer",
        );
    }
    let is_root = |user: &crate::project::Setting<crate::project::User>| {
        user.value().map_or(!user.is_unknown(), |u| u.is_root() == Some(true))
    };
    let from = stage.from_instruction(project).filter(|_| is_root(stage.start().user()));
    let from = from.ok_or("the image has no init such as `tini` to start it by, and starts without root")?;
    Ok((edit::insert_after(file, from, &[New::new(Keyword::Run, command)]), NAME))
}

/// What the source of a program shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Handles,
    Interrupts,
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
    let handles = |text: &str| HANDLERS.iter().any(|h| text.contains(h));
    match text_at(stage, project, script) {
        Some(text) if interrupts(text) => Source::Interrupts,
        Some(text) if handles(text) => Source::Handles,
        // What it imports may do so.
        Some(_) if project.code(stage).any(|code| handles(code.text)) => Source::Handles,
        Some(_) => Source::Ignores,
        None => Source::Unknown,
    }
}

/// Whether a source handles SIGINT alone.
fn interrupts(text: &str) -> bool {
    let others = HANDLERS.iter().filter(|h| !matches!(**h, "SIGINT" | "signal"));
    text.contains("SIGINT") && !others.into_iter().any(|h| text.contains(h))
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
    let text = if first.element {
        words.iter().map(|w| edit::json_string(w)).collect::<Vec<_>>().join(", ")
    } else {
        words.iter().all(|w| is_plain(w)).then(|| words.join(" "))?
    };
    Some(Edit { span, text })
}

/// Whether a word means itself to a shell.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&b))
}
