//! What the tables of `docs/` say of rules is what the rules say, and what they name is there.
#![expect(clippy::disallowed_methods, reason = "the pages are files of the checkout")]

use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_engine::rules::{ALL, find};
use seaworthy_engine::{FixKind, Rule};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The links of a text: what they show, and where they go.
fn links(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("](") {
        let Some(begin) = text[..at].rfind('[') else { continue };
        let Some((target, _)) = text[at + 2..].split_once(')') else { continue };
        found.push((&text[begin + 1..at], target));
    }
    found
}

#[test]
fn every_link_of_the_docs_leads_somewhere() {
    for entry in fs::read_dir(docs()).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (shown, target) in
            links(&text).into_iter().filter(|(_, t)| !t.contains("://") && !t.starts_with('#'))
        {
            let file = target.split('#').next().unwrap();
            assert!(docs().join(file).exists(), "{}: [{shown}]({target}) leads nowhere", path.display());
            let is_page = file.contains("/src/rules/");
            if let Some(rule) = find(shown.trim_matches('`')).into_iter().find(|_| is_page) {
                assert!(
                    file.ends_with(&format!("{}.md", rule.name.replace('-', "_"))),
                    "{}: [{shown}]({target}) is the page of another rule",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_table_of_workflows_says_what_the_rules_do() {
    let page = fs::read_to_string(docs().join("workflow.md")).unwrap();
    let (_, table) = page.split_once("| what is wrong | rule | the fix |").unwrap();
    let mut named: Vec<&Rule> = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains("](")) {
        let rules: Vec<&Rule> =
            links(row).into_iter().flat_map(|(shown, _)| find(shown.trim_matches('`'))).collect();
        assert!(!rules.is_empty(), "{row}");
        for rule in &rules {
            assert_eq!(row.contains("off by default"), !rule.default, "{row}");
            assert!(!matches!(rule.fix, FixKind::None), "{} has no fix", rule.name);
        }
        named.extend(rules);
    }
    // No rule about jobs that build images, and that mends them, is left out.
    for rule in ALL.iter().filter(|rule| rule.docs.contains("```yaml .github/workflows/")) {
        let mends = !matches!(rule.fix, FixKind::None) && rule.docs.contains("fixed");
        let about = rule.docs.contains("fixed-unsafe .github/workflows/")
            || rule.docs.contains("fixed .github/workflows/");
        if mends && about {
            assert!(
                named.iter().any(|n| n.name == rule.name),
                "docs/workflow.md does not name {}",
                rule.name
            );
        }
    }
}

#[test]
fn the_table_of_init_names_what_its_tests_show() {
    let page = fs::read_to_string(docs().join("init.md")).unwrap();
    let tests = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init.rs")).unwrap();
    let starts = docs().join("../tests/starts/cases.toml");
    let shown = tests.to_lowercase() + &fs::read_to_string(starts).unwrap().to_lowercase();
    let (_, table) = page.split_once("| found | how it is built | what runs |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut missing = Vec::new();
    // The files that programs are told by, and the frameworks.
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("|--")) {
        for name in
            row.split('`').skip(1).step_by(2).filter(|n| n.contains('.') && !n.contains(['*', '/', ' ']))
        {
            if !shown.contains(&name.to_lowercase()) {
                missing.push(name.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "no test shows {missing:?}");
}
