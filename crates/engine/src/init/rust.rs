//! Rust: one program on a slim Debian.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::{Value, context};
use toml::Table;

use super::{
    App, Detected, Look, Service, bash_probe, is_aside, opened, package_in, reads_port, route, slug,
};
use crate::template::render;

/// The release of Rust where the project leaves it open.
const RUST: &str = "1.98";

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let manifest: Table = look.text("Cargo.toml")?.parse().ok()?;
    Some(app(look, &manifest).map(Into::into))
}

/// A program of a package.
struct Program {
    /// The package, where it is not the one at the top.
    package: Option<String>,
    name: String,
    /// The directory of the package.
    directory: Utf8PathBuf,
}

fn app(look: &Look<'_>, manifest: &Table) -> Result<App, String> {
    let chosen = choose(look, programs(look, manifest))?;
    let channel = look.text("rust-toolchain.toml").or_else(|| look.text("rust-toolchain")).and_then(|text| {
        let table: Table = text.parse().ok()?;
        table.get("toolchain")?.get("channel")?.as_str().map(str::to_owned)
    });
    let channel = channel.or_else(|| look.version("rust-toolchain").map(str::to_owned));
    let version =
        channel.filter(|c| c.starts_with(|c: char| c.is_ascii_digit())).unwrap_or_else(|| RUST.to_owned());
    if !look.has("Cargo.lock") {
        return Err("there is no Cargo.lock, so each build could bring other crates: run `cargo generate-lockfile`, then this again".into());
    }
    let lock = look.text("Cargo.lock").unwrap_or_default();
    let locked = |name: &str| lock.contains(&format!("name = \"{name}\"\n"));
    // What crates link with: the package of a build, and the one of the library when it runs.
    const LIBRARIES: [(&str, &str, &str); 4] = [
        ("openssl-sys", "libssl-dev pkg-config", "libssl3t64"),
        ("pq-sys", "libpq-dev", "libpq5"),
        ("mysqlclient-sys", "default-libmysqlclient-dev", "libmariadb3"),
        ("prost-build", "protobuf-compiler", ""),
    ];
    let linked = || {
        LIBRARIES
            .iter()
            .filter(|(name, ..)| locked(name) && !(locked("openssl-src") && *name == "openssl-sys"))
    };
    let compiled: Vec<&str> = linked().map(|(_, build, _)| *build).collect();
    let loaded: Vec<&str> = linked().map(|(.., run)| *run).filter(|run| !run.is_empty()).collect();
    let several = chosen.len() > 1;
    let (mut programs, mut services): (Vec<Value>, Vec<Service>) = (Vec::new(), Vec::new());
    for program in &chosen {
        let texts = sources(look, &program.directory);
        let port = serves(&texts).then(|| port(&texts).unwrap_or(8080));
        programs.push(context! {
            package => program.package,
            name => program.name,
            port,
            asks => reads_port(&texts),
            health => port.map(|port| bash_probe(port, route(texts.iter().copied()))),
        });
        let name = slug(&program.name);
        services.push(Service {
            target: several.then(|| program.name.clone()),
            name,
            port,
            scratch: Vec::new(),
        });
    }
    let all: Vec<&str> = chosen.iter().flat_map(|program| sources(look, &program.directory)).collect();
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap_or(u32::MAX);
    let suite = match minor {
        90.. => "trixie",
        71.. => "bookworm",
        _ => "bullseye",
    };
    let values = context! {
        rust => version,
        suite,
        several,
        programs,
        compiled => compiled.join(" "),
        loaded => package_in(suite, &loaded.join(" ")),
        opened => opened(look, &all),
    };
    let dockerfile = render(include_str!("templates/rust.Dockerfile"), values).map_err(|e| e.to_string())?;
    let names: Vec<String> = chosen.iter().map(|program| format!("`{}`", program.name)).collect();
    Ok(App {
        directory: look.directory.to_owned(),
        context: look.directory.to_owned(),
        what: match names.as_slice() {
            [only] => format!("a Rust program, {only}"),
            all => format!("{} Rust programs: {}", all.len(), all.join(", ")),
        },
        dockerfile,
        ignore: vec!["target", "*.md"],
        services,
        notes: Vec::new(),
    })
}

/// The sources of a package.
fn sources<'f>(look: &Look<'f>, directory: &Utf8Path) -> Vec<&'f str> {
    look.below()
        .filter(|p| p.extension() == Some("rs") && p.starts_with(directory) && !is_aside(p))
        .filter(|p| !p.components().any(|c| c.as_str() == "benches"))
        .filter_map(|p| look.text(p.as_str()))
        .collect()
}

fn serves(texts: &[&str]) -> bool {
    ["axum", "actix_web", "rocket", "warp", "hyper", "tonic", "poem", "salvo", "ntex", "tide"]
        .iter()
        .any(|name| texts.iter().any(|text| text.contains(&format!("{name}::"))))
        || texts.iter().any(|text| text.contains("TcpListener::bind"))
}

