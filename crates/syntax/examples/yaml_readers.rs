//! Reads the files named on standard input with both readers and says where they differ, and on what the quick one gives up:
//! `find … | cargo run --release --example yaml_readers`, with `--all` naming each file it gives up on.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]

use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::Yaml;

fn main() {
    let all = std::env::args().any(|argument| argument == "--all");
    let (mut files, mut same, mut different, mut given_up, mut wrong) = (0, 0, 0, 0, 0);
    for path in std::io::stdin().lines().map_while(Result::ok) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let text: Arc<str> = text.into();
        files += 1;
        let reference = Yaml::parse_by(SourceId(0), &text, false).unwrap();
        match Yaml::parse_by(SourceId(0), &text, true) {
            Some(tree) if tree.is_same(&reference) => same += 1,
            Some(tree) => {
                different += 1;
                println!("different: {path}");
                if all {
                    println!("{tree:#?}\n{reference:#?}");
                }
            }
            None if !reference.errors().is_empty() => wrong += 1,
            None => {
                given_up += 1;
                if all {
                    println!("given up: {path}");
                }
            }
        }
    }
    println!(
        "{files} files: {same} the same, {different} different; given up on {given_up} and on {wrong} with errors"
    );
}
