//! Parses the files named on standard input several times and prints bytes, nodes and errors:
//! `find … | cargo run --release --example yaml_speed 10`; take the processor time of two counts to get the speed.
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
    let times: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let files = std::io::stdin().lines().map_while(Result::ok);
    let texts: Vec<Arc<str>> = files.filter_map(|f| std::fs::read_to_string(f).ok()).map(Arc::from).collect();
    let bytes: usize = texts.iter().map(|t| t.len()).sum();
    let mut errors = 0;
    let mut kept = Vec::new();
    for n in 0..times {
        for text in &texts {
            let tree = Yaml::parse(SourceId(0), text);
            errors += tree.errors().len();
            if n + 1 == times {
                kept.push(tree);
            }
        }
    }
    println!(
        "{} files, {bytes} bytes, {times} times, {errors} errors, {} trees kept",
        texts.len(),
        kept.len()
    );
}
