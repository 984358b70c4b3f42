//! What is made from the rules, and from what is known of images.
//!
//! The lists of files are made here, so that they can be mended when the engine does not compile without them. Everything else that is made (blocks of pages, docs, README) is made by the engine's own tests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The tests that make what is made, each a file of `crates/engine/tests`.
const MAKERS: [&str; 3] = ["pages", "made", "formats"];

/// What is made here: a file, and how.
type Made = (&'static str, fn(&Path) -> Result<String, String>);

const MADE: [Made; 2] =
    [("crates/engine/src/rules.rs", rules), ("crates/engine/src/images/files.rs", images)];

/// Writes everything.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    for (path, make) in MADE {
        let file = root.join(path);
        let made = make(root)?;
        if fs::read_to_string(&file).ok().as_ref() != Some(&made) {
            fs::write(&file, made).map_err(|e| format!("{}: {e}", file.display()))?;
            println!("wrote {path}");
        }
    }
    run(root, true)
}

/// Fails where something is stale.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    for (path, make) in MADE {
        if fs::read_to_string(root.join(path)).ok() != Some(make(root)?) {
            return Err(format!("{path} is stale: run `cargo xtask bless`"));
        }
    }
    run(root, false)
}

fn run(root: &Path, update: bool) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--quiet", "--no-fail-fast", "--package", "seaworthy-engine"]);
    for maker in MAKERS {
        cargo.args(["--test", maker]);
    }
    cargo.env_remove("UPDATE").env("RUST_BACKTRACE", "0");
    if update {
        cargo.env("UPDATE", "1");
    }
    let status = cargo.status().map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("the tests above failed".into()) }
}

/// The text of `rules.rs`: a module for each file below `rules/`, and all rules sorted by name.
fn rules(root: &Path) -> Result<String, String> {
    let top = root.join("crates/engine/src/rules");
    let mut folders = BTreeMap::new();
    let mut all = BTreeMap::new();
    for folder in names(&top)? {
        for file in names(&top.join(&folder))? {
            let Some(module) = file.strip_suffix(".rs") else { continue };
            if let Some(other) = all.insert(module.to_owned(), folder.clone()) {
                return Err(format!("two rules are named {module}: in {other}/ and in {folder}/"));
            }
            folders.entry(folder.clone()).or_insert_with(Vec::new).push(module.to_owned());
        }
    }
    let mut text = String::from(
        "//! Every rule. Written by `cargo xtask bless` from the files below `rules/`.\n\nuse crate::rule::Rule;\n\npub use crate::rule::find;\n",
    );
    for (folder, modules) in &folders {
        _ = writeln!(text, "\nmod {folder} {{");
        for module in modules {
            _ = writeln!(text, "    pub(super) mod {module};");
        }
        text.push_str("}\n");
    }
    text.push_str("\n/// Every rule, sorted by name.\n#[rustfmt::skip]\npub static ALL: &[&Rule] = &[\n");
    for (module, folder) in &all {
        _ = writeln!(text, "    &{folder}::{module}::RULE,");
    }
    text.push_str("];\n");
    Ok(text)
}

/// The text of `images/files.rs`: the files of `images/`, and the names that each is about.
fn images(root: &Path) -> Result<String, String> {
    let top = root.join("crates/engine/images");
    let files: Vec<String> = names(&top)?.into_iter().filter(|name| name.ends_with(".toml")).collect();
    let mut about = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        let text = fs::read_to_string(top.join(file)).map_err(|e| format!("{file}: {e}"))?;
        let list = text.split_once("names = [").and_then(|(_, rest)| rest.split_once(']'));
        let (list, _) = list.ok_or_else(|| format!("{file}: no names"))?;
        for name in list.split('"').skip(1).step_by(2) {
            if about.insert(name.to_owned(), at).is_some() {
                return Err(format!("{file}: {name} is in another file too"));
            }
        }
    }
    let mut text = String::from(
        "//! The files of `images/`, and the names of images they are about; both sorted. Written by `cargo xtask bless`.\n\nuse super::File;\n",
    );
    _ = writeln!(text, "\npub(super) static FILES: [File; {}] = [", files.len());
    for file in &files {
        _ = writeln!(text, "    File::new(include_str!(\"../../images/{file}\")),");
    }
    _ = writeln!(
        text,
        "];\n\n/// Each name with the index of its file.\npub(super) static NAMES: [(&str, usize); {}] = [",
        about.len()
    );
    for (name, at) in &about {
        _ = writeln!(text, "    ({name:?}, {at}),");
    }
    text.push_str("];\n");
    Ok(text)
}

/// The names in a directory, sorted.
fn names(directory: &Path) -> Result<Vec<String>, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", directory.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}
