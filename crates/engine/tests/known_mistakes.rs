//! `docs/known-mistakes.md` names a rule for each mistake, whose page shows it firing, or says why there is none.
#![expect(clippy::disallowed_methods, reason = "the pages are files of the checkout")]

use std::fs;
use std::path::Path;

#[test]
fn every_mistake_has_a_rule_that_fires_or_a_reason() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = fs::read_to_string(docs.join("known-mistakes.md")).unwrap();
    let mut numbers = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| M")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, mistake, answer] = cells[..] else { panic!("three columns: {row}") };
        numbers.push(number[1..].parse::<u32>().unwrap());
        assert!(!mistake.is_empty() && !answer.is_empty(), "{row}");
        for link in answer.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let rule = fs::read_to_string(docs.join(link)).unwrap_or_else(|_| panic!("{number}: no {link}"));
            // What a page says comes of its examples is held by the test of all pages.
            let fires = ["\n```report\n", "\n```variant "].iter().any(|block| rule.contains(block));
            assert!(fires, "{number}: {link} shows nothing that fires");
        }
        // A row without a rule says why.
        assert!(answer.contains("](") || answer.len() > 40, "{number} says neither a rule nor a reason");
    }
    let expected: Vec<u32> = (1..=127).collect();
    assert_eq!(numbers, expected);
}
