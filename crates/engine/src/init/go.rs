//! Go: static programs on images that hold nothing else.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::{Value, context};

use super::{App, Detected, Look, Service, is_aside, opened, reads_port, route, slug};
use crate::template::render;

/// The release of Go that builds: each builds what was written for those before it.
const GO: (u32, u32) = (1, 26);

/// Packages that need a C compiler, and a C library when they run.
const NATIVE: [&str; 6] = [
    "mattn/go-sqlite3",
    "gorm.io/driver/sqlite",
    "jinzhu/gorm/dialects/sqlite",
    "confluentinc/confluent-kafka-go",
    "h2non/bimg",
    "libgit2/git2go",
];

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let module = look.text("go.mod").or_else(|| look.text("go.work"))?;
    Some(app(look, module).map(Into::into))
}

fn app(look: &Look<'_>, module: &str) -> Result<App, String> {
    let line =
        |key: &str| module.lines().find_map(|line| line.trim().strip_prefix(key)?.split_whitespace().next());
    let path = line("module ").unwrap_or_default().trim_matches('"');
    let said = line("toolchain go").or(line("go ")).and_then(|text| {
        let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
        Some((parts.next()??, parts.next()??))
    });
    // What go.mod names is the least that it takes; releases get fixes until there are two later ones.
    let (major, minor) = said.filter(|said| *said >= (GO.0, GO.1 - 1)).unwrap_or(GO);
    let base = path
        .rsplit('/')
        .find(|part| !(part.starts_with('v') && part[1..].parse::<u32>().is_ok()))
        .map_or_else(|| look.name(), str::to_owned);
    let chosen = choose(look, mains(look), &base)?;
    let sources: Vec<&str> = look
        .below()
        .filter(|p| p.extension() == Some("go") && !p.as_str().ends_with("_test.go") && !is_aside(p))
        .filter_map(|p| look.text(p.as_str()))
        .collect();
    let cgo = sources.iter().any(|text| {
        text.contains("import \"C\"") || NATIVE.iter().any(|name| text.contains(&format!("{name}\"")))
    });
    let several = chosen.len() > 1;
    let mut services = Vec::new();
    let mut programs: Vec<Value> = Vec::new();
    for directory in &chosen {
        let name = if directory.as_str().is_empty() {
            slug(&base)
        } else {
            slug(directory.file_name().filter(|n| !matches!(*n, "main" | "cmd" | "src")).unwrap_or(&base))
        };
        // What is the program's own says more than what it shares.
        let own: Vec<&str> = own(look, directory);
        let texts = if several { &own } else { &sources };
        let port = serves(texts).then(|| port(&own).or_else(|| port(texts)).unwrap_or(8080));
        let route = port.and_then(|_| route(texts.iter().copied()));
        let package = if directory.as_str().is_empty() { ".".to_owned() } else { format!("./{directory}") };
        programs.push(context! {
            package, port, route,
            name => if several { name.clone() } else { "app".to_owned() },
            asks => reads_port(texts),
        });
        services.push(Service { target: several.then(|| name.clone()), name, port, scratch: Vec::new() });
    }
    let values = context! {
        go => format!("{major}.{minor}"),
        cgo,
        several,
        programs,
        sums => look.has("go.sum"),
        vendored => look.has("vendor/modules.txt") || !look.has("go.mod"),
        opened => opened(look, &sources),
    };
    let dockerfile = render(include_str!("templates/go.Dockerfile"), values).map_err(|e| e.to_string())?;
    let packages: Vec<String> = chosen
        .iter()
        .map(|d| if d.as_str().is_empty() { ".".to_owned() } else { format!("./{d}") })
        .collect();
    let what = match packages.as_slice() {
        [only] => format!("a Go {major}.{minor} program, {only}"),
        all => format!("{} Go {major}.{minor} programs: {}", all.len(), all.join(", ")),
    };
    Ok(App {
        directory: look.directory.to_owned(),
        context: look.directory.to_owned(),
        what,
        dockerfile,
        ignore: vec!["bin", "*.md", "**/*_test.go"],
        services,
        notes: Vec::new(),
    })
}

