//! Makes the container files that a program does not have: a Dockerfile, a `.dockerignore` and a Compose file.
//!
//! What the program is, is told from the files that its own tools read: `pyproject.toml`, `package.json`, `go.mod`,
//! `Cargo.toml`, `pom.xml`, `build.gradle`, `*.csproj`, `index.html`. Nothing is asked and nothing is overwritten.

mod dotnet;
mod go;
mod java;
mod node;
mod packages;
mod procfile;
mod python;
mod rust;
mod site;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::{Value, context};
use seaworthy_syntax::{Kind, Source};

use crate::parse::Files;
use crate::template::render;

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The files, none of which is there yet.
    pub files: Vec<Source>,
    /// What was found, one sentence for each program, without a final stop.
    pub found: Vec<String>,
    /// What could not be told, or is left to do, in sentences without a final stop.
    pub notes: Vec<String>,
}

/// Something that is built: one program, or several of one source.
struct App {
    /// The directory of its Dockerfile.
    directory: Utf8PathBuf,
    /// The directory it is built from; another one for a package of a workspace.
    context: Utf8PathBuf,
    /// What it is, for people: "a Python program, installed with uv".
    what: String,
    /// The Dockerfile.
    dockerfile: String,
    /// What must not get into the build context, besides what never may.
    ignore: Vec<&'static str>,
    /// What runs.
    services: Vec<Service>,
    notes: Vec<String>,
}

/// A program that runs.
#[derive(Default)]
struct Service {
    /// What it is called: its directory's or its own name.
    name: String,
    /// The stage of the Dockerfile, where it has several that run.
    target: Option<String>,
    /// The port it listens on; `None` for one that serves nobody.
    port: Option<u16>,
    /// Where it writes while it runs, besides `/tmp`.
    scratch: Vec<&'static str>,
}

/// What a detector found in a directory.
#[derive(Default)]
struct Found {
    apps: Vec<App>,
    /// Directories that belong to it, programs or not: they are not looked at on their own.
    covered: Vec<Utf8PathBuf>,
    /// What could not be told of them.
    notes: Vec<String>,
}

impl From<App> for Found {
    fn from(app: App) -> Self {
        Self { apps: vec![app], ..Self::default() }
    }
}

/// What is in a directory of a program, or why it cannot be told.
type Detected = Result<Found, String>;

/// The files of one directory, as a detector sees them.
struct Look<'f> {
    files: &'f Files,
    directory: &'f Utf8Path,
}

impl<'f> Look<'f> {
    fn has(&self, name: &str) -> bool {
        self.files.exists(&self.directory.join(name)) == Some(true)
    }

    fn text(&self, name: &str) -> Option<&'f str> {
        self.files.text(&self.directory.join(name)).map(|text| &**text)
    }

    /// The first line of a file that says a version, without a `v` before it.
    fn version(&self, name: &str) -> Option<&'f str> {
        let line = self.text(name)?.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'))?;
        Some(line.trim_start_matches('v'))
    }

    /// The directory `path` below this one.
    fn join(&self, path: &Utf8Path) -> Utf8PathBuf {
        if path.as_str().is_empty() { self.directory.to_owned() } else { self.directory.join(path) }
    }

    /// Whether there is a file below the directory `name`.
    fn has_below(&self, name: &str) -> bool {
        self.below().any(|path| path.starts_with(name) && path != name)
    }

    /// The files below, by their paths from here.
    fn below(&self) -> impl Iterator<Item = Utf8PathBuf> + 'f {
        let directory = self.directory;
        self.files.below(directory).filter_map(move |path| {
            if directory.as_str().is_empty() {
                return Some(path);
            }
            path.strip_prefix(directory).ok().map(Utf8Path::to_owned)
        })
    }

    fn name(&self) -> String {
        slug(self.directory.file_name().unwrap_or_default())
    }
}

/// The files that name the tools of a program, by which a directory of one is known.
const MARKS: [&str; 13] = [
    "go.work",
    "pyproject.toml",
    "requirements.txt",
    "manage.py",
    "package.json",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "index.html",
    "public/index.html",
    "Pipfile",
];

/// Directories that hold what tools made or what others wrote.
const FOREIGN: [&str; 10] = [
    "node_modules",
    "vendor",
    ".venv",
    "venv",
    "target",
    "dist",
    "build",
    "site-packages",
    "testdata",
    "fixtures",
];

/// The most files of one directory whose texts are asked for.
const MOST: usize = 1000;

/// Directories of what shows, tests or describes a program.
const ASIDE: [&str; 13] = [
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "hack",
    "sample",
    "samples",
    "templates",
    "test",
    "tests",
    "tools",
    "scripts",
];

