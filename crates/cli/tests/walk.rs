//! The walks in `docs/` are real: their commands are run, in order, in a copy of the repository they are about.
//!
//! `UPDATE=1 cargo test -p seaworthy --test walk` writes what they print.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// The day on which the walk is taken, in seconds since 1970: the 21st of November 2026.
const TODAY: &str = "1795219200";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What a line of shell prints, on both streams.
fn printed(line: &str, directory: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_seaworthy")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("{line} 2>&1")])
        .current_dir(directory)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("SOURCE_DATE_EPOCH", TODAY)
        .env("NO_COLOR", "1")
        .env_remove("CI")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_walks_are_real() {
    for page in ["docs/variants.md", "docs/drift.md", "docs/convert.md"] {
        walk(page);
    }
}

fn walk(page: &str) {
    let top = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let page = top.join(page);
    let text = fs::read_to_string(&page).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    // A project that says no name has that of its directory.
    let directory = folder.path().join("archon");
    copy(&top.join("tests/repositories/archon"), &directory);
    fs::create_dir(directory.join(".git")).unwrap();
    let mut written = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        written.push_str(line);
        written.push('\n');
        if line != "```" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
            written.push_str(&format!("$ {command}\n"));
            let shown = printed(command, &directory);
            written.push_str(shown.trim_end());
            if !shown.trim_end().is_empty() {
                written.push('\n');
            }
        }
        written.push_str("```\n");
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&page, &written).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&page).unwrap(),
        written,
        "`UPDATE=1 cargo test -p seaworthy --test walk` rewrites it"
    );
}