/// Of the programs that are there those that run: the only one, the one that is called as the module is, or those that
/// serve.
fn choose(look: &Look<'_>, mains: Vec<Utf8PathBuf>, base: &str) -> Result<Vec<Utf8PathBuf>, String> {
    if mains.is_empty() {
        return Err("no package `main` was found, so there is no program to build".into());
    }
    if mains.len() == 1 {
        return Ok(mains);
    }
    let named =
        |directory: &&Utf8PathBuf| directory.as_str().is_empty() || directory.file_name() == Some(base);
    if let Some(one) = mains.iter().find(named) {
        return Ok(vec![one.clone()]);
    }
    let is_tool = |d: &Utf8PathBuf| {
        let last = d.file_name().and_then(|name| name.rsplit(['-', '_']).next()).unwrap_or_default();
        ["tool", "tools", "demo", "cli", "ctl", "admin", "client", "example", "bench", "migrate", "seed"]
            .contains(&last)
    };
    let mut serving: Vec<Utf8PathBuf> =
        mains.iter().filter(|d| !is_tool(d) && serves(&own(look, d))).cloned().collect();
    // What lies in `cmd` at the top is what the module is there for.
    if serving.iter().any(|d| d.starts_with("cmd")) {
        serving.retain(|d| d.starts_with("cmd"));
    }
    if !serving.is_empty() {
        return Ok(serving);
    }
    let usual = |d: &&Utf8PathBuf| matches!(d.file_name(), Some("server" | "api" | "app" | "web"));
    if let Some(one) = mains.iter().find(usual) {
        return Ok(vec![one.clone()]);
    }
    let names: Vec<&str> = mains.iter().map(|d| d.as_str()).collect();
    Err(format!(
        "there are several programs ({}): none is called as the module is, and none serves by itself",
        names.join(", ")
    ))
}

/// The sources of one package.
fn own<'f>(look: &Look<'f>, directory: &Utf8Path) -> Vec<&'f str> {
    look.below()
        .filter(|p| {
            p.parent() == Some(directory) && p.extension() == Some("go") && !p.as_str().ends_with("_test.go")
        })
        .filter_map(|p| look.text(p.as_str()))
        .collect()
}

fn serves(sources: &[&str]) -> bool {
    let imports = [
        "\"net/http\"",
        "\"net\"",
        "gin-gonic/gin",
        "labstack/echo",
        "gofiber/fiber",
        "google.golang.org/grpc\"",
    ];
    let calls = ["ListenAndServe", ".Listen(", ".Run(", ".Start(", "net.Listen(", ".RunTLS("];
    let any = |marks: &[&str]| sources.iter().any(|text| marks.iter().any(|mark| text.contains(mark)));
    any(&imports) && any(&calls)
}

/// The directories of packages that are programs.
fn mains(look: &Look<'_>) -> Vec<Utf8PathBuf> {
    let aside = ["internal", "gen", "generate", "codegen", "testdata", "vendor", "third_party", "tooling"];
    let mut found: Vec<Utf8PathBuf> = look
        .below()
        .filter(|path| path.extension() == Some("go") && !path.as_str().ends_with("_test.go"))
        .filter(|path| !is_aside(path) && !path.components().any(|c| aside.contains(&c.as_str())))
        .filter(|path| {
            look.text(path.as_str()).is_some_and(|text| {
                text.contains("func main()")
                    && text.lines().any(|line| line.trim() == "package main")
                    && !text
                        .lines()
                        .take_while(|l| !l.starts_with("package"))
                        .any(|l| l.contains("go:build ignore") || l.contains("+build ignore"))
            })
        })
        .filter_map(|path| path.parent().map(Utf8Path::to_owned))
        .collect();
    found.sort_by_key(|path| (path.components().count(), path.clone()));
    found.dedup();
    // A module of its own below is built on its own, unless a workspace holds it.
    if !look.has("go.work") {
        found.retain(|path| {
            path.ancestors().all(|a| a.as_str().is_empty() || !look.has(a.join("go.mod").as_str()))
        });
    }
    found
}

/// The port in `":8080"`, `"0.0.0.0:8080"` and `"PORT", "8080"`.
fn port(sources: &[&str]) -> Option<u16> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port >= 1024);
    let quoted = |text: &str, mark: &str| {
        text.match_indices(mark).find_map(|(at, mark)| {
            let rest = &text[at + mark.len()..];
            number(&rest[..rest.find('"')?])
        })
    };
    ["\":", "\"0.0.0.0:", "\"localhost:", "\"127.0.0.1:", "PORT\", \""]
        .iter()
        .find_map(|mark| sources.iter().find_map(|text| quoted(text, mark)))
        .or_else(|| {
            sources.iter().find_map(|text| {
                let rest = text.split_once("0.0.0.0:")?.1;
                number(rest.split(|c: char| !c.is_ascii_digit()).next()?)
            })
        })
        .or_else(|| sources.iter().find_map(|text| default_port(text)))
}

/// The number in quotes that a line gives a variable called like a port: `port = "8080"`.
fn default_port(text: &str) -> Option<u16> {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).find_map(|line| {
        let (left, right) = line.split_once('=')?;
        let name = left.trim().trim_end_matches(':').trim().to_lowercase();
        let digits = right.trim().trim_matches('"');
        name.ends_with("port").then(|| digits.parse::<u16>().ok().filter(|port| *port >= 1024))?
    })
}
