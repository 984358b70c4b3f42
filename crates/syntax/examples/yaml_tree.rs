//! Prints the trees of YAML files, to compare them with other parsers': `cargo run --example yaml_tree FILE…` for a person,
//! with `--json` one line a file as `tests/engines/yaml-oracle tree` prints them. `-` reads file names from standard input.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]

use std::fmt::Write as _;
use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Node, NodeKind, Style, Yaml};

fn main() {
    let mut json = false;
    let mut files: Vec<String> = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => json = true,
            "-" => files.extend(std::io::stdin().lines().map_while(Result::ok)),
            _ => files.push(argument),
        }
    }
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let text: Arc<str> = text.into();
        let tree = Yaml::parse(SourceId(0), &text);
        if json {
            print_json(&path, &tree);
        } else {
            print_tree(&tree);
        }
    }
}

fn print_json(path: &str, tree: &Yaml) {
    // A key written twice is an error of ours only.
    if let Some(error) = tree.errors().iter().find(|e| !e.value.contains("a second time")) {
        println!("{path}\terror\t{:?}", error.value);
        return;
    }
    let mut out = String::from("[");
    for (n, root) in tree.documents().enumerate() {
        out.push_str(if n > 0 { "," } else { "" });
        match root {
            Some(root) => write_json(root, &mut out),
            None => out.push_str("\"plain:\""),
        }
    }
    println!("{path}\tok\t{out}]");
}

fn write_json(node: Node<'_>, out: &mut String) {
    match node.kind() {
        NodeKind::Mapping | NodeKind::Sequence => {
            let mapping = node.kind() == NodeKind::Mapping;
            out.push_str(if mapping { "[\"map\"" } else { "[\"seq\"" });
            let entries = node.entries().flat_map(|e| [e.key, e.value]);
            for child in entries.chain(node.items()) {
                out.push(',');
                write_json(child, out);
            }
            out.push(']');
        }
        NodeKind::Alias => string(node.span().of(node.tree().text()), out),
        NodeKind::Scalar => {
            let style = match node.style() {
                Style::SingleQuoted => "single",
                Style::DoubleQuoted => "double",
                Style::Literal => "literal",
                Style::Folded => "folded",
                _ => "plain",
            };
            string(&format!("{style}:{}", node.scalar().unwrap()), out);
        }
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn print_tree(tree: &Yaml) {
    for document in tree.documents() {
        match document {
            Some(root) => print_node(root, 0),
            None => println!("(empty)"),
        }
    }
    for error in tree.errors() {
        println!("error at {:?}: {}", error.span.range(), error.value);
    }
    for comment in tree.comments() {
        println!("comment {:?}", comment.of(tree.text()));
    }
}

fn print_node(node: Node<'_>, depth: usize) {
    print!("{}{:?} {:?} {:?}", "  ".repeat(depth), node.kind(), node.style(), node.span().range());
    if let Some(anchor) = node.anchor() {
        print!(" &{anchor}");
    }
    if let Some(tag) = node.tag() {
        print!(" {tag}");
    }
    match node.kind() {
        NodeKind::Scalar => {
            println!(" {:?} {:?}", node.span().of(node.tree().text()), node.scalar().unwrap());
        }
        NodeKind::Alias => println!(" -> {:?}", node.resolve().span().range()),
        NodeKind::Sequence => {
            println!();
            node.items().for_each(|item| print_node(item, depth + 1));
        }
        NodeKind::Mapping => {
            println!();
            for entry in node.entries() {
                print_node(entry.key, depth + 1);
                print_node(entry.value, depth + 2);
            }
        }
    }
}
