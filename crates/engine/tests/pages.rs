//! Every rule's page, run.
//!
//! A page is prose and examples. An example is a run of fenced blocks with nothing between them but blank lines: sources
//! whose info strings name their files (```` ```yaml compose.yaml ````), then what the rule says about them
//! (```` ```report ````, nothing where there is none), then the files that its fixes change (```` ```fixed compose.yaml ````,
//! and ```` ```fixed-unsafe compose.yaml ```` where fixes that are asked for change more). Of a transformation come the
//! Dockerfile's variant without its header (```` ```variant Dockerfile ````) and a report of what was left out. `UPDATE=1`
//! writes these blocks. Of a rule that judges what was measured the sources hold that too, as `measured.toml`.
#![expect(clippy::disallowed_methods, reason = "the pages are files of the checkout")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "pages/example.rs"]
mod example;

use example::Example;
use seaworthy_engine::{FixKind, Rule, rules};

/// The headings that a page may have, in this order; the first two it must have.
const HEADINGS: [&str; 4] = ["Why it matters", "What to do", "When to leave it", "Examples"];

#[test]
fn pages() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for rule in rules::ALL {
        let path = page(rule);
        let text = fs::read_to_string(&path).expect("every rule has a page");
        let mut problems = Vec::new();
        check_prose(rule, &text, &mut problems);
        let written = run(rule, &text, update, &mut problems);
        if update && written != text {
            fs::write(&path, written).expect("the checkout can be written");
        }
        for problem in problems {
            _ = writeln!(wrong, "{}: {problem}", path.display());
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{wrong}\n`UPDATE=1 cargo test -p seaworthy-engine --test pages` rewrites blocks"
    );
}

/// What a rule's page shows of one platform.
#[derive(Clone, Copy, Default)]
struct Shown {
    fires: bool,
    fixed: bool,
}

/// Counts the rules that fire on manifests and on Compose files, and those whose pages show a fix there; prints the others
/// (`--nocapture`).
#[test]
fn mends() {
    const PLATFORMS: [(&str, usize); 2] = [("Kubernetes", MENDED.0), ("Compose", MENDED.1)];
    let mut shown: Vec<(&str, [Shown; 2])> = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| !rule.is_measured() && !rule.is_transformation()) {
        let mut both = [Shown::default(); 2];
        for Example { sources, made, .. } in example::read(rule.docs).expect("`pages` reads it too") {
            for source in &sources {
                let Some(platform) = platform(&source.text) else { continue };
                let start = format!("{}:", source.path);
                let reports = made.iter().filter(|b| b.word == "report").flat_map(|b| b.text.lines());
                both[platform].fires |= reports.into_iter().any(|line| line.starts_with(&start));
                both[platform].fixed |=
                    made.iter().any(|b| b.word.starts_with("fixed") && b.path == source.path);
            }
        }
        shown.push((rule.name, both));
    }
    for (platform, (name, least)) in PLATFORMS.into_iter().enumerate() {
        let firing = shown.iter().filter(|(_, both)| both[platform].fires);
        let (fixed, not): (Vec<_>, Vec<_>) = firing.partition(|(_, both)| both[platform].fixed);
        let names: Vec<_> = not.iter().map(|(rule, _)| *rule).collect();
        println!("{name}: {} of {} rules have a fix; not {names:?}", fixed.len(), fixed.len() + not.len());
        assert!(fixed.len() >= least, "{name}: {} rules have a fix, {least} are promised", fixed.len());
    }
}

/// How many rules have a fix at least: for Kubernetes and for Compose.
const MENDED: (usize, usize) = (90, 45);

/// Whether a text is a manifest (0) or a Compose file (1).
fn platform(text: &str) -> Option<usize> {
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    if has("apiVersion:") { Some(0) } else { has("services:").then_some(1) }
}

/// The page of a rule, found by its name.
fn page(rule: &Rule) -> PathBuf {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let file = format!("{}.md", rule.name.replace('-', "_"));
    let folders = fs::read_dir(top).expect("there are rules").flatten();
    folders
        .map(|folder| folder.path().join(&file))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no page {file}: a rule's name is the name of its file"))
}

fn check_prose(rule: &Rule, text: &str, problems: &mut Vec<String>) {
    if text.lines().next() != Some(&format!("# {}", rule.name)) {
        problems.push(format!("does not open with `# {}`", rule.name));
    }
    if text != rule.docs {
        problems.push("is not the page that the rule includes".into());
    }
    let headings: Vec<&str> = prose(text).filter_map(|line| line.strip_prefix("## ")).collect();
    let known: Vec<&str> = HEADINGS.into_iter().filter(|h| headings.contains(h)).collect();
    if headings != known || !headings.starts_with(&HEADINGS[..2]) {
        problems.push(format!("has the headings {headings:?}, not {HEADINGS:?} in this order"));
    }
    for (what, sentence) in [("Why it matters", rule.why()), ("What to do", rule.remedy())] {
        if sentence.is_empty() || sentence.chars().count() > 160 {
            problems.push(format!(
                "`{what}` must begin with one line whose first sentence has at most 160 characters"
            ));
        }
    }
    let summary = rule.summary;
    if summary.ends_with('.')
        || summary.contains('\n')
        || summary.starts_with(|c: char| !c.is_lowercase() && c != '`')
    {
        problems
            .push(format!("summary {summary:?}: one line that starts in lower case and has no final stop"));
    }
}

/// The lines outside of fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Runs the examples of a page; returns the page with the blocks that they should have.
fn run(rule: &'static Rule, text: &str, update: bool, problems: &mut Vec<String>) -> String {
    let examples = match example::read(text) {
        Ok(examples) => examples,
        Err(error) => {
            problems.push(error);
            return text.to_owned();
        }
    };
    let mut written = String::new();
    let mut end = 0;
    let (mut silent, mut fixable, mut unfixable) = (0, 0, 0);
    for Example { line, range, sources, made } in &examples {
        let outcome = example::run(rule, sources);
        problems.extend(outcome.problems.iter().map(|p| format!("example of line {line}: {p}")));
        silent += usize::from(outcome.findings == 0);
        fixable += outcome.fixable;
        unfixable += outcome.findings - outcome.fixable;
        if !update {
            let difference = example::difference(made, &outcome.made);
            problems.extend(difference.map(|d| format!("example of line {line}:\n{d}")));
        }
        written.push_str(&text[end..range.start]);
        written.push_str(&example::write(sources, &outcome.made));
        end = range.end;
    }
    written.push_str(&text[end..]);
    if silent == examples.len() {
        problems.push("has no example that fires".into());
    }
    if silent == 0 {
        problems.push("has no example that is silent".into());
    }
    let promise = match rule.fix {
        FixKind::None => fixable == 0,
        FixKind::Always => unfixable == 0,
        FixKind::Sometimes => fixable > 0 && unfixable > 0,
    };
    if !promise {
        problems.push(format!(
            "says its fix is {}, but {fixable} findings have one and {unfixable} have none",
            rule.fix.as_str()
        ));
    }
    written
}
