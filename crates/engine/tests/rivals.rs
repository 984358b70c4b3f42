//! Every check of other tools for manifests and Compose files is an alias of a rule, or argued.
//!
//! `rivals.txt` has a line for each thing that some of them find: what it is, and their ids. Where no id is an alias, the line says
//! which rule means the same, or begins with `-` and says why it is left out.
#![expect(clippy::disallowed_methods, reason = "the list is a file of the checkout")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use seaworthy_engine::rule::find;

/// At least so many of the things that are found in manifests are found here.
const OBJECTS: usize = 130;

#[test]
fn what_others_find_is_found_or_argued() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rivals.txt");
    let text = fs::read_to_string(path).expect("the list is there");
    let (mut wrong, mut objects, mut section) = (String::new(), 0, "");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix('[') {
            section = title.trim_end_matches(']');
            continue;
        }
        let Some((what, ids)) = line.split_once(" | ") else {
            _ = writeln!(wrong, "no ids: {line}");
            continue;
        };
        let rules: Vec<&str> = ids.split(", ").filter(|id| !find(id).is_empty()).collect();
        match (what.starts_with("- "), rules.is_empty()) {
            (false, true) => _ = writeln!(wrong, "{section}: nothing finds: {line}"),
            (false, false) => objects += usize::from(section == "manifests"),
            (true, _) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(objects >= OBJECTS, "only {objects} of the things in manifests are found");
}
