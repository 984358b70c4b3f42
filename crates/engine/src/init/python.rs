//! Python: with uv where the project has its lock file, from `requirements.txt` otherwise.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;
use toml::Table;

use super::{App, Look, route};
use crate::template::render;

/// The version of Python where the project leaves it open.
const PYTHON: (u32, u32) = (3, 13);

/// The release of uv that builds.
const UV: &str = "0.12.5";

/// What serves an application.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Uvicorn,
    Gunicorn,
    Hypercorn,
    Daphne,
    Waitress,
}

/// What a program is started with.
struct Start {
    what: String,
    command: Vec<String>,
    port: Option<u16>,
    notes: Vec<String>,
}

pub(super) fn detect(look: &Look<'_>) -> Option<Result<App, String>> {
    let project = look.text("pyproject.toml").and_then(|text| text.parse::<Table>().ok());
    let requirements = look.text("requirements.txt");
    if project.is_none() && requirements.is_none() && !look.has("manage.py") {
        return None;
    }
    Some(app(look, project.as_ref(), requirements))
}

fn app(look: &Look<'_>, project: Option<&Table>, requirements: Option<&str>) -> Result<App, String> {
    let section = project.and_then(|p| p.get("project")?.as_table());
    let dependencies = dependencies(section, requirements);
    let start = start(look, section, &dependencies)?;
    let mut notes = start.notes;
    let locked = look.has("uv.lock");
    let packaged = locked && project.is_some_and(|p| p.contains_key("build-system"));
    if !locked && requirements.is_none() {
        return Err("the versions of what it needs are locked nowhere: run `uv lock`, then this again".into());
    }
    if !locked && requirements.is_some_and(|text| !text.contains("==")) {
        notes.push(
            "requirements.txt names no versions, so each build may bring others: pin them, or use `uv lock`"
                .into(),
        );
    }
    let (major, minor) = version(look, section);
    let health = start.port.map(|port| {
        let sources: Vec<&str> = sources(look).filter_map(|path| look.text(path.as_str())).collect();
        match route(sources.iter().copied()) {
            Some(route) => format!(
                "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}{route}', timeout=3)"
            ),
            None => format!("import socket; socket.create_connection(('127.0.0.1', {port}), timeout=3)"),
        }
    });
    // What the build backend reads besides the code.
    let readme = section.and_then(|s| match s.get("readme")? {
        toml::Value::String(name) => Some(name.as_str()),
        toml::Value::Table(table) => table.get("file")?.as_str(),
        _ => None,
    });
    let values = context! {
        python => format!("{major}.{minor}"),
        uv => UV,
        locked,
        packaged,
        // What is installed with the project is not copied once more.
        copied => !packaged || !look.has("src") || look.has("manage.py"),
        source_layout => !packaged && look.has("src"),
        collects => look.has("manage.py") && settings(look).is_some_and(|text| text.contains("STATIC_ROOT")),
        command => start.command,
        port => start.port,
        health,
    };
    let dockerfile =
        render(include_str!("templates/python.Dockerfile"), values).map_err(|e| e.to_string())?;
    let mut ignore = vec![
        ".venv",
        "venv",
        "**/__pycache__",
        "**/*.py[cod]",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        "*.egg-info",
        "tests",
        "docs",
        "**/*.sqlite3",
    ];
    if readme.is_none() {
        ignore.push("*.md");
    }
    Ok(App {
        directory: look.directory.to_owned(),
        name: section.and_then(|s| s.get("name")?.as_str()).map_or_else(|| look.name(), super::slug),
        what: format!("{} on Python {major}.{minor}, installed with uv", start.what),
        dockerfile,
        ignore,
        port: start.port,
        scratch: Vec::new(),
        notes,
    })
}

