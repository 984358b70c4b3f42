//! How fast Dockerfiles and their scripts parse, and what does not.
//!
//! ```text
//! find DIR -type f | cargo run --release --example measure_dockerfiles [-- --errors]
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]
use std::io::BufRead as _;
use std::time::Instant;

use seaworthy_syntax::dockerfile::{Command, Dockerfile};
use seaworthy_syntax::shell::{self, Interpreter};
use seaworthy_syntax::{Kind, LineIndex, Source, SourceId};

fn main() {
    let print = std::env::args().nth(1).as_deref() == Some("--errors");
    let sources: Vec<Source> = std::io::stdin()
        .lock()
        .lines()
        .map_while(Result::ok)
        .filter_map(|path| Some(Source::from_bytes(&*path, Kind::Dockerfile, std::fs::read(&path).ok()?)))
        .collect();
    let bytes: usize = sources.iter().map(|s| s.text.len()).sum();
    let start = Instant::now();
    let trees: Vec<Dockerfile> = sources.iter().map(|s| Dockerfile::parse(SourceId(0), &s.text)).collect();
    let parsed = start.elapsed();
    let start = Instant::now();
    let (mut scripts, mut commands, mut broken) = (0, 0, 0);
    for (tree, source) in trees.iter().zip(&sources) {
        let windows =
            tree.stages().any(|s| s.image.text.contains("windows") || s.image.text.contains("nanoserver"));
        let mut interpreter = if windows { Interpreter::Cmd } else { Interpreter::Posix };
        for instruction in &tree.instructions {
            match instruction.command() {
                Some(Command::Exec { words, .. }) if instruction.keyword.span.of(&tree.text).len() == 5 => {
                    interpreter = words.first().map_or(interpreter, |w| Interpreter::of(&w.text));
                }
                Some(Command::Shell(script))
                    if Interpreter::of_script(script, interpreter) == Interpreter::Posix =>
                {
                    let shell = shell::parse(script);
                    scripts += 1;
                    commands += shell.commands.len();
                    broken += usize::from(!shell.errors.is_empty());
                    if print && let Some(error) = shell.errors.first() {
                        let at = LineIndex::new(&tree.text).position(&tree.text, error.span.start);
                        println!("{}:{}:{} {}", source.path, at.line, at.column, error.value);
                    }
                }
                _ => {}
            }
        }
    }
    let walked = start.elapsed();
    println!("{} files, {} KB: {parsed:.1?}", sources.len(), bytes / 1000);
    println!("{scripts} scripts, {commands} commands, {broken} with errors: {walked:.1?}");
}
