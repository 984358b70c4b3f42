//! What the program finds in real files.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Wish, findings, place, text};
use crate::tree;

#[derive(Default)]
struct Rule {
    findings: usize,
    fixable: usize,
    files: BTreeSet<String>,
}

/// Counts findings by rule, and lists what does not parse and what crashes.
pub(super) fn run(wish: &Wish) -> Result<(), String> {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let (mut projects, mut files, mut suppressed, mut time) = (0, 0, 0, Duration::ZERO);
    let (mut unread, mut crashes, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    for folder in &wish.folders {
        for project in tree::projects(folder, wish.each)? {
            let (run, report) = wish.check(&project)?;
            let name = project.display().to_string();
            projects += 1;
            time += run.time;
            slow.push((run.time, name.clone()));
            if run.crashed() || report.is_null() {
                crashes.push(format!(
                    "{name}: exit {:?}\n    {}",
                    run.code,
                    run.stderr.trim().replace('\n', "\n    ")
                ));
                continue;
            }
            files += report["summary"]["files"].as_u64().unwrap_or_default();
            suppressed += report["summary"]["suppressed"].as_u64().unwrap_or_default();
            for finding in findings(&report) {
                let rule = rules.entry(text(finding, "rule").to_owned()).or_default();
                rule.findings += 1;
                rule.fixable += usize::from(!finding["fix"].is_null());
                rule.files.insert(format!("{name}/{}", text(finding, "path")));
                if text(finding, "rule") == "syntax-error" {
                    unread.push(format!("{name}/{}", place(finding)));
                }
            }
        }
    }
    let all: usize = rules.values().map(|rule| rule.findings).sum();
    println!(
        "{projects} projects, {files} files, {all} findings, {suppressed} suppressed, {:.2} s",
        time.as_secs_f64()
    );
    println!("\n{:<40} {:>9} {:>9} {:>7}", "rule", "findings", "fixable", "files");
    let mut rules: Vec<(String, Rule)> = rules.into_iter().collect();
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.findings));
    for (name, rule) in &rules {
        println!("{name:<40} {:>9} {:>9} {:>7}", rule.findings, rule.fixable, rule.files.len());
    }
    if projects > 1 {
        slow.sort_by_key(|&(time, _)| std::cmp::Reverse(time));
        println!("\nslowest:");
        for (time, name) in slow.iter().take(5) {
            println!("  {:>7.3} s  {name}", time.as_secs_f64());
        }
    }
    list("syntax errors", &unread);
    list("crashes", &crashes);
    if crashes.is_empty() { Ok(()) } else { Err(format!("{} crashes", crashes.len())) }
}

fn list(title: &str, items: &[String]) {
    println!("\n{title}: {}", items.len());
    for item in items {
        println!("  {item}");
    }
}
