//! Writes what is made from the rules, and measures.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bless;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask bless [--check]   write the list of rules, the report and fixed blocks of their pages, docs and README table;
                              with --check, fail where one of them is stale";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        ["bless"] => bless::write(root()),
        ["bless", "--check"] => bless::check(root()),
        [] | ["help" | "-h" | "--help"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("unknown task: {}\n{USAGE}", words.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the checkout.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
