//! Go: one static program on an image that holds nothing else.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;

use super::{App, Look, route, slug};
use crate::template::render;

/// The version of Go where `go.mod` says none.
const GO: &str = "1.26";

pub(super) fn detect(look: &Look<'_>) -> Option<Result<App, String>> {
    let module = look.text("go.mod")?;
    Some(app(look, module))
}

fn app(look: &Look<'_>, module: &str) -> Result<App, String> {
    let line =
        |key: &str| module.lines().find_map(|line| line.trim().strip_prefix(key)?.split_whitespace().next());
    let path = line("module ").unwrap_or_default().trim_matches('"');
    let version = line("toolchain go").or(line("go ")).unwrap_or(GO);
    let minor = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let mains = mains(look);
    let base = path
        .rsplit('/')
        .find(|part| !(part.starts_with('v') && part[1..].parse::<u32>().is_ok()))
        .unwrap_or(path);
    let chosen = match mains.as_slice() {
        [] => return Err("no package `main` was found, so there is no program to build".into()),
        [only] => only,
        several => several
            .iter()
            .find(|directory| directory.as_str().is_empty())
            .or_else(|| several.iter().find(|directory| directory.file_name() == Some(base)))
            .or_else(|| {
                several.iter().find(|d| matches!(d.file_name(), Some("server" | "api" | "app" | "web")))
            })
            .ok_or_else(|| {
                let names: Vec<&str> = several.iter().map(|d| d.as_str()).collect();
                format!(
                    "there are several programs ({}), and none is called as the module is",
                    names.join(", ")
                )
            })?,
    };
    let sources: Vec<&str> = look
        .below()
        .filter(|p| p.extension() == Some("go") && !p.as_str().ends_with("_test.go"))
        .filter_map(|p| look.text(p.as_str()))
        .collect();
    let cgo = sources.iter().any(|text| text.contains("import \"C\"") || text.contains("mattn/go-sqlite3"));
    let serves = sources.iter().any(|text| {
        ["\"net/http\"", "gin-gonic/gin", "labstack/echo", "gofiber/fiber", "google.golang.org/grpc\""]
            .iter()
            .any(|import| text.contains(import))
            && (text.contains("ListenAndServe")
                || text.contains(".Listen(")
                || text.contains(".Run(")
                || text.contains(".Start(")
                || text.contains("net.Listen("))
    });
    let port = serves.then(|| port(&sources).unwrap_or(8080));
    let route = route(sources.iter().copied());
    let package = if chosen.as_str().is_empty() { ".".to_owned() } else { format!("./{chosen}") };
    let values = context! {
        go => minor,
        package,
        port,
        route,
        cgo,
        sums => look.has("go.sum"),
        vendored => look.has("vendor/modules.txt"),
    };
    let dockerfile = render(include_str!("templates/go.Dockerfile"), values).map_err(|e| e.to_string())?;
    Ok(App {
        directory: look.directory.to_owned(),
        name: slug(base),
        what: format!("a Go {minor} program, {package}"),
        dockerfile,
        ignore: vec!["bin", "dist", "*.md", "**/*_test.go"],
        port,
        scratch: Vec::new(),
        notes: Vec::new(),
    })
}

/// The directories of packages that are programs.
fn mains(look: &Look<'_>) -> Vec<Utf8PathBuf> {
    let aside = ["internal", "examples", "example", "test", "tests", "tools", "hack", "scripts"];
    let mut found: Vec<Utf8PathBuf> = look
        .below()
        .filter(|path| path.extension() == Some("go") && !path.as_str().ends_with("_test.go"))
        .filter(|path| !path.components().any(|c| aside.contains(&c.as_str())))
        .filter(|path| {
            look.text(path.as_str()).is_some_and(|text| {
                text.contains("func main()")
                    && text.lines().any(|line| line.trim() == "package main")
                    && !text
                        .lines()
                        .take_while(|l| !l.starts_with("package"))
                        .any(|l| l.contains("go:build ignore"))
            })
        })
        .filter_map(|path| path.parent().map(Utf8Path::to_owned))
        .collect();
    found.sort_by_key(|path| (path.components().count(), path.clone()));
    found.dedup();
    found
}

/// The port in `":8080"`.
fn port(sources: &[&str]) -> Option<u16> {
    sources.iter().find_map(|text| {
        text.match_indices("\":").find_map(|(at, mark)| {
            let rest = &text[at + mark.len()..];
            let end = rest.find('"')?;
            rest[..end].parse::<u16>().ok().filter(|port| *port >= 1024)
        })
    })
}