/// The programs of all packages.
fn programs(look: &Look<'_>, manifest: &Table) -> Vec<Program> {
    let mut found = Vec::new();
    let mut add = |manifest: &Table, directory: &Utf8Path| {
        let Some(package) = manifest.get("package").and_then(|p| p.get("name")?.as_str()) else { return };
        let top = directory.as_str().is_empty();
        let mut add = |name: &str| {
            found.push(Program {
                package: (!top).then(|| package.to_owned()),
                name: name.to_owned(),
                directory: directory.to_owned(),
            });
        };
        let default = manifest.get("package").and_then(|p| p.get("default-run")?.as_str());
        if let Some(name) = default {
            add(name);
            return;
        }
        let listed =
            manifest.get("bin").and_then(|bin| bin.as_array()).map(Vec::as_slice).unwrap_or_default();
        let listed: Vec<&str> = listed.iter().filter_map(|bin| bin.get("name")?.as_str()).collect();
        let main = look.has(directory.join("src/main.rs").as_str());
        let path_of_main = manifest.get("bin").and_then(|b| b.as_array()).is_some_and(|bins| {
            bins.iter()
                .any(|b| b.get("path").and_then(|p| p.as_str()).is_some_and(|p| p.ends_with("src/main.rs")))
        });
        if main && !path_of_main && !listed.contains(&package) {
            add(package);
        }
        for name in &listed {
            add(name);
        }
        let bins = manifest.get("bin").and_then(|bin| bin.as_array()).into_iter().flatten();
        let paths: Vec<Utf8PathBuf> =
            bins.filter_map(|bin| Some(directory.join(bin.get("path")?.as_str()?))).collect();
        for path in look.below().filter(|path| !paths.contains(path)) {
            let name = match path.strip_prefix(directory.join("src/bin")) {
                Ok(rest) if rest.components().count() == 1 && rest.extension() == Some("rs") => {
                    rest.file_stem()
                }
                Ok(rest) if rest.components().count() == 2 && rest.file_name() == Some("main.rs") => {
                    rest.parent().and_then(Utf8Path::file_name)
                }
                _ => None,
            };
            if let Some(name) = name.filter(|name| !listed.contains(name)) {
                add(name);
            }
        }
    };
    add(manifest, Utf8Path::new(""));
    if manifest.contains_key("workspace") {
        for path in look.below() {
            if path.file_name() == Some("Cargo.toml") && path.components().count() > 1 && !is_aside(&path)
                && let Some(directory) = path.parent()
                && let Some(table) = look.text(path.as_str()).and_then(|text| text.parse::<Table>().ok())
                // A workspace of its own is built on its own.
                && !table.contains_key("workspace")
            {
                add(&table, directory);
            }
        }
    }
    found.retain(|program| program.package.as_deref() != Some("xtask") && program.name != "xtask");
    found
}

/// Of several programs those that run: the package's own at the top, one that is called like a server, or those that
/// serve.
fn choose(look: &Look<'_>, mut found: Vec<Program>) -> Result<Vec<Program>, String> {
    let name_of =
        |text: &str| text.parse::<Table>().ok()?.get("package")?.get("name")?.as_str().map(str::to_owned);
    let own = look.text("Cargo.toml").and_then(name_of);
    if found.len() > 1 {
        let is_own = |p: &Program| p.package.is_none() && Some(&p.name) == own.as_ref();
        let ends = |p: &Program| {
            let last = p.name.rsplit(['-', '_']).next().unwrap_or_default();
            matches!(last, "server" | "api" | "web" | "backend" | "service" | "daemon" | "gateway")
        };
        let serving = |p: &Program| serves(&sources(look, &p.directory));
        let named = found.iter().filter(|p| ends(p)).count();
        if named > 0 {
            found.retain(ends);
        } else if found.iter().any(is_own) {
            found.retain(is_own);
        } else if found.iter().any(serving) {
            found.retain(serving);
            // Of the programs of one package it is not told which of them serves.
            let one_package = found.iter().all(|p| p.package == found[0].package);
            if one_package && found.len() > 1 {
                return Err(unsure(&found));
            }
        } else {
            return Err(unsure(&found));
        }
    }
    if found.is_empty() {
        return Err("no program was found: the package is a library".into());
    }
    Ok(found)
}

fn unsure(found: &[Program]) -> String {
    let names: Vec<&str> = found.iter().map(|program| program.name.as_str()).collect();
    format!(
        "there are several programs ({}): it is not told which one runs; `default-run` in Cargo.toml says it",
        names.join(", ")
    )
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
    let written = marks.iter().find_map(|mark| {
        sources.iter().find_map(|text| {
            text.match_indices(mark).find_map(|(at, _)| {
                let digits: String =
                    text[at + mark.len()..].chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<u16>().ok().filter(|port| *port >= 1024)
            })
        })
    });
    // `#[arg(long = "port", default_value = "8080")]`
    sources.iter().find_map(|text| default_port(text)).or(written)
}

/// The default of an option that is called like a port.
fn default_port(text: &str) -> Option<u16> {
    text.match_indices("default_value").find_map(|(at, _)| {
        let mut from = at.saturating_sub(160);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let (before, after) = (text[from..at].to_lowercase(), &text[at..]);
        let end = after.find(['\n', ')']).unwrap_or(after.len());
        let near = before.rsplit("#[").next().unwrap_or_default();
        let digits: String = after[..end]
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        let is_port =
            near.contains("port") || after[end..].lines().nth(1).is_some_and(|line| line.contains("port:"));
        is_port.then(|| digits.parse::<u16>().ok().filter(|port| *port >= 1024))?
    })
}
