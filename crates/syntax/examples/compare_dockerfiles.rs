//! Compares our reading of Dockerfiles with `BuildKit`'s, file by file and instruction by instruction.
//!
//! ```text
//! find DIR -type f | dockerfile-oracle parse [--llb] | cargo run --example compare_dockerfiles
//! dockerfile-oracle expand < words | cargo run --example compare_dockerfiles -- expand
//! ```
//!
//! The oracle is in `tests/engines/dockerfile-oracle`. It exits with 1 where something differs.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]
use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::process::ExitCode;
use std::sync::Arc;

use seaworthy_syntax::dockerfile::{
    Arguments, Command, CopySource, Dockerfile, Healthcheck, Instruction, Keyword, Word, expand,
};
use seaworthy_syntax::{Kind, LineIndex, Source, SourceId};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let expand = std::env::args().nth(1).as_deref() == Some("expand");
    let (mut same, mut different) = (0, 0);
    for line in std::io::stdin().lock().lines() {
        let Some(oracle) = line.ok().and_then(|l| serde_json::from_str::<Value>(&l).ok()) else { continue };
        let difference = if expand { compare_word(&oracle) } else { compare_file(&oracle) };
        match difference {
            None => same += 1,
            Some(difference) => {
                different += 1;
                println!("{difference}");
            }
        }
    }
    println!("{same} the same, {different} different");
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn compare_file(oracle: &Value) -> Option<String> {
    let path = oracle["path"].as_str()?;
    let level = oracle["level"].as_str()?;
    if level == "read" || level == "panic" {
        return None;
    }
    let source = Source::from_bytes(path, Kind::Dockerfile, std::fs::read(path).ok()?);
    let tree = Dockerfile::parse(SourceId(0), &source.text);
    if tree.is_foreign() {
        // BuildKit would hand the file to another program.
        return None;
    }
    let accepted = level.is_empty();
    let mut errors: Vec<_> = tree.errors.iter().collect();
    if oracle["llb"] == json!(true) {
        errors.extend(&tree.build_errors);
    }
    if accepted != errors.is_empty() {
        let index = LineIndex::new(&tree.text);
        let ours = errors.first().map_or_else(
            || "accepted".into(),
            |e| format!("line {}: {}", index.position(&tree.text, e.span.start).line, e.value),
        );
        let theirs = if accepted { "accepted".into() } else { format!("{level}: {}", oracle["error"]) };
        return Some(format!("{path}\n  ours   {ours}\n  theirs {theirs}"));
    }
    if level == "parser" {
        return None;
    }
    let empty = json!(tree.empty_continuations.len().min(1));
    let theirs_empty = json!(oracle["empty_continuations"].as_u64()?.min(1));
    if empty != theirs_empty || oracle["escape"] != json!(tree.escape) {
        return Some(format!("{path}\n  ours   {empty}\n  theirs {theirs_empty}"));
    }
    let ours = dump(&tree);
    let theirs: Vec<Value> = oracle["instructions"].as_array()?.clone();
    for at in 0..ours.len().max(theirs.len()) {
        let (a, b) = (ours.get(at).cloned().unwrap_or_default(), theirs.get(at).cloned().unwrap_or_default());
        // What we call invalid has no arguments to compare, and of a refused FROM we keep what is sound.
        let skipped = a["args"].is_null() || (!accepted && a["name"] == "FROM");
        let same =
            ["name", "onbuild", "args", "flags", "heredocs", "json", "start", "end"].iter().all(
                |k| match *k {
                    "args" | "json" if skipped => true,
                    "name" if a[k].as_str().is_some_and(|n| n.contains('\n')) => true,
                    // BuildKit takes the bytes of a flag for characters of their own.
                    "flags" => ascii(&a[k]) == ascii(&b[k]),
                    _ => a[k] == b[k],
                },
            );
        if !same {
            return Some(format!("{path}\n  ours   {a}\n  theirs {b}"));
        }
    }
    None
}

fn ascii(value: &Value) -> String {
    value.to_string().chars().filter(char::is_ascii).collect()
}

fn dump(tree: &Dockerfile) -> Vec<Value> {
    let lines: Vec<u32> =
        tree.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32).collect();
    let line = |offset: u32| lines.partition_point(|n| *n < offset) + 1;
    tree.instructions
        .iter()
        .map(|i| {
            let (args, json) = arguments(i);
            let name = match i.keyword.value {
                // A keyword broken by a continuation is compared up to there.
                Keyword::Unknown => plain(i.keyword.span.of(&tree.text)).to_uppercase(),
                known => known.as_str().to_owned(),
            };
            let flags: Vec<_> = i
                .flags
                .iter()
                .map(|f| match &f.value {
                    Some(v) => plain(&format!("--{}={}", f.name, v.text)),
                    None => plain(&format!("--{}", f.name)),
                })
                .collect();
            let heredocs: Vec<_> = i
                .heredocs
                .iter()
                .map(|h| {
                    json!({"name": plain(&h.name), "expand": h.expands, "chomp": h.strip_tabs,
                        "descriptor": h.descriptor, "content": plain(h.body_span.of(&tree.text))})
                })
                .collect();
            json!({"name": name, "onbuild": i.onbuild.is_some() && i.keyword.value != Keyword::Onbuild, "args": args, "json": json, "flags": flags,
                "heredocs": heredocs, "start": line(i.lines.start), "end": line(i.lines.end.max(1) - 1)})
        })
        .collect()
}

