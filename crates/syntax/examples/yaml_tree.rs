//! Prints the tree of a YAML file, one node a line, for comparison with other parsers:
//! `cargo run --example yaml_tree FILE`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for the developer")]

use std::sync::Arc;

use seaworthy_syntax::{
    SourceId,
    yaml::{Node, NodeKind, Yaml},
};

fn main() {
    for path in std::env::args().skip(1) {
        let text: Arc<str> = std::fs::read_to_string(path).unwrap().into();
        let tree = Yaml::parse(SourceId(0), &text);
        for document in tree.documents() {
            match document {
                Some(root) => print(root, 0),
                None => println!("(empty)"),
            }
        }
        for error in tree.errors() {
            println!("error at {:?}: {}", error.span.range(), error.value);
        }
        for comment in tree.comments() {
            println!("comment {:?}", comment.of(&text));
        }
    }
}

fn print(node: Node<'_>, depth: usize) {
    let pad = "  ".repeat(depth);
    print!("{pad}{:?} {:?} {:?}", node.kind(), node.style(), node.span().range());
    if let Some(anchor) = node.anchor() {
        print!(" &{anchor}");
    }
    if let Some(tag) = node.tag() {
        print!(" {tag}");
    }
    match node.kind() {
        NodeKind::Scalar => {
            println!(" {:?} {:?}", node.span().of(node.tree().text()), node.scalar().unwrap())
        }
        NodeKind::Alias => println!(" -> {:?}", node.resolve().span().range()),
        NodeKind::Sequence => {
            println!();
            node.items().for_each(|item| print(item, depth + 1));
        }
        NodeKind::Mapping => {
            println!();
            for entry in node.entries() {
                print(entry.key, depth + 1);
                print(entry.value, depth + 2);
            }
        }
    }
}
