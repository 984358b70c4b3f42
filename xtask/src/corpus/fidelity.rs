//! Whether fixes keep what they should.
//!
//! Every project is copied. Its fixes are applied twice over: by `fix`, and here, from the edits that `check`
//! prints, round by round. Both must come to the same bytes, so that nothing outside an edit can have changed. Then:
//! fixing again changes nothing, what parsed still parses, no comment is gone, permissions are as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Wish, comments, findings, place, text};
use crate::program::Scratch;
use crate::tree;

type Texts = BTreeMap<PathBuf, Vec<u8>>;

/// Rounds of edits after which they are held to be at odds.
const ROUNDS: usize = 64;

#[derive(Default)]
struct Tally {
    projects: usize,
    files: u64,
    changed: usize,
    edits: usize,
    /// Files with a secret whose edits were not printed, so that they cannot be compared.
    withheld: usize,
    wrong: BTreeMap<&'static str, Vec<String>>,
}

impl Tally {
    fn wrong(&mut self, kind: &'static str, what: String) {
        self.wrong.entry(kind).or_default().push(what);
    }
}

const KINDS: [&str; 9] = [
    "crashes",
    "fixes left out, since they are wrong",
    "no longer parses",
    "changes on a second run",
    "bytes changed outside the edits",
    "comments lost",
    "permissions changed",
    "fixes that are at odds",
    "refused by an engine that accepted it",
];

pub(super) fn run(wish: &Wish) -> Result<(), String> {
    let mut tally = Tally::default();
    for folder in &wish.folders {
        for project in tree::projects(folder, wish.each)? {
            let scratch = Scratch::new("fidelity")?;
            one(wish, &project, scratch.path(), &mut tally)?;
        }
    }
    println!(
        "{} projects, {} files; {} fixes changed {} files by {} edits",
        tally.projects,
        tally.files,
        if wish.unsafe_fixes { "all" } else { "safe" },
        tally.changed,
        tally.edits
    );
    println!("{} files not compared with the edits, which tell a secret\n", tally.withheld);
    let mut all = 0;
    for kind in KINDS {
        let wrong = tally.wrong.get(kind).map_or(&[] as &[String], Vec::as_slice);
        all += wrong.len();
        println!("{kind}: {}", wrong.len());
        for what in wrong {
            println!("  {what}");
        }
    }
    if all == 0 { Ok(()) } else { Err(format!("{all} things are not as they should be")) }
}

fn one(wish: &Wish, project: &Path, copy: &Path, tally: &mut Tally) -> Result<(), String> {
    let name = project.display().to_string();
    let original = tree::read(project)?;
    tree::write(copy, &original)?;
    let modes = |at: &Path| -> Vec<_> {
        original.keys().map(|f| fs::metadata(at.join(f)).map(|m| m.permissions()).ok()).collect()
    };
    for file in original.keys() {
        if let Ok(metadata) = fs::metadata(project.join(file)) {
            let _ = fs::set_permissions(copy.join(file), metadata.permissions());
        }
    }
    let before = modes(copy);
    tally.projects += 1;

    let Some(ByEdits { unread, secret, texts: expected }) = by_edits(wish, &name, copy, &original, tally)?
    else {
        return Ok(());
    };
    tree::write(
        copy,
        expected.iter().filter(|(f, t)| original.get(*f) != Some(t)).map(|(f, _)| (f, &original[f])),
    )?;

    let fix = wish.fix(copy)?;
    if fix.crashed() {
        tally.wrong("crashes", format!("fix {name}: {}", fix.stderr.trim()));
        return Ok(());
    }
    for bug in fix.stderr.lines().filter(|line| line.contains("this is a bug of seaworthy")) {
        tally.wrong("fixes left out, since they are wrong", format!("{name}: {bug}"));
    }
    let fixed = tree::read(copy)?;
    for file in expected.keys().chain(fixed.keys()).collect::<BTreeSet<_>>() {
        if expected.get(file) == fixed.get(file) {
            continue;
        }
        if secret.contains(&*file.to_string_lossy()) {
            tally.withheld += 1;
        } else {
            tally.wrong("bytes changed outside the edits", format!("{name}/{}", file.display()));
        }
    }
    if modes(copy) != before {
        tally.wrong("permissions changed", name.clone());
    }
    for (file, old) in &original {
        let Some(new) = fixed.get(file).filter(|new| *new != old) else { continue };
        tally.changed += 1;
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
        // What an unsafe fix removes goes with what is said of it.
        for comment in comments::lost(&old, &new).into_iter().filter(|_| !wish.unsafe_fixes) {
            tally.wrong("comments lost", format!("{name}/{}: {comment}", file.display()));
        }
    }

    if let Some(engines) = &wish.engines {
        let changed: Vec<&Path> =
            original.iter().filter(|(f, old)| fixed.get(*f) != Some(old)).map(|(f, _)| f.as_path()).collect();
        for refusal in engines.refused(project, copy, &changed)? {
            tally.wrong("refused by an engine that accepted it", format!("{name}/{refusal}"));
        }
    }

    let (run, report) = wish.check(copy)?;
    if run.crashed() {
        tally.wrong("crashes", format!("check {name}, fixed: {}", run.stderr.trim()));
    }
    for finding in errors(&report).filter(|f| !unread.contains(text(f, "path"))) {
        tally.wrong("no longer parses", format!("{name}/{}", place(finding)));
    }
    let again = wish.fix(copy)?;
    let twice = tree::read(copy)?;
    if again.crashed() {
        tally.wrong("crashes", format!("fix {name} again: {}", again.stderr.trim()));
    }
    for (file, _) in twice.iter().filter(|(file, text)| fixed.get(*file) != Some(text)) {
        tally.wrong("changes on a second run", format!("{name}/{}", file.display()));
    }
    Ok(())
}

