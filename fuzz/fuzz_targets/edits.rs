//! Every edit of a YAML text is refused or right.

#![no_main]

#[path = "../../crates/syntax/tests/support/fidelity.rs"]
mod fidelity;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // How many bytes there are decides which values are tried first.
    let mut outcome = fidelity::Outcome::default();
    let turn = "+".repeat(text.len() % 15);
    fidelity::check(&turn, text, 12, &mut outcome);
    assert!(outcome.wrong.is_empty(), "{}", outcome.wrong[0]);
});