/// Whether a path leads through a directory of what shows, tests or describes a program.
fn is_aside(path: &Utf8Path) -> bool {
    path.parent().is_some_and(|parent| parent.components().any(|c| ASIDE.contains(&c.as_str())))
}

/// The directories one and two below the top that may hold a program.
fn below(files: &Files, top: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found: Vec<Utf8PathBuf> = Vec::new();
    for path in files.below(top) {
        let Some(directory) = path.parent() else { continue };
        let below = directory.strip_prefix(top).unwrap_or(directory);
        let depth = below.components().count();
        let foreign = |name: &str| name.starts_with('.') || FOREIGN.contains(&name) || ASIDE.contains(&name);
        if depth == 0
            || depth > 2
            || below.components().any(|c| foreign(c.as_str()))
            || found.iter().any(|f| directory.starts_with(f))
        {
            continue;
        }
        let marked = |name: &str| MARKS.contains(&name) || name.ends_with(".csproj");
        if path.file_name().is_some_and(marked) {
            found.retain(|f| !f.starts_with(directory));
            found.push(directory.to_owned());
        }
    }
    found.sort();
    found
}

/// The texts that [`init`] reads, which were not asked for before.
pub fn wanted(files: &Files, top: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut wanted = Vec::new();
    for directory in std::iter::once(top.to_owned()).chain(below(files, top)) {
        let look = Look { files, directory: &directory };
        let mut found: Vec<Utf8PathBuf> = look.below().filter(|path| is_read(path)).collect();
        // What programs are started from says most, and then what lies near the top.
        found.sort_by_key(|path| (rank(path), path.components().count(), path.clone()));
        found.truncate(MOST);
        wanted.extend(found.into_iter().map(|path| directory.join(path)));
    }
    wanted.retain(|path| !files.has_asked(path));
    wanted
}

/// How much a file says of what runs, the most first: what tools read, what programs are started from, other sources.
fn rank(path: &Utf8Path) -> u8 {
    const STARTS: [&str; 13] = [
        "main", "app", "server", "index", "api", "asgi", "wsgi", "manage", "run", "web", "__main__", "lib",
        "settings",
    ];
    if !matches!(path.extension(), Some("py" | "go" | "rs" | "js" | "mjs" | "cjs" | "ts")) {
        0
    } else if path.file_stem().is_some_and(|stem| STARTS.contains(&stem.to_lowercase().as_str())) {
        1
    } else {
        2
    }
}

/// Whether a detector may read a file.
fn is_read(path: &Utf8Path) -> bool {
    const NAMES: [&str; 36] = [
        "pyproject.toml",
        "uv.lock",
        "Pipfile",
        "Procfile",
        "runtime.txt",
        ".tool-versions",
        "pnpm-workspace.yaml",
        "svelte.config.js",
        "svelte.config.ts",
        "go.work",
        "global.json",
        "requirements.txt",
        ".python-version",
        "package.json",
        "vite.config.ts",
        "vite.config.js",
        "next.config.js",
        "next.config.mjs",
        "next.config.ts",
        "angular.json",
        ".nvmrc",
        ".node-version",
        "go.mod",
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain",
        "rust-toolchain.toml",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "application.properties",
        "application.yml",
        "application.yaml",
        "application.conf",
    ];
    let foreign =
        path.components().any(|c| FOREIGN.contains(&c.as_str()) || matches!(c.as_str(), "tests" | "test"));
    let source = matches!(path.extension(), Some("py" | "go" | "rs" | "js" | "mjs" | "cjs" | "ts"))
        || path.file_name().is_some_and(|n| {
            matches!(n, "Program.cs" | "Startup.cs")
                || n.ends_with("Application.java")
                || n.ends_with("Application.kt")
        });
    let settings = path.starts_with("requirements") && path.extension() == Some("txt")
        || path.extension() == Some("csproj");
    let depth = path.components().count();
    !foreign
        && depth <= 7
        && (source || settings || path.file_name().is_some_and(|name| NAMES.contains(&name)))
}

/// What is in a directory: programs, or why it is not told; `None` where there is none.
fn detect(look: &Look<'_>) -> Option<Detected> {
    if let Some(other) = other(look) {
        return Some(Err(format!("it is written in {other}, for which no files are made")));
    }
    python::detect(look)
        .or_else(|| go::detect(look))
        .or_else(|| rust::detect(look))
        .or_else(|| java::detect(look))
        .or_else(|| dotnet::detect(look))
        .or_else(|| node::detect(look))
        .or_else(|| site::detect(look))
}