fn errors(report: &Value) -> impl Iterator<Item = &Value> {
    findings(report).iter().filter(|finding| text(finding, "rule") == "syntax-error")
}

/// What the edits that `check` prints come to.
struct ByEdits {
    /// The files that do not parse.
    unread: BTreeSet<String>,
    /// The files with a secret, of which edits that tell it are not printed.
    secret: BTreeSet<String>,
    texts: Texts,
}

fn by_edits(
    wish: &Wish,
    name: &str,
    copy: &Path,
    original: &Texts,
    tally: &mut Tally,
) -> Result<Option<ByEdits>, String> {
    let mut texts = original.clone();
    let mut unread = None;
    let mut secret = BTreeSet::new();
    for _ in 0..ROUNDS {
        let (run, report) = wish.check(copy)?;
        if run.crashed() || report.is_null() {
            tally.wrong("crashes", format!("check {name}: {}", run.stderr.trim()));
            return Ok(None);
        }
        if unread.is_none() {
            tally.files += report["summary"]["files"].as_u64().unwrap_or_default();
            unread = Some(errors(&report).map(|finding| text(finding, "path").to_owned()).collect());
        }
        secret.extend(
            findings(&report)
                .iter()
                .filter(|finding| text(finding, "rule").starts_with("secret-in-"))
                .map(|finding| text(finding, "path").to_owned()),
        );
        let chosen = choose(&report, wish.unsafe_fixes);
        if chosen.is_empty() {
            return Ok(unread.map(|unread| ByEdits { unread, secret, texts }));
        }
        let mut round = Texts::new();
        for (file, mut edits) in chosen {
            let Some((file, old)) = texts.get_key_value(&file) else {
                tally.wrong(
                    "bytes changed outside the edits",
                    format!("{name}/{}: no such file", file.display()),
                );
                continue;
            };
            tally.edits += edits.len();
            edits.sort();
            let mut new = Vec::with_capacity(old.len());
            let mut at = 0;
            for (start, end, text) in edits {
                new.extend_from_slice(old.get(at..start).ok_or("an edit lies outside of its file")?);
                new.extend_from_slice(text.as_bytes());
                at = end;
            }
            new.extend_from_slice(old.get(at..).ok_or("an edit lies outside of its file")?);
            round.insert(file.clone(), new);
        }
        tree::write(copy, &round)?;
        texts.extend(round);
    }
    tally.wrong("fixes that are at odds", name.to_owned());
    Ok(None)
}

type Edits = Vec<(usize, usize, String)>;

/// The fixes of a report that are safe, or also those that are unsafe, in its order, without those that meet an earlier one.
fn choose(report: &Value, unsafe_too: bool) -> BTreeMap<PathBuf, Edits> {
    let mut chosen: BTreeMap<PathBuf, Edits> = BTreeMap::new();
    let broken: BTreeSet<&str> = errors(report).map(|finding| text(finding, "path")).collect();
    for finding in findings(report) {
        let fix = &finding["fix"];
        let wanted = match text(fix, "safety") {
            "safe" => true,
            "unsafe" => unsafe_too,
            _ => false,
        };
        let Some(edits) = fix["edits"].as_array().filter(|_| wanted) else { continue };
        let mut wanted: Vec<(PathBuf, (usize, usize, String))> = edits
            .iter()
            .map(|edit| {
                let offset = |at: &str| edit[at]["offset"].as_u64().map_or(usize::MAX, |n| n as usize);
                (text(edit, "path").into(), (offset("start"), offset("end"), text(edit, "text").to_owned()))
            })
            .collect();
        wanted.sort();
        wanted.dedup();
        let meets = |a: &(usize, usize, String), b: &(usize, usize, String)| a.0 <= b.1 && b.0 <= a.1;
        let blocked = wanted.iter().any(|(file, edit)| {
            broken.contains(&*file.to_string_lossy())
                || chosen.get(file).is_some_and(|taken| taken.iter().any(|t| meets(edit, t)))
        });
        // Edits of one fix may meet, as long as none reaches into another.
        if blocked || wanted.windows(2).any(|w| w[0].0 == w[1].0 && w[1].1.0 < w[0].1.1) {
            continue;
        }
        for (file, edit) in wanted {
            chosen.entry(file).or_default().push(edit);
        }
    }
    chosen
}
