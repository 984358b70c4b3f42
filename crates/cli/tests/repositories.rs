//! Whole outputs on small repositories of ours: what the user reads, byte for byte.
//!
//! `UPDATE=1 cargo test -p seaworthy --test repositories` writes them anew; read the difference.

use std::path::Path;
use std::process::Command;

/// The day on which they are checked, in seconds since 1970: the 21st of November 2026.
const TODAY: &str = "1795219200";

/// A command and the file beside the repository that holds what it prints.
const RUNS: &[(&[&str], &str)] = &[
    (&["check", "--color", "never"], "check.txt"),
    (&["check", "--format", "json"], "check.json"),
    (&["workflow", "--for", "github", "--branch", "main", "--diff"], "github.diff"),
    (&["workflow", "--for", "gitea", "--branch", "main", "--diff", "--serial"], "gitea.diff"),
    (&["workflow", "--for", "gitlab", "--branch", "main", "--diff"], "gitlab.diff"),
    (&["drift", "--color", "never", "--quiet"], "drift.txt"),
    (&["report"], "audit.md"),
    (&["report", "--document", "strategy"], "strategy.md"),
    (&["report", "--document", "plan"], "plan.md"),
    (&["fix", "--diff"], "fix.diff"),
    (&["fix", "--diff", "--unsafe-fixes"], "unsafe.diff"),
    (&["variant", "--check", "--color", "never"], "variant.txt"),
    (&["variant", "--check", "--format", "json"], "variant.json"),
    (&["variant", "--diff"], "variant.diff"),
    (&["convert", "--explain", "--profile", "*"], "manifests.yaml"),
    (&["convert", "--platform", "k3s", "--out", "made", "--check", "--color", "never"], "convert.txt"),
];

/// The same, where what it prints can be read: of three services, not of 28.
const SMALL: &[(&[&str], &str)] = &[
    (&["convert", "--out", "made", "--check", "--format", "json"], "convert.json"),
    (&["convert", "--to", "kustomize", "--out", "made", "--diff"], "kustomize.diff"),
    (&["convert", "--to", "helm", "--out", "made", "--diff"], "helm.diff"),
];

#[test]
fn whole_outputs_on_small_repositories() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/repositories"));
    let mut stale = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten().filter(|e| e.path().is_dir()) {
        let small = if entry.file_name() == "shop" { SMALL } else { &[] };
        for &(arguments, file) in RUNS.iter().chain(small) {
            let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
                .args(arguments)
                .current_dir(entry.path())
                .env_remove("CI")
                .env("SOURCE_DATE_EPOCH", TODAY)
                .output()
                .unwrap();
            assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
            let printed = String::from_utf8(output.stdout).unwrap();
            let path = folder.join(format!("{}.{file}", entry.file_name().to_string_lossy()));
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            if printed == expected {
                continue;
            }
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, &printed).unwrap();
            } else {
                stale.push(format!("{}: {arguments:?} prints\n{printed}", path.display()));
            }
        }
    }
    assert!(
        stale.is_empty(),
        "{}\n`UPDATE=1 cargo test -p seaworthy --test repositories` rewrites them",
        stale.join("\n")
    );
}

#[test]
fn the_screen_in_the_readme_is_real() {
    let top = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let path = top.join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (_, screen) = readme.split_once("```\n$ seaworthy ").unwrap();
    let (screen, _) = screen.split_once("\n```\n").unwrap();
    let (command, shown) = screen.split_once('\n').unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(command.split_whitespace())
        .args(["--color", "never"])
        .current_dir(top.join("tests/repositories/shop"))
        .env("SOURCE_DATE_EPOCH", TODAY)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed = printed.trim_end();
    if printed != shown && std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, readme.replace(shown, printed)).unwrap();
    } else {
        assert_eq!(printed, shown, "`UPDATE=1 cargo test -p seaworthy --test repositories` rewrites it");
    }
}

#[test]
fn the_variant_in_the_readme_is_that_of_the_walk() {
    let top = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let readme = std::fs::read_to_string(top.join("README.md")).unwrap();
    // Another test holds the walk to what the program prints.
    let walk = std::fs::read_to_string(top.join("docs/variants.md")).unwrap();
    let (_, shown) = readme.split_once("keeps the two in step:\n\n```\n").unwrap();
    let (shown, _) = shown.split_once("\n```\n").unwrap();
    let mut rest = walk.as_str();
    for part in shown.split("\n\n") {
        let at = rest.find(part);
        assert!(at.is_some(), "docs/variants.md has no longer what README.md shows:\n{part}");
        rest = &rest[at.unwrap_or_default()..];
    }
}