/// The language of a program whose tools are none of those that are known here; its pages may be built by Node.js.
fn other(look: &Look<'_>) -> Option<&'static str> {
    let marks = [
        ("composer.json", "PHP"),
        ("index.php", "PHP"),
        ("Gemfile", "Ruby"),
        ("mix.exs", "Elixir"),
        ("deno.json", "TypeScript for Deno"),
        ("Package.swift", "Swift"),
        ("build.sbt", "Scala"),
        ("project.clj", "Clojure"),
        ("stack.yaml", "Haskell"),
        ("pubspec.yaml", "Dart"),
        ("CMakeLists.txt", "C or C++"),
    ];
    marks.iter().find(|(name, _)| look.has(name)).map(|(_, language)| *language)
}

/// Makes what a repository lacks. `top` is its directory, as the paths of files are.
///
/// The program is looked for at the top, and where there is none that can be told, in the directories below; so are the
/// programs beside a workspace.
pub fn init(files: &Files, top: &Utf8Path) -> Made {
    let mut made = Made::default();
    let mut found = Found::default();
    let mut at_top = None;
    match detect(&Look { files, directory: top }) {
        Some(Ok(of_top)) => found = of_top,
        Some(Err(why)) => at_top = Some(why),
        None => {}
    }
    if found.apps.is_empty() || !found.covered.is_empty() {
        for directory in below(files, top) {
            let look = Look { files, directory: &directory };
            if found
                .covered
                .iter()
                .any(|covered| directory.starts_with(covered) || covered.starts_with(&directory))
            {
                continue;
            }
            // A page of a program is no site of its own.
            let of_program = at_top.is_some()
                && look.has("index.html")
                && MARKS.iter().all(|m| m.ends_with(".html") || !look.has(m));
            match detect(&look) {
                Some(Ok(below)) if !of_program => {
                    found.apps.extend(below.apps);
                    found.notes.extend(below.notes);
                }
                Some(Err(why)) => made.notes.push(format!("{directory}: {why}")),
                _ => {}
            }
        }
    }
    let apps = found.apps;
    made.notes.extend(found.notes);
    made.notes.extend(at_top);
    for app in &apps {
        let place = if app.directory == top { String::new() } else { format!("{}: ", app.directory) };
        made.found.push(format!("{place}{}", app.what));
        made.notes.extend(app.notes.iter().map(|note| format!("{place}{note}")));
        made.add(files, app.directory.join("Dockerfile"), Kind::Dockerfile, app.dockerfile.clone());
    }
    let contexts: BTreeSet<&Utf8Path> = apps.iter().map(|app| app.context.as_path()).collect();
    for context in contexts {
        let built = apps.iter().filter(|app| app.context == context);
        made.add(files, context.join(".dockerignore"), Kind::Ignore, ignore(built));
    }
    if !apps.is_empty() {
        let names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
        match names.iter().find(|name| files.exists(&top.join(name)) == Some(true)) {
            Some(name) => made.notes.push(format!("{name} is there already and stays as it is")),
            None => match compose(&apps, top) {
                Ok(text) => made.files.push(Source::new(top.join("compose.yaml"), Kind::Compose, text)),
                Err(error) => made.notes.push(format!("compose.yaml could not be made: {error}")),
            },
        }
    }
    made
}

impl Made {
    fn add(&mut self, files: &Files, path: Utf8PathBuf, kind: Kind, text: String) {
        if files.exists(&path) == Some(true) {
            self.notes.push(format!("{path} is there already and stays as it is"));
        } else {
            self.files.push(Source::new(path, kind, text));
        }
    }
}

fn ignore<'a>(apps: impl Iterator<Item = &'a App>) -> String {
    let mut text =
        String::from("# What a build must not see: secrets, history, and what was made on this machine.\n");
    let always = [
        ".git",
        ".github",
        ".env",
        ".env.*",
        "!.env.example",
        "*.pem",
        "*.key",
        "**/Dockerfile*",
        "**/compose*.y*ml",
    ];
    let mut lines: Vec<&str> = always.to_vec();
    for line in apps.flat_map(|app| &app.ignore) {
        if !lines.contains(line) {
            lines.push(line);
        }
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn compose(apps: &[App], top: &Utf8Path) -> Result<String, minijinja::Error> {
    let (mut taken, mut names): (Vec<u16>, Vec<String>) = (Vec::new(), Vec::new());
    let mut services: Vec<Value> = Vec::new();
    for (app, service) in apps.iter().flat_map(|app| app.services.iter().map(move |service| (app, service))) {
        let relative = |path: &Utf8Path| {
            let path = path.strip_prefix(top).unwrap_or(path);
            if path.as_str().is_empty() { ".".to_owned() } else { format!("./{path}") }
        };
        let context = relative(&app.context);
        let published = service.port.map(|port| {
            let free = (port..=u16::MAX).find(|p| !taken.contains(p)).unwrap_or(port);
            taken.push(free);
            free
        });
        let above = relative(&app.directory).rsplit('/').nth(1).map(slug).unwrap_or_default();
        let of_directory = app.directory.file_name().map(slug).unwrap_or_default();
        let mut candidates = [service.name.clone(), of_directory].into_iter().chain((2..).map(|n| {
            if n == 2 { format!("{above}-{}", service.name) } else { format!("{}-{n}", service.name) }
        }));
        let name = candidates.find(|name| !name.is_empty() && !names.contains(name)).unwrap_or_default();
        names.push(name.clone());
        let scratch: Vec<&str> = ["/tmp"].into_iter().chain(service.scratch.iter().copied()).collect();
        let dockerfile = (app.context != app.directory)
            .then(|| app.directory.strip_prefix(&app.context).unwrap_or(&app.directory).join("Dockerfile"));
        services.push(context! {
            name, context, published, scratch,
            port => service.port,
            target => service.target,
            dockerfile => dockerfile.map(Utf8PathBuf::into_string),
        });
    }
    render(include_str!("init/templates/compose.yaml"), context! { services })
}

/// A text as the name of a service.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("-");
    if name.is_empty() { "app".to_owned() } else { name }
}

/// A probe by bash alone, for an image that holds no client: HTTP where a route is known, else whether the port is open.
fn bash_probe(port: u16, route: Option<&str>) -> String {
    let open = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    match route {
        Some(route) => format!(
            "{open} && printf 'GET {route} HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"
        ),
        None => open,
    }
}

/// The routes that programs answer a probe on, the best first.
const ROUTES: [&str; 9] =
    ["/healthz", "/health", "/livez", "/readyz", "/api/health", "/api/healthz", "/_health", "/ping", "/up"];

/// The route by which a program says that it serves, where its sources hold one in quotes.
fn route<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<&'static str> {
    let mut best: Option<usize> = None;
    for text in texts {
        for (rank, route) in ROUTES.iter().enumerate().take(best.unwrap_or(ROUTES.len())) {
            let quoted = ["\"", "'", "`"].iter().any(|quote| {
                text.contains(&format!("{quote}{route}{quote}"))
                    || text.contains(&format!("{quote}GET {route}{quote}"))
            });
            if quoted {
                best = Some(rank);
                break;
            }
        }
    }
    best.map(|rank| ROUTES[rank])
}

