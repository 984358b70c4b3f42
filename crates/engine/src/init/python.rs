//! Python: installed with uv from its own lock file, from those of Poetry and Pipenv, or from `requirements.txt`.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;
use toml::Table;

use super::{App, Detected, Found, Look, Service, is_aside, package_in, procfile, reads_port, route};
use crate::template::render;

/// The version of Python where the project leaves it open.
const PYTHON: (u32, u32) = (3, 13);

/// The release of uv that builds.
const UV: &str = "0.12.5";

/// The releases that are installed where a program brings no server along.
const UVICORN: &str = "uvicorn==0.54.0";
const GUNICORN: &str = "gunicorn==27.0.1";

/// What installs the packages of a program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Installer {
    /// uv, from its lock file.
    Locked,
    Poetry,
    Pipenv,
    /// uv, from files as pip has them.
    Requirements,
    /// uv, from what `pyproject.toml` lists.
    Project,
}

impl Installer {
    fn word(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Poetry => "poetry",
            Self::Pipenv => "pipenv",
            Self::Requirements => "requirements",
            Self::Project => "project",
        }
    }
}

/// A member of a workspace of uv.
struct Member {
    /// Its directory, from the top of the workspace.
    directory: Utf8PathBuf,
    name: String,
}

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
    /// A package that is installed besides, with its version.
    adds: Option<&'static str>,
    env: Vec<String>,
    notes: Vec<String>,
}

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let project = look.text("pyproject.toml").and_then(|text| text.parse::<Table>().ok());
    let requirements = Requirements::of(look);
    if project.is_none() && requirements.files.is_empty() && !look.has("manage.py") && !look.has("Pipfile") {
        return None;
    }
    let members = project.as_ref().map(|project| members(look, project)).unwrap_or_default();
    if members.is_empty() {
        return Some(app(look, project.as_ref(), &requirements, None).map(Into::into));
    }
    if !look.has("uv.lock") {
        return Some(Err(
            "it is a workspace of uv without its lock file: run `uv lock`, then this again".into()
        ));
    }
    let mut found = Found::default();
    // The top may be a program itself.
    if project.as_ref().is_some_and(|p| p.contains_key("project"))
        && let Ok(app) = app(look, project.as_ref(), &requirements, None)
    {
        found.apps.push(app);
    }
    let mut why = Vec::new();
    for member in &members {
        let directory = look.join(&member.directory);
        let of_member = Look { files: look.files, directory: &directory };
        let table = of_member.text("pyproject.toml").and_then(|text| text.parse::<Table>().ok());
        match app(&of_member, table.as_ref(), &Requirements::default(), Some((look, member))) {
            Ok(app) => found.apps.push(app),
            Err(reason) => why.push(format!("{}: {reason}", member.directory)),
        }
        found.covered.push(directory);
    }
    if found.apps.is_empty() {
        return Some(Err(format!("none of the members of its workspace is a program ({})", why.join("; "))));
    }
    Some(Ok(found))
}