/// Text as Go prints it: bytes that are not UTF-8 become replacement characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if ('\u{f7880}'..='\u{f78ff}').contains(&c) { '\u{fffd}' } else { c }).collect()
}

fn arguments(instruction: &Instruction) -> (Option<Vec<String>>, bool) {
    let words = |words: &[Word]| words.iter().map(|w| plain(&w.text)).collect::<Vec<_>>();
    let command = |c: &Command| match c {
        Command::Exec { words: w, .. } => (words(w), true),
        Command::Shell(script) => {
            // The script of a heredoc stands behind the line; the line is what the oracle gives.
            let line = match instruction.heredocs.first() {
                Some(_) if script.heredoc => None,
                Some(h) => Some(
                    script.text[..script.text.len().min(end_of_line(script, h.body_span.start))].to_owned(),
                ),
                None => Some(script.text.to_string()),
            };
            (line.filter(|l| !l.is_empty()).into_iter().map(|l| plain(&l)).collect(), false)
        }
    };
    let (args, json) = match &instruction.arguments {
        Arguments::From { image, name } => {
            let mut args = vec![plain(&image.text)];
            if let Some(name) = name {
                args.extend(["AS".into(), plain(&name.text)]);
            }
            (args, false)
        }
        Arguments::Run(c) | Arguments::Cmd(c) | Arguments::Entrypoint(c) | Arguments::Shell(c) => {
            if let Command::Shell(script) = c
                && script.heredoc
            {
                return (None, false);
            }
            command(c)
        }
        Arguments::Copy(t) | Arguments::Add(t) => {
            let mut args: Vec<_> = t
                .sources
                .iter()
                .map(|s| match s {
                    CopySource::Path(word) | CopySource::Heredoc { word, .. } => plain(&word.text),
                })
                .collect();
            args.push(plain(&t.destination.text));
            (args, t.json)
        }
        Arguments::Env(pairs) | Arguments::Label(pairs) => {
            let triple = |p: &seaworthy_syntax::dockerfile::Pair| {
                [plain(&p.name.text), plain(&p.value.text), if p.legacy { "" } else { "=" }.to_owned()]
            };
            (pairs.iter().flat_map(triple).collect(), false)
        }
        Arguments::Arg(definitions) => {
            let one = |d: &seaworthy_syntax::dockerfile::ArgDefinition| match &d.default {
                Some(v) => plain(&format!("{}={}", d.name.text, v.text)),
                None => plain(&d.name.text),
            };
            (definitions.iter().map(one).collect(), false)
        }
        Arguments::Expose(w) => {
            // `instructions.Parse` sorts the ports where it gets to them.
            (words(w), false)
        }
        Arguments::Volume { paths, json } => (words(paths), *json),
        Arguments::User(w) | Arguments::Workdir(w) | Arguments::Stopsignal(w) | Arguments::Maintainer(w) => {
            (vec![plain(&w.text)], false)
        }
        Arguments::Healthcheck(Healthcheck::None(_)) => (vec!["NONE".into()], false),
        Arguments::Healthcheck(Healthcheck::Cmd(c)) => {
            let (mut args, json) = command(c);
            args.insert(0, "CMD".into());
            (args, json)
        }
        Arguments::Invalid(_) => return (None, false),
    };
    (Some(args), json)
}

fn end_of_line(script: &seaworthy_syntax::dockerfile::Script, body: u32) -> usize {
    (0..script.text.len())
        .find(|at| script.text.offset(*at) + 1 >= body as usize)
        .unwrap_or(script.text.len())
}

fn compare_word(oracle: &Value) -> Option<String> {
    let word: Arc<str> = oracle["word"].as_str()?.into();
    let escape = oracle["escape"].as_str()?.chars().next()?;
    let env: BTreeMap<String, String> = serde_json::from_value(oracle["env"].clone()).ok()?;
    let error = oracle["error"].as_str()?;
    let ours = match expand(&word, escape, &env) {
        Ok(mut expansion) => {
            expansion.unset.sort();
            json!({"result": expansion.value, "words": expansion.words, "unset": expansion.unset})
        }
        Err(message) if error.is_empty() => json!(message),
        Err(_) => return None,
    };
    let theirs = json!({"result": oracle["result"], "words": oracle["words"], "unset": oracle["unset"]});
    (ours != theirs || !error.is_empty())
        .then(|| format!("{word} {env:?}\n  ours   {ours}\n  theirs {theirs} {error}"))
}