/// Whether a program takes its port from the variable `PORT`.
fn reads_port(texts: &[&str]) -> bool {
    ["(\"PORT\"", "('PORT'", "[\"PORT\"]", "['PORT']", "env.PORT"]
        .iter()
        .any(|mark| texts.iter().any(|t| t.contains(mark)))
}

/// The directories at the top that sources name in quotes: what a compiled program opens when it runs, such as templates
/// and migrations. What is compiled into it is not among them.
fn opened(look: &Look<'_>, texts: &[&str]) -> Vec<&'static str> {
    const NAMES: [&str; 16] = [
        "assets",
        "conf",
        "config",
        "configs",
        "dist",
        "i18n",
        "locales",
        "migrations",
        "public",
        "resources",
        "static",
        "templates",
        "translations",
        "ui",
        "views",
        "web",
    ];
    let compiled = [
        "//go:embed",
        "include_str!",
        "include_bytes!",
        "migrate!(",
        "embed_migrations!",
        "folder =",
        "include_dir!",
    ];
    let names_it = |name: &str| {
        let marks = [format!("\"{name}/"), format!("\"./{name}"), format!("\"{name}\"")];
        texts.iter().any(|text| {
            text.lines().any(|line| {
                let line = line.trim_start();
                !line.starts_with("//")
                    && marks.iter().any(|mark| line.contains(mark.as_str()))
                    && !compiled.iter().any(|macro_| line.contains(macro_))
            })
        })
    };
    NAMES.into_iter().filter(|name| look.has_below(name) && names_it(name)).collect()
}

/// A package of Debian as the release calls it: 64-bit times renamed some in trixie.
fn package_in(suite: &str, name: &str) -> String {
    name.split(' ')
        .map(|name| match (suite, name) {
            ("trixie", _) => name.to_owned(),
            ("bullseye" | "buster", "libssl3t64") => "libssl1.1".to_owned(),
            _ => name.trim_end_matches("t64").to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}
