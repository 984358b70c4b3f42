//! Rust: one program on a slim Debian.

use minijinja::context;
use toml::Table;

use super::{App, Look, bash_probe, route, slug};
use crate::template::render;

/// The release of Rust where the project leaves it open.
const RUST: &str = "1.98";

pub(super) fn detect(look: &Look<'_>) -> Option<Result<App, String>> {
    let manifest: Table = look.text("Cargo.toml")?.parse().ok()?;
    Some(app(look, &manifest))
}

fn app(look: &Look<'_>, manifest: &Table) -> Result<App, String> {
    let sources: Vec<&str> = look
        .below()
        .filter(|p| {
            p.extension() == Some("rs")
                && !p.components().any(|c| matches!(c.as_str(), "examples" | "benches"))
        })
        .filter_map(|p| look.text(p.as_str()))
        .collect();
    let (package, name) = program(look, manifest)?;
    let channel = look.text("rust-toolchain.toml").and_then(|text| {
        let table: Table = text.parse().ok()?;
        table.get("toolchain")?.get("channel")?.as_str().map(str::to_owned)
    });
    let channel = channel.or_else(|| look.version("rust-toolchain").map(str::to_owned));
    let version =
        channel.filter(|c| c.starts_with(|c: char| c.is_ascii_digit())).unwrap_or_else(|| RUST.to_owned());
    let serves = ["axum", "actix-web", "actix_web", "rocket", "warp", "hyper", "tonic", "poem", "salvo"]
        .iter()
        .any(|name| sources.iter().any(|text| text.contains(&format!("{name}::"))));
    let port = serves.then(|| port(&sources).unwrap_or(8080));
    let mut notes = Vec::new();
    if !look.has("Cargo.lock") {
        return Err("there is no Cargo.lock, so each build could bring other crates: run `cargo generate-lockfile`, then this again".into());
    }
    let native: Vec<&str> = look.text("Cargo.toml").map_or_else(Vec::new, |text| {
        let needs = [
            ("openssl", "libssl-dev"),
            ("native-tls", "libssl-dev"),
            ("pq-sys", "libpq-dev"),
            ("diesel", "libpq-dev"),
        ];
        needs.iter().filter(|(krate, _)| text.contains(krate)).map(|(_, package)| *package).collect()
    });
    if let Some(library) = native.first() {
        notes.push(format!(
            "a crate may need {library} to build: add it to the build stage, and its library to the last one"
        ));
    }
    let values = context! {
        rust => version,
        package,
        name,
        port,
        health => port.map(|port| bash_probe(port, route(sources.iter().copied()))),
    };
    let dockerfile = render(include_str!("templates/rust.Dockerfile"), values).map_err(|e| e.to_string())?;
    Ok(App {
        directory: look.directory.to_owned(),
        name: slug(&name),
        what: format!("a Rust program, `{name}`"),
        dockerfile,
        ignore: vec!["target", "*.md"],
        port,
        scratch: Vec::new(),
        notes,
    })
}

/// The package of a workspace that holds the program, where there is a workspace, and the program's name.
fn program(look: &Look<'_>, manifest: &Table) -> Result<(Option<String>, String), String> {
    let own = |manifest: &Table, directory: &str| -> Option<String> {
        let name = manifest.get("package")?.get("name")?.as_str()?;
        let join =
            |file: &str| if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") };
        let listed =
            manifest.get("bin").and_then(|bin| bin.as_array()).map(Vec::as_slice).unwrap_or_default();
        let of_package = manifest.get("package")?.get("default-run").and_then(|run| run.as_str());
        let first = listed.first().and_then(|bin| bin.get("name")?.as_str());
        of_package
            .or(first)
            .map(str::to_owned)
            .or_else(|| look.has(&join("src/main.rs")).then(|| name.to_owned()))
    };
    if let Some(name) = own(manifest, "") {
        return Ok((None, name));
    }
    let mut found: Vec<(String, String)> = look
        .below()
        .filter(|path| path.file_name() == Some("Cargo.toml") && path.components().count() > 1)
        .filter_map(|path| {
            let table: Table = look.text(path.as_str())?.parse().ok()?;
            let package = table.get("package")?.get("name")?.as_str()?.to_owned();
            Some((package, own(&table, path.parent()?.as_str())?))
        })
        .collect();
    found.retain(|(package, _)| package != "xtask");
    if let Some(at) = found
        .iter()
        .position(|(_, name)| ["server", "api", "app", "web"].iter().any(|word| name.ends_with(word)))
        && found.len() > 1
    {
        found.swap(0, at);
        found.truncate(1);
    }
    match found.as_slice() {
        [(package, name)] => Ok((Some(package.clone()), name.clone())),
        [] => Err("no program was found: the package is a library".into()),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
            Err(format!(
                "the workspace holds several programs ({}): it is not told which one runs",
                names.join(", ")
            ))
        }
    }
}

/// The port in `0.0.0.0:3000`, `([0, 0, 0, 0], 3000)` and the like.
fn port(sources: &[&str]) -> Option<u16> {
    let marks = [
        "0.0.0.0:",
        "127.0.0.1:",
        "localhost:",
        "[::]:",
        "[0, 0, 0, 0], ",
        "[127, 0, 0, 1], ",
        "\"0.0.0.0\", ",
        "\"127.0.0.1\", ",
    ];
    marks.iter().find_map(|mark| {
        sources.iter().find_map(|text| {
            text.match_indices(mark).find_map(|(at, _)| {
                let digits: String =
                    text[at + mark.len()..].chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<u16>().ok().filter(|port| *port >= 1024)
            })
        })
    })
}