/// The members of a workspace of uv that are packages.
fn members(look: &Look<'_>, project: &Table) -> Vec<Member> {
    let workspace = |key: &str| {
        let listed = project.get("tool").and_then(|t| t.get("uv")?.get("workspace")?.get(key)?.as_array());
        listed.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let excluded = workspace("exclude");
    super::packages::matching(look, &workspace("members"), "pyproject.toml")
        .into_iter()
        .filter(|directory| !super::packages::matches(&excluded, directory))
        .filter_map(|directory| {
            let table: Table = look.text(directory.join("pyproject.toml").as_str())?.parse().ok()?;
            let name = table.get("project")?.get("name")?.as_str()?.to_owned();
            Some(Member { directory, name })
        })
        .collect()
}

/// What pip installs: files of requirements and those that they include.
#[derive(Default)]
struct Requirements {
    /// The files, the one that is installed first.
    files: Vec<String>,
    text: String,
}

impl Requirements {
    fn of(look: &Look<'_>) -> Self {
        let mut found = Self::default();
        let names = [
            "requirements.txt",
            "requirements/production.txt",
            "requirements/prod.txt",
            "requirements/requirements.txt",
            "requirements/base.txt",
            "requirements/main.txt",
        ];
        if let Some(first) = names.iter().find(|name| look.has(name)) {
            found.add(look, Utf8Path::new(first));
        }
        found
    }

    fn add(&mut self, look: &Look<'_>, path: &Utf8Path) {
        if self.files.iter().any(|file| file == path) || self.files.len() > 8 {
            return;
        }
        let Some(text) = look.text(path.as_str()) else { return };
        self.files.push(path.as_str().to_owned());
        self.text.push_str(text);
        self.text.push('\n');
        for line in text.lines().map(str::trim) {
            let included = ["-r ", "--requirement ", "-c ", "--constraint ", "-r"]
                .iter()
                .find_map(|flag| line.strip_prefix(flag));
            if let Some(included) = included {
                let at = path.parent().unwrap_or(Utf8Path::new("")).join(included.trim());
                self.add(look, &crate::parse::normalise(&at));
            }
        }
    }
}

fn app(
    look: &Look<'_>,
    project: Option<&Table>,
    requirements: &Requirements,
    workspace: Option<(&Look<'_>, &Member)>,
) -> Result<App, String> {
    let section = project.and_then(|p| p.get("project")?.as_table());
    let poetry = project.and_then(|p| p.get("tool")?.get("poetry")?.as_table());
    let pipfile = look.text("Pipfile").and_then(|text| text.parse::<Table>().ok());
    let mut dependencies = dependencies(section, &requirements.text);
    let tables = [
        poetry.and_then(|p| p.get("dependencies")?.as_table()),
        pipfile.as_ref().and_then(|p| p.get("packages")?.as_table()),
    ];
    for table in tables.into_iter().flatten() {
        dependencies.extend(table.keys().map(|name| normal(name)));
    }
    let installer = if workspace.is_some() || look.has("uv.lock") {
        Installer::Locked
    } else if poetry.is_some() && look.has("poetry.lock") || section.is_some() && look.has("poetry.lock") {
        Installer::Poetry
    } else if look.has("Pipfile.lock") {
        Installer::Pipenv
    } else if !requirements.files.is_empty() {
        Installer::Requirements
    } else if section.is_some() {
        Installer::Project
    } else if poetry.is_some() {
        return Err(
            "the versions of what it needs are locked nowhere: run `poetry lock`, then this again".into()
        );
    } else {
        return Err("what it needs is listed nowhere: neither requirements.txt nor a `[project]` in pyproject.toml says it".into());
    };
    let start = start(look, section.or(poetry), &dependencies, &requirements.text)?;
    let mut notes = start.notes;
    let has_backend = project.is_some_and(|p| p.contains_key("build-system"));
    let packaged = matches!(installer, Installer::Locked | Installer::Project) && has_backend;
    match installer {
        Installer::Requirements if !requirements.text.contains("==") && !requirements.text.contains(" @ ") => notes.push(
            "requirements.txt names no versions, so each build may bring others: pin them, or use `uv lock`".into(),
        ),
        Installer::Project => notes.push(
            "the versions of what it needs are locked nowhere, so each build may bring others: run `uv lock`, then build from it".into(),
        ),
        _ => {}
    }
    if let Some(server) = start.adds {
        let (name, _) = server.split_once("==").unwrap_or((server, ""));
        notes.push(format!(
            "it has no server among what it needs, so the image adds {name}: list it with the rest"
        ));
    }
    let pins = [".python-version", ".tool-versions"];
    let of_top = workspace.map(|(top, _)| top).filter(|_| !pins.iter().any(|pin| look.has(pin)));
    let (major, minor) = version(of_top.unwrap_or(look), section, poetry, pipfile.as_ref());
    let mut sources_of: Vec<&str> = sources(look).filter_map(|path| look.text(path.as_str())).collect();
    sources_of.truncate(400);
    let health = start.port.map(|port| {
        let found = if start.what.contains("Streamlit") {
            Some("/_stcore/health")
        } else {
            route(sources_of.iter().copied())
        };
        match found {
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
    let needs = |table: &[(&str, &'static str)]| -> Vec<&'static str> {
        table
            .iter()
            .filter(|(name, _)| dependencies.iter().any(|d| d == name))
            .map(|(_, package)| *package)
            .collect()
    };
    let mut compiled = needs(&COMPILED);
    if requirements.text.contains("git+") {
        compiled.push("git");
    }
    let home = workspace.map_or(Utf8Path::new(""), |(_, member)| &member.directory);
    let mut env = start.env;
    if let Some(port) = start.port.filter(|_| reads_port(&sources_of)) {
        env.push(format!("PORT={port}"));
    }
    let suite = match (major, minor) {
        (3, 9..) | (4.., _) => "trixie",
        (3, 7..) => "bookworm",
        (3, 6) => "bullseye",
        _ => "buster",
    };
    let values = context! {
        suite,
        python => format!("{major}.{minor}"),
        uv => UV,
        installer => installer.word(),
        packaged,
        member => workspace.map(|(_, member)| member.name.as_str()),
        home => home.as_str(),
        requirements => requirements.files,
        adds => start.adds,
        compiled => compiled.join(" "),
        loaded => package_in(suite, &needs(&LOADED).join(" ")),
        env,
        // What is installed with the project is not copied once more.
        copied => !packaged || !look.has_below("src") || look.has("manage.py"),
        source_layout => !packaged && look.has_below("src") && !look.has("src/__init__.py"),
        collects => look.has("manage.py") && settings(look).is_some_and(|text| text.contains("STATIC_ROOT")),
        command => start.command,
        port => start.port,
        health,
    };
    let dockerfile =
        render(include_str!("templates/python.Dockerfile"), values).map_err(|e| e.to_string())?;
    let mut ignore = vec![
        "**/.venv",
        "**/venv",
        "**/__pycache__",
        "**/*.py[cod]",
        "**/.pytest_cache",
        "**/.mypy_cache",
        "**/.ruff_cache",
        "**/*.egg-info",
        "**/tests",
        "docs",
        "**/*.sqlite3",
    ];
    if readme.is_none() && workspace.is_none() {
        ignore.push("*.md");
    }
    let name =
        section.or(poetry).and_then(|s| s.get("name")?.as_str()).map_or_else(|| look.name(), super::slug);
    let by = match installer {
        Installer::Poetry => "Poetry",
        Installer::Pipenv => "Pipenv and uv",
        _ => "uv",
    };
    Ok(App {
        directory: look.directory.to_owned(),
        context: workspace.map_or(look.directory, |(top, _)| top.directory).to_owned(),
        what: format!("{} on Python {major}.{minor}, installed with {by}", start.what),
        dockerfile,
        ignore,
        services: vec![Service { name, port: start.port, ..Service::default() }],
        notes,
    })
}

/// Packages that are compiled where they are installed, and what that takes.
const COMPILED: [(&str, &str); 4] = [
    ("psycopg2", "gcc libc6-dev libpq-dev"),
    ("mysqlclient", "gcc libc6-dev pkg-config default-libmysqlclient-dev"),
    ("python-ldap", "gcc libc6-dev libldap-dev libsasl2-dev"),
    ("uwsgi", "gcc libc6-dev"),
];

/// Packages that load a library of the system when they run.
const LOADED: [(&str, &str); 7] = [
    ("psycopg2", "libpq5"),
    ("psycopg", "libpq5"),
    ("mysqlclient", "libmariadb3"),
    ("python-ldap", "libldap2"),
    ("opencv-python", "libgl1 libglib2.0-0t64"),
    ("weasyprint", "libpango-1.0-0 libpangoft2-1.0-0"),
    ("python-magic", "libmagic1t64"),
];

/// A name as names are compared: lower case, with `-`.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// The names of what the program needs, as they are compared.
fn dependencies(section: Option<&Table>, requirements: &str) -> Vec<String> {
    let listed = section.and_then(|s| s.get("dependencies")?.as_array());
    let of_project = listed.into_iter().flatten().filter_map(|d| d.as_str());
    let lines = requirements.lines().map(str::trim);
    let of_file = lines.filter(|line| !line.starts_with(['#', '-']) && !line.is_empty());
    let mut names = Vec::new();
    for requirement in of_project.chain(of_file) {
        let end = requirement.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
        let (name, rest) = requirement.split_at(end.unwrap_or(requirement.len()));
        let name = normal(name);
        // The extra brings its server along, and the C library.
        let extra = |word: &str| rest.trim_start().starts_with('[') && rest.contains(word);
        if name == "fastapi" && extra("standard") {
            names.push("uvicorn".into());
        }
        if name == "psycopg" && extra("binary") {
            continue;
        }
        names.push(name);
    }
    names
}

/// The version of Python: what the project pins, or else the usual one as far as the project allows it.
fn version(
    look: &Look<'_>,
    section: Option<&Table>,
    poetry: Option<&Table>,
    pipfile: Option<&Table>,
) -> (u32, u32) {
    let pair = |text: &str| {
        let mut parts = text.split('.').map(|part| part.trim().parse::<u32>().ok());
        Some((parts.next()??, parts.next()??))
    };
    let tool_versions = || {
        let line = look.text(".tool-versions")?.lines().find_map(|l| l.trim().strip_prefix("python "))?;
        pair(line.trim())
    };
    let heroku = || pair(look.text("runtime.txt")?.trim().strip_prefix("python-")?);
    let pinned = look.version(".python-version").and_then(pair).or_else(tool_versions).or_else(heroku);
    let pinned = pinned.or_else(|| pair(pipfile?.get("requires")?.get("python_version")?.as_str()?));
    if let Some(pinned) = pinned.filter(|(major, _)| *major >= 3) {
        return pinned;
    }
    let of_poetry = poetry.and_then(|p| p.get("dependencies")?.get("python")?.as_str());
    let Some(range) = section.and_then(|s| s.get("requires-python")?.as_str()).or(of_poetry) else {
        return PYTHON;
    };
    let mut wanted = PYTHON;
    for clause in range.split(',').map(str::trim) {
        let end = clause.find(|c: char| c.is_ascii_digit()).unwrap_or(clause.len());
        let (operator, version) = clause.split_at(end);
        let Some(bound) = pair(version.trim_end_matches(".*")) else { continue };
        match operator.trim() {
            ">=" | ">" | "^" if bound > wanted => wanted = bound,
            "<" if bound <= wanted => wanted = (bound.0, bound.1.saturating_sub(1)),
            "<=" if bound < wanted => wanted = bound,
            "==" | "" | "~" => wanted = bound,
            "~=" if version.matches('.').count() > 1 => wanted = bound,
            _ => {}
        }
    }
    wanted
}

/// The Python files, those near the top first, and of these the ones that programs are started from.
fn sources(look: &Look<'_>) -> impl Iterator<Item = Utf8PathBuf> {
    const NAMES: [&str; 11] =
        ["main", "app", "asgi", "wsgi", "server", "api", "__main__", "autoapp", "run", "web", "application"];
    let mut files: Vec<Utf8PathBuf> =
        look.below().filter(|path| path.extension() == Some("py") && !is_aside(path)).collect();
    files.sort_by_key(|path| {
        let rank = path.file_stem().and_then(|stem| NAMES.iter().position(|name| *name == stem));
        (rank.unwrap_or(NAMES.len()), path.components().count(), path.clone())
    });
    files.into_iter()
}

fn start(
    look: &Look<'_>,
    section: Option<&Table>,
    dependencies: &[String],
    requirements: &str,
) -> Result<Start, String> {
    let uses = |name: &str| dependencies.iter().any(|d| d == name);
    let django = || {
        look.has("manage.py")
            && (uses("django") || requirements.to_lowercase().contains("django") || !uses("flask"))
    };
    if let Some(start) = stated(look, &uses) {
        return Ok(start);
    }
    if let Some(says) = library(section) {
        return Err(format!(
            "it is a library, as it says of itself (`{says}`): there is no program to put into an image"
        ));
    }
    if django() {
        return self::django(look, &uses);
    }
    if uses("streamlit") {
        return streamlit(look);
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
    plain(look, section, &uses)
}

/// What a `Procfile` names: a server and what it loads.
fn stated(look: &Look<'_>, uses: &dyn Fn(&str) -> bool) -> Option<Start> {
    let words = procfile::web(look)?;
    let (server, rest) = words.split_first()?;
    let target = rest.iter().rev().find(|word| {
        let module = word.split_once(':').map_or(**word, |(module, _)| module);
        !word.starts_with('-')
            && module.contains(|c: char| c.is_ascii_alphabetic())
            && module.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
            && look.has(&format!("{}.py", module.replace('.', "/")))
                | look.has(&format!("{}/__init__.py", module.replace('.', "/")))
                | look.has(&format!("src/{}.py", module.replace('.', "/")))
    })?;
    // A module alone is asked for its `application`.
    let target = if target.contains(':') { (*target).to_owned() } else { format!("{target}:application") };
    let what = if look.has("manage.py") { "a Django application" } else { "a Python application" };
    let workers = rest.iter().any(|word| word.contains("uvicorn.workers"));
    match *server {
        "gunicorn" if !workers => Some(synchronous(uses, what, &target)),
        "gunicorn" | "uvicorn" | "hypercorn" | "daphne" => Some(asynchronous(uses, what, &target, false)),
        "waitress-serve" => Some(synchronous(uses, what, &target)),
        _ => None,
    }
}

/// Streamlit runs a file.
fn streamlit(look: &Look<'_>) -> Result<Start, String> {
    let names = ["streamlit_app", "app", "main", "home", "dashboard", "index", "frontend", "ui", "web"];
    let mut found: Vec<Utf8PathBuf> = sources(look)
        .filter(|path| look.text(path.as_str()).is_some_and(|text| text.contains("import streamlit")))
        .filter(|path| !path.components().any(|c| c.as_str() == "pages"))
        .collect();
    found.sort_by_key(|path| {
        let stem = path.file_stem().unwrap_or_default().to_lowercase();
        let rank = names.iter().position(|name| stem.ends_with(name)).unwrap_or(names.len());
        (path.components().count(), rank, path.clone())
    });
    let file = found.first().ok_or("no file of it imports Streamlit, so it is not told what runs")?;
    let words = [
        "streamlit",
        "run",
        file.as_str(),
        "--server.address=0.0.0.0",
        "--server.port=8501",
        "--server.headless=true",
    ];
    Ok(Start {
        what: "a Streamlit application".into(),
        command: words.map(str::to_owned).to_vec(),
        port: Some(8501),
        adds: None,
        env: vec!["STREAMLIT_BROWSER_GATHER_USAGE_STATS=false".into()],
        notes: Vec::new(),
    })
}

fn asynchronous(uses: &dyn Fn(&str) -> bool, what: &str, target: &str, factory: bool) -> Start {
    let server = [("uvicorn", Server::Uvicorn), ("hypercorn", Server::Hypercorn), ("daphne", Server::Daphne)]
        .into_iter()
        .find(|(name, _)| uses(name));
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
    let adds = server.is_none().then_some(UVICORN);
    Start { what: what.to_owned(), command, port: Some(8000), adds, env: Vec::new(), notes: Vec::new() }
}

fn synchronous(uses: &dyn Fn(&str) -> bool, what: &str, target: &str) -> Start {
    let server = [("gunicorn", Server::Gunicorn), ("waitress", Server::Waitress)]
        .into_iter()
        .find(|(name, _)| uses(name));
    let command: Vec<&str> = match server.map_or(Server::Gunicorn, |(_, server)| server) {
        Server::Waitress => {
            let (factory, target) = match target.strip_suffix("()") {
                Some(target) => (Some("--call"), target),
                None => (None, target),
            };
            ["waitress-serve", "--listen=0.0.0.0:8000"].into_iter().chain(factory).chain([target]).collect()
        }
        _ => vec![
            "gunicorn",
            "--bind",
            "0.0.0.0:8000",
            "--worker-tmp-dir",
            "/dev/shm",
            "--access-logfile",
            "-",
            target,
        ],
    };
    let command = command.into_iter().map(str::to_owned).collect();
    let adds = server.is_none().then_some(GUNICORN);
    Start { what: what.to_owned(), command, port: Some(8000), adds, env: Vec::new(), notes: Vec::new() }
}

fn django(look: &Look<'_>, uses: &dyn Fn(&str) -> bool) -> Result<Start, String> {
    let module = |name: &str| {
        let mut found: Vec<Utf8PathBuf> =
            look.below().filter(|path| path.file_name() == Some(name) && !is_aside(path)).collect();
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

/// What a package says of itself that is there for other programs to import.
fn library(section: Option<&Table>) -> Option<&str> {
    let classifiers = section?.get("classifiers")?.as_array()?.iter().filter_map(|c| c.as_str());
    let all: Vec<&str> = classifiers.collect();
    // A tool says so besides: an environment that it runs in, or who uses it.
    let runs = all.iter().any(|c| {
        matches!(*c, "Environment :: Console" | "Environment :: No Input/Output (Daemon)")
            || c.starts_with("Topic :: Internet :: WWW/HTTP :: WSGI :: Server")
            || c.starts_with("Intended Audience :: System Administrators")
            || c.starts_with("Intended Audience :: End Users")
    });
    all.into_iter().find(|c| !runs && c.starts_with("Topic :: Software Development :: Libraries"))
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

/// What is started without a server of its own: a script of the project, a package that can be run, or a file.
fn plain(look: &Look<'_>, section: Option<&Table>, uses: &dyn Fn(&str) -> bool) -> Result<Start, String> {
    let of = |command: &[&str], source: Option<&str>| {
        let serves = source.and_then(|text| listens(text, uses));
        let notes = match serves {
            Some(_) => Vec::new(),
            None => {
                vec!["no web framework was found, so nothing is published and nothing is probed".to_owned()]
            }
        };
        Start {
            what: serves.map_or("a Python program", |(what, _)| what).into(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            port: serves.map(|(_, port)| port),
            adds: None,
            env: if uses("gradio") { vec!["GRADIO_SERVER_NAME=0.0.0.0".into()] } else { Vec::new() },
            notes,
        }
    };
    let scripts = section.and_then(|s| s.get("scripts")?.as_table());
    if let Some(scripts) = scripts {
        let name = section.and_then(|s| s.get("name")?.as_str()).unwrap_or_default();
        let script = scripts
            .iter()
            .find(|(key, _)| *key == name)
            .or_else(|| scripts.iter().next().filter(|_| scripts.len() == 1));
        if let Some((script, target)) = script {
            // Poetry installs what the project needs, and not the project.
            let target = target.as_str().filter(|_| look.has("poetry.lock"));
            return Ok(match target.and_then(|target| target.split_once(':')) {
                Some((module, function)) => of(
                    &[
                        "python",
                        "-c",
                        &format!("import sys; from {module} import {function}; sys.exit({function}())"),
                    ],
                    None,
                ),
                None => of(&[script], None),
            });
        }
    }
    let package = sources(look).find(|path| path.file_name() == Some("__main__.py"));
    if let Some(path) = package
        && let Some(module) = path.parent().and_then(dotted)
    {
        return Ok(of(&["python", "-m", &module], look.text(path.as_str())));
    }
    for name in ["main.py", "app.py", "run.py", "server.py", "bot.py", "src/main.py", "src/app.py"] {
        if look.has(name) {
            return Ok(of(&["python", name], look.text(name)));
        }
    }
    Err("no application object, script or main module was found to start; name it in the Dockerfile that you write".into())
}

/// What a program that serves by itself is, and its port.
fn listens(text: &str, uses: &dyn Fn(&str) -> bool) -> Option<(&'static str, u16)> {
    let (_, call, what, usual) = [
        ("aiohttp", "run_app(", "an aiohttp application", 8080),
        ("tornado", ".listen(", "a Tornado application", 8888),
        ("gradio", ".launch(", "a Gradio application", 7860),
        ("sanic", ".run(", "a Sanic application", 8000),
        ("uvicorn", "uvicorn.run(", "a Python application", 8000),
    ]
    .into_iter()
    .find(|(name, call, ..)| uses(name) && text.contains(call))?;
    let said = text.split_once(call).and_then(|(_, rest)| {
        let rest = rest.split_once("port=").map_or(rest, |(_, rest)| rest);
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u16>().ok().filter(|port| *port >= 1024)
    });
    Some((what, said.unwrap_or(usual)))
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
