//! What is made from the rules.
//!
//! The list of rules is made here from the names of files, so that it can be mended when the engine does not compile
//! without it. Everything else that is made (blocks of pages, docs, README) is made by the engine's own tests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The tests that make what is made, each a file of `crates/engine/tests`.
const MAKERS: [&str; 3] = ["pages", "made", "formats"];

/// Writes everything.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    let list = root.join("crates/engine/src/rules.rs");
    let made = rules(root)?;
    if fs::read_to_string(&list).ok().as_ref() != Some(&made) {
        fs::write(&list, made).map_err(|e| format!("{}: {e}", list.display()))?;
        println!("wrote crates/engine/src/rules.rs");
    }
    run(root, true)
}

/// Fails where something is stale.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let list = root.join("crates/engine/src/rules.rs");
    if fs::read_to_string(&list).ok() != Some(rules(root)?) {
        return Err("crates/engine/src/rules.rs is stale: run `cargo xtask bless`".into());
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
