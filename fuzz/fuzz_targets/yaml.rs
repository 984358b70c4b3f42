//! Any text parses to a tree that keeps its promises.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Yaml};

fuzz_target!(|text: &str| {
    let text: Arc<str> = text.into();
    let tree = Yaml::parse(SourceId(0), &text);
    if Yaml::parse_by(SourceId(0), &text, true).is_some() {
        let reference = Yaml::parse_by(SourceId(0), &text, false);
        assert!(reference.is_some_and(|reference| reference.is_same(&tree)), "both readers agree");
    }
    for error in tree.errors() {
        let _ = error.span.of(&text);
    }
    for comment in tree.comments() {
        assert!(comment.of(&text).starts_with('#'));
    }
    assert!(tree.comments().windows(2).all(|pair| pair[0].end <= pair[1].start));
    for (document, span) in tree.documents().zip(tree.document_spans()) {
        if let Some(root) = document {
            assert!(span.contains(root.full_span()));
            visit(root);
        }
    }
    let _ = seaworthy_syntax::yaml::is_template(&text);
});

fn visit(node: Node<'_>) {
    let text = node.tree().text();
    let _ = node.full_span().of(text);
    for dialect in [Dialect::Kubernetes, Dialect::Compose, Dialect::Core] {
        assert_eq!(node.value(dialect).is_some(), node.scalar().is_some());
    }
    let mut end = node.span().start;
    let mut child = |inner: Node<'_>| {
        assert_eq!(inner.parent().map(Node::id), Some(node.id()));
        assert!(inner.span().start >= end, "children are in order");
        assert!(node.span().contains(inner.span()), "{node:?} holds {inner:?}");
        end = inner.span().end;
        visit(inner);
    };
    match node.kind() {
        NodeKind::Mapping => {
            for entry in node.entries() {
                child(entry.key);
                child(entry.value);
                assert_eq!(entry.value.key().map(Node::id), Some(entry.key.id()));
            }
            let _ = node.merged();
            let _ = node.at(&["a", "b"]);
        }
        NodeKind::Sequence => node.items().for_each(child),
        NodeKind::Scalar => {}
        NodeKind::Alias => assert!(node.resolve().id() < node.id() || node.resolve().id() == node.id()),
    }
}
