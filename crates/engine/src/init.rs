//! Makes the container files that a program does not have: a Dockerfile, a `.dockerignore` and a Compose file.
//!
//! What the program is, is told from the files that its own tools read: `pyproject.toml`, `package.json`, `go.mod`,
//! `Cargo.toml`, `pom.xml`, `build.gradle`, `index.html`. Nothing is asked and nothing is overwritten.

mod go;
mod java;
mod node;
mod python;
mod rust;
mod site;

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

/// A program that was found.
struct App {
    /// Its directory.
    directory: Utf8PathBuf,
    /// What it is called: its directory's or its own name.
    name: String,
    /// What it is, for people: "a Python program, installed with uv".
    what: String,
    /// The Dockerfile.
    dockerfile: String,
    /// What must not get into the build context, besides what never may.
    ignore: Vec<&'static str>,
    /// The port it listens on; `None` for one that serves nobody.
    port: Option<u16>,
    /// Where it writes while it runs.
    scratch: Vec<&'static str>,
    notes: Vec<String>,
}

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
const MARKS: [&str; 12] = [
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
const MOST: usize = 400;

/// Directories of what shows, tests or describes a program.
const ASIDE: [&str; 11] =
    ["doc", "docs", "e2e", "example", "examples", "sample", "samples", "test", "tests", "tools", "scripts"];

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
        if path.file_name().is_some_and(|name| MARKS.contains(&name)) {
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
        // What lies near the top says most.
        found.sort_by_key(|path| (path.components().count(), path.clone()));
        found.truncate(MOST);
        wanted.extend(found.into_iter().map(|path| directory.join(path)));
    }
    wanted.retain(|path| !files.has_asked(path));
    wanted
}

/// Whether a detector may read a file.
fn is_read(path: &Utf8Path) -> bool {
    const NAMES: [&str; 24] = [
        "pyproject.toml",
        "uv.lock",
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
        "rust-toolchain",
        "rust-toolchain.toml",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "application.properties",
        "application.yml",
    ];
    let foreign =
        path.components().any(|c| FOREIGN.contains(&c.as_str()) || matches!(c.as_str(), "tests" | "test"));
    let source = matches!(path.extension(), Some("py" | "go" | "rs" | "js" | "mjs" | "cjs" | "ts"));
    let depth = path.components().count();
    !foreign && depth <= 5 && (source || path.file_name().is_some_and(|name| NAMES.contains(&name)))
}

/// What is in a directory: a program, or why it is not told; `None` where there is none.
fn detect(look: &Look<'_>) -> Option<Result<App, String>> {
    if let Some(other) = other(look) {
        return Some(Err(format!("it is written in {other}, for which no files are made")));
    }
    python::detect(look)
        .or_else(|| go::detect(look))
        .or_else(|| rust::detect(look))
        .or_else(|| java::detect(look))
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
    ];
    let marked = marks.iter().find(|(name, _)| look.has(name)).map(|(_, language)| *language);
    let solution = || {
        look.below()
            .any(|p| {
                p.components().count() == 1 && matches!(p.extension(), Some("sln" | "csproj" | "fsproj"))
            })
            .then_some("a language of .NET")
    };
    marked.or_else(solution)
}

/// Makes what a repository lacks. `top` is its directory, as the paths of files are.
///
/// The program is looked for at the top, and where there is none that can be told, in the directories below.
pub fn init(files: &Files, top: &Utf8Path) -> Made {
    let mut made = Made::default();
    let mut apps = Vec::new();
    let mut at_top = None;
    match detect(&Look { files, directory: top }) {
        Some(Ok(app)) => apps.push(app),
        Some(Err(why)) => at_top = Some(why),
        None => {}
    }
    if apps.is_empty() {
        for directory in below(files, top) {
            match detect(&Look { files, directory: &directory }) {
                Some(Ok(app)) => apps.push(app),
                Some(Err(why)) => made.notes.push(format!("{directory}: {why}")),
                None => {}
            }
        }
    }
    // What the top is matters only where nothing else was found.
    if apps.is_empty() {
        made.notes.extend(at_top);
    }
    for app in &apps {
        let place = if app.directory == top { String::new() } else { format!("{}: ", app.directory) };
        made.found.push(format!("{place}{}", app.what));
        made.notes.extend(app.notes.iter().map(|note| format!("{place}{note}")));
        made.add(files, app.directory.join("Dockerfile"), Kind::Dockerfile, app.dockerfile.clone());
        made.add(files, app.directory.join(".dockerignore"), Kind::Ignore, ignore(app));
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

fn ignore(app: &App) -> String {
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
        "Dockerfile*",
        "compose*.y*ml",
    ];
    for line in always.iter().chain(&app.ignore) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn compose(apps: &[App], top: &Utf8Path) -> Result<String, minijinja::Error> {
    let (mut taken, mut names): (Vec<u16>, Vec<String>) = (Vec::new(), Vec::new());
    let services: Vec<Value> = apps
        .iter()
        .map(|app| {
            let context = app.directory.strip_prefix(top).unwrap_or(&app.directory);
            let context = if context.as_str().is_empty() { ".".to_owned() } else { format!("./{context}") };
            let published = app.port.map(|port| {
                let free = (port..=u16::MAX).find(|p| !taken.contains(p)).unwrap_or(port);
                taken.push(free);
                free
            });
            let above = context.rsplit('/').nth(1).map(slug).unwrap_or_default();
            let mut candidates = [app.name.clone(), app.directory.file_name().map(slug).unwrap_or_default()]
                .into_iter()
                .chain((2..).map(|n| {
                    if n == 2 { format!("{above}-{}", app.name) } else { format!("{}-{n}", app.name) }
                }));
            let name = candidates.find(|name| !name.is_empty() && !names.contains(name)).unwrap_or_default();
            names.push(name.clone());
            let scratch: Vec<&str> = ["/tmp"].into_iter().chain(app.scratch.iter().copied()).collect();
            context! { name, context, port => app.port, published, scratch }
        })
        .collect();
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