/// The names of what the program needs, as they are compared: lower case, with `-`.
fn dependencies(section: Option<&Table>, requirements: Option<&str>) -> Vec<String> {
    let listed = section.and_then(|s| s.get("dependencies")?.as_array());
    let of_project = listed.into_iter().flatten().filter_map(|d| d.as_str());
    let lines = requirements.unwrap_or_default().lines().map(str::trim);
    let of_file = lines.filter(|line| !line.starts_with(['#', '-']) && !line.is_empty());
    let mut names = Vec::new();
    for requirement in of_project.chain(of_file) {
        let end = requirement.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
        let (name, rest) = requirement.split_at(end.unwrap_or(requirement.len()));
        let name = name.to_lowercase().replace(['_', '.'], "-");
        // The extra brings its server along.
        if name == "fastapi" && rest.trim_start().starts_with('[') && rest.contains("standard") {
            names.push("uvicorn".into());
        }
        names.push(name);
    }
    names
}

/// The version of Python: what the project pins, or else the usual one as far as the project allows it.
fn version(look: &Look<'_>, section: Option<&Table>) -> (u32, u32) {
    let pair = |text: &str| {
        let mut parts = text.split('.').map(|part| part.trim().parse::<u32>().ok());
        Some((parts.next()??, parts.next()??))
    };
    if let Some(pinned) = look.version(".python-version").and_then(pair) {
        return pinned;
    }
    let Some(range) = section.and_then(|s| s.get("requires-python")?.as_str()) else { return PYTHON };
    let mut wanted = PYTHON;
    for clause in range.split(',').map(str::trim) {
        let end = clause.find(|c: char| c.is_ascii_digit()).unwrap_or(clause.len());
        let (operator, version) = clause.split_at(end);
        let Some(bound) = pair(version.trim_end_matches(".*")) else { continue };
        match operator.trim() {
            ">=" | ">" if bound > wanted => wanted = bound,
            "<" if bound <= wanted => wanted = (bound.0, bound.1.saturating_sub(1)),
            "<=" if bound < wanted => wanted = bound,
            "==" | "~=" if operator.trim() == "==" || version.matches('.').count() > 1 => wanted = bound,
            _ => {}
        }
    }
    wanted
}

/// The Python files, those near the top first, and of these the ones that programs are started from.
fn sources(look: &Look<'_>) -> impl Iterator<Item = Utf8PathBuf> {
    const NAMES: [&str; 10] =
        ["main", "app", "asgi", "wsgi", "server", "api", "__main__", "run", "web", "application"];
    let mut files: Vec<Utf8PathBuf> = look.below().filter(|path| path.extension() == Some("py")).collect();
    files.sort_by_key(|path| {
        let rank = path.file_stem().and_then(|stem| NAMES.iter().position(|name| *name == stem));
        (rank.unwrap_or(NAMES.len()), path.components().count(), path.clone())
    });
    files.into_iter()
}

fn start(look: &Look<'_>, section: Option<&Table>, dependencies: &[String]) -> Result<Start, String> {
    let uses = |name: &str| dependencies.iter().any(|d| d == name);
    if look.has("manage.py") {
        return django(look, &uses);
    }
    const ASYNC: [(&str, &str, &str); 6] = [
        ("fastapi", "FastAPI", "a FastAPI application"),
        ("starlette", "Starlette", "a Starlette application"),
        ("litestar", "Litestar", "a Litestar application"),
        ("quart", "Quart", "a Quart application"),
        ("blacksheep", "Application", "a BlackSheep application"),
        ("python-socketio", "ASGIApp", "a Socket.IO application"),
    ];
    const SYNC: [(&str, &str, &str); 4] = [
        ("flask", "Flask", "a Flask application"),
        ("bottle", "Bottle", "a Bottle application"),
        ("falcon", "App", "a Falcon application"),
        ("dash", "Dash", "a Dash application"),
    ];
    for (name, class, what) in ASYNC {
        if uses(name)
            && let Some((module, attribute, factory)) = attribute(look, class)
        {
            return Ok(asynchronous(&uses, what, &format!("{module}:{attribute}"), factory));
        }
    }
    for (name, class, what) in SYNC {
        if uses(name)
            && let Some((module, attribute, factory)) = attribute(look, class)
        {
            let attribute = if name == "dash" { format!("{attribute}.server") } else { attribute };
            let target =
                if factory { format!("{module}:{attribute}()") } else { format!("{module}:{attribute}") };
            return Ok(synchronous(&uses, what, &target));
        }
    }
    plain(look, section)
}

fn asynchronous(uses: &dyn Fn(&str) -> bool, what: &str, target: &str, factory: bool) -> Start {
    let server = [("uvicorn", Server::Uvicorn), ("hypercorn", Server::Hypercorn), ("daphne", Server::Daphne)]
        .into_iter()
        .find(|(name, _)| uses(name));
    let mut notes = Vec::new();
    if server.is_none() {
        notes.push("it has no server among what it needs: run `uv add uvicorn`, then build".to_owned());
    }
    let command: Vec<&str> = match server.map_or(Server::Uvicorn, |(_, server)| server) {
        Server::Hypercorn => vec!["hypercorn", target, "--bind", "0.0.0.0:8000", "--graceful-timeout", "20"],
        Server::Daphne => vec!["daphne", "-b", "0.0.0.0", "-p", "8000", target],
        _ => {
            let mut words = vec!["uvicorn", target];
            words.extend(factory.then_some("--factory"));
            // Without a limit it waits for open connections for ever.
            words.extend(["--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "20"]);
            words
        }
    };
    let command = command.into_iter().map(str::to_owned).collect();
    Start { what: what.to_owned(), command, port: Some(8000), notes }
}

fn synchronous(uses: &dyn Fn(&str) -> bool, what: &str, target: &str) -> Start {
    let server = [("gunicorn", Server::Gunicorn), ("waitress", Server::Waitress)]
        .into_iter()
        .find(|(name, _)| uses(name));
    let mut notes = Vec::new();
    if server.is_none() {
        notes.push("it has no server among what it needs: run `uv add gunicorn`, then build".to_owned());
    }
    let command: Vec<String> = match server.map_or(Server::Gunicorn, |(_, server)| server) {
        Server::Waitress => {
            let (factory, target) = match target.strip_suffix("()") {
                Some(target) => (Some("--call"), target),
                None => (None, target),
            };
            ["waitress-serve", "--listen=0.0.0.0:8000"]
                .into_iter()
                .chain(factory)
                .chain([target])
                .map(str::to_owned)
                .collect()
        }
        _ => [
            "gunicorn",
            "--bind",
            "0.0.0.0:8000",
            "--worker-tmp-dir",
            "/dev/shm",
            "--access-logfile",
            "-",
            target,
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    Start { what: what.to_owned(), command, port: Some(8000), notes }
}

fn django(look: &Look<'_>, uses: &dyn Fn(&str) -> bool) -> Result<Start, String> {
    let module = |name: &str| {
        let mut found: Vec<Utf8PathBuf> =
            look.below().filter(|path| path.file_name() == Some(name)).collect();
        found.sort_by_key(|path| (path.components().count(), path.clone()));
        found.first().and_then(|path| dotted(path))
    };
    let asgi = [("uvicorn", Server::Uvicorn), ("daphne", Server::Daphne)].iter().any(|(name, _)| uses(name));
    let what = "a Django application";
    match (module("asgi.py"), module("wsgi.py")) {
        (Some(module), _) if asgi => Ok(asynchronous(uses, what, &format!("{module}:application"), false)),
        (_, Some(module)) => Ok(synchronous(uses, what, &format!("{module}:application"))),
        _ => Err("manage.py is there, but no wsgi.py or asgi.py that a server could load".into()),
    }
}

fn settings<'f>(look: &Look<'f>) -> Option<&'f str> {
    let mut found: Vec<Utf8PathBuf> =
        look.below().filter(|path| path.file_name() == Some("settings.py")).collect();
    found.sort_by_key(|path| path.components().count());
    look.text(found.first()?.as_str())
}

/// The module and the name that hold an object of a class, or a function that makes one.
fn attribute(look: &Look<'_>, class: &str) -> Option<(String, String, bool)> {
    let mut factory = None;
    for path in sources(look) {
        let Some(text) = look.text(path.as_str()) else { continue };
        if !text.contains(class) {
            continue;
        }
        let Some(module) = dotted(&path) else { continue };
        let mut function: Option<&str> = None;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("def ") {
                function = rest.split('(').next().map(str::trim);
            } else if !line.starts_with([' ', '\t', ')', '#']) && !line.trim().is_empty() {
                function = None;
            }
            let Some((left, right)) = line.split_once('=') else { continue };
            let called =
                right.trim_start().strip_prefix(class).is_some_and(|rest| rest.starts_with('('))
                    || right.trim_start().split('(').next().is_some_and(|callee| {
                        right.contains('(') && callee.rsplit('.').next() == Some(class)
                    });
            if !called {
                continue;
            }
            let name = left.split(':').next().unwrap_or_default().trim();
            let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if valid && !left.starts_with([' ', '\t']) {
                return Some((module, name.to_owned(), false));
            }
            if let Some(function) =
                function.filter(|f| f.starts_with("create") || f.starts_with("make") || f.starts_with("get"))
                && factory.is_none()
            {
                factory = Some((module.clone(), function.to_owned(), true));
            }
        }
    }
    // `app = create_app()` at the top of a module is what servers are given, where there is one.
    if let Some((_, function, _)) = &factory {
        for path in sources(look) {
            let Some(text) = look.text(path.as_str()) else { continue };
            let Some(module) = dotted(&path) else { continue };
            let found = text.lines().find_map(|line| {
                let (left, right) = line.split_once('=')?;
                let name = left.trim();
                let called = right.trim_start().strip_prefix(function.as_str())?.starts_with('(');
                (called
                    && !line.starts_with([' ', '\t'])
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
                .then(|| name.to_owned())
            });
            if let Some(name) = found {
                return Some((module, name, false));
            }
        }
    }
    factory
}

/// What serves nothing that is known: a script of the project, a package that can be run, or a file.
fn plain(look: &Look<'_>, section: Option<&Table>) -> Result<Start, String> {
    let of = |command: &[&str]| Start {
        what: "a Python program".into(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        port: None,
        notes: vec!["no web framework was found, so nothing is published and nothing is probed".into()],
    };
    let scripts = section.and_then(|s| s.get("scripts")?.as_table());
    if let Some(scripts) = scripts {
        let name = section.and_then(|s| s.get("name")?.as_str()).unwrap_or_default();
        if let Some(script) = scripts
            .keys()
            .find(|key| *key == name)
            .or_else(|| scripts.keys().next().filter(|_| scripts.len() == 1))
        {
            return Ok(of(&[script]));
        }
    }
    let package = sources(look).find(|path| path.file_name() == Some("__main__.py"));
    if let Some(module) = package.as_deref().and_then(Utf8Path::parent).and_then(dotted) {
        return Ok(of(&["python", "-m", &module]));
    }
    for name in ["main.py", "app.py", "run.py", "server.py", "bot.py"] {
        if look.has(name) {
            return Ok(of(&["python", name]));
        }
    }
    Err("no application object, script or main module was found to start; name it in the Dockerfile that you write".into())
}

/// The module that a file is, as it is imported from the top or, for the `src` layout, from there.
fn dotted(path: &Utf8Path) -> Option<String> {
    let path = path.strip_prefix("src").unwrap_or(path).with_extension("");
    let mut parts: Vec<&str> = path.components().map(|c| c.as_str()).collect();
    if parts.last() == Some(&"__init__") {
        parts.pop();
    }
    let valid =
        |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (!parts.is_empty() && parts.iter().all(valid)).then(|| parts.join("."))
}
