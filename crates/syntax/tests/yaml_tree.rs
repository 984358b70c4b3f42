//! Trees: spans, recovery, limits.

use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Style, Value, Yaml};

fn parse(text: &str) -> Yaml {
    Yaml::parse(SourceId(0), &text.into())
}

fn root(tree: &Yaml) -> Node<'_> {
    tree.documents().next().flatten().expect("there is a document")
}

/// The texts of all nodes in order.
fn spans(tree: &Yaml) -> Vec<&str> {
    fn visit<'t>(node: Node<'t>, out: &mut Vec<&'t str>) {
        out.push(node.span().of(node.tree().text()));
        if node.kind() != NodeKind::Alias {
            node.entries().for_each(|e| {
                visit(e.key, out);
                visit(e.value, out);
            });
            node.items().for_each(|item| visit(item, out));
        }
    }
    let mut out = Vec::new();
    tree.documents().flatten().for_each(|root| visit(root, &mut out));
    out
}

#[test]
fn spans_are_the_nodes_themselves() {
    let text = "a: |+ # c\n  x\n\nb: &n !t 'y' # d\nc:\n- 1\n-\nd: {e: , \"f\":2}\n";
    let tree = parse(text);
    assert_eq!(
        spans(&tree),
        [
            text.trim_end(),
            "a",
            "|+ # c\n  x\n",
            "b",
            "'y'",
            "c",
            "- 1\n-",
            "1",
            "",
            "d",
            "{e: , \"f\":2}",
            "e",
            "",
            "\"f\"",
            "2"
        ]
    );
    let comments: Vec<_> = tree.comments().iter().map(|c| c.of(text)).collect();
    assert_eq!(comments, ["# c", "# d"]);
    let b = root(&tree).get("b").unwrap();
    assert_eq!((b.anchor(), b.tag(), b.full_span().of(text)), (Some("n"), Some("!t"), "&n !t 'y'"));
    let empty = root(&tree).get("c").unwrap().items().nth(1).unwrap();
    assert_eq!(&text[..empty.span().start as usize], "a: |+ # c\n  x\n\nb: &n !t 'y' # d\nc:\n- 1\n-");
}

#[test]
fn block_scalars() {
    // Text, value, style.
    let cases = [
        ("k: |\n  a\n", "a\n", Style::Literal),
        ("k: |\n  a", "a", Style::Literal),
        ("k: |-\n  a\n\n", "a", Style::Literal),
        ("k: |+\n  a\n\n", "a\n\n", Style::Literal),
        ("k: |+\n  a", "a", Style::Literal),
        ("k: |2\n   a\n", " a\n", Style::Literal),
        ("k: |\n\n  a\n   b\n  \n", "\na\n b\n", Style::Literal),
        ("k: |\r\n  a\r\n  b\r\n", "a\nb\n", Style::Literal),
        ("k: >\n  a\n  b\n\n  c\n", "a b\nc\n", Style::Folded),
        ("k: >-\n  a", "a", Style::Folded),
        ("k: |\n", "", Style::Literal),
        ("k: |", "", Style::Literal),
        ("k: !t |\n  a\n", "a\n", Style::Literal),
    ];
    for (text, value, style) in cases {
        let tree = parse(text);
        assert_eq!(tree.errors(), [], "{text:?}");
        let node = root(&tree).get("k").unwrap();
        assert_eq!((node.scalar().as_deref(), node.style()), (Some(value), style), "{text:?}");
        assert!(node.span().of(text).starts_with(['|', '>']), "{text:?}");
    }
}

#[test]
fn quoted_scalars_need_no_indentation() {
    let text = "a:\n  b: \"one\ntwo \\\n  three\n\n  \\u00e9\"\n  c: 'it''s\n  x'\n";
    let tree = parse(text);
    assert_eq!(tree.errors(), []);
    assert_eq!(root(&tree).at(&["a", "b"]).unwrap().scalar().as_deref(), Some("one two three\né"));
    assert_eq!(root(&tree).at(&["a", "c"]).unwrap().scalar().as_deref(), Some("it's x"));
}

#[test]
fn documents_around_a_broken_one_stay() {
    let tree = parse("a: 1\n---\nb: [\n---\n# nothing\n---\nc: 3\n...\n---\nd:\n\tx: 4\n---\ne: 5\n");
    let keys: Vec<_> = tree
        .documents()
        .map(|d| d.and_then(|root| root.entries().next()).and_then(|e| e.key.scalar().map(String::from)))
        .collect();
    assert_eq!(keys, [Some("a".into()), None, None, Some("c".into()), None, Some("e".into())]);
    let errors: Vec<_> = tree.errors().iter().map(|e| (e.value.as_str(), e.span.of(tree.text()))).collect();
    assert_eq!(
        errors,
        [
            ("the bracket `[` is never closed", "["),
            ("a tab in the indentation; YAML is indented with spaces", "\t")
        ]
    );
}

#[test]
fn a_document_holds_its_root() {
    for text in ["# a\n >-\n  b\n# c\n", "--- |\n b\n", "&a !t |\n b\n---\nc: d\n", "\n- a\n"] {
        let tree = parse(text);
        assert_eq!(tree.errors(), [], "{text:?}");
        for (root, span) in tree.documents().zip(tree.document_spans()) {
            assert!(span.contains(root.unwrap().full_span()), "{text:?}");
        }
    }
}

#[test]
fn joined_files_with_byte_order_marks() {
    let tree = parse("\u{feff}a: 1\n---\n\u{feff}b: 2\nc: 3\n---\nd: 4\n");
    assert_eq!(tree.errors(), []);
    assert_eq!(tree.documents().count(), 3);
    assert!(tree.documents().nth(1).flatten().unwrap().get("c").is_some());
}

#[test]
fn errors_say_what_and_where() {
    // Text, a part of the message, the bytes it points at.
    let cases = [
        ("a: 1\n\tb: 2\n", "tab", "\t"),
        ("a: \"x\nb: 1\n", "never closed", "\""),
        ("a: 'x\nb: 1\n", "never closed", "'"),
        ("a: [1, 2\nb: 1\n", "", ""),
        ("a: {b: 1\n", "never closed", "{"),
        ("a: [1}\n", "closed with", "["),
        ("a: b: c\n", "mapping cannot begin here", ""),
        ("a:\n  b: 1\n c: 2\n", "indentation", ""),
        ("a: @x\n", "must be quoted", "@"),
        ("a: `x`\n", "backtick", "`"),
        ("a: *x\n", "unknown anchor `x`", "*x"),
        ("a: &x [*x]\n", "contains itself", "*x"),
        ("a: 1\nb: 2\na: 3\n", "the key `a` stands here a second time; the first is in line 1", "a"),
        ("a: \"\\q\"\n", "unknown escape", ""),
        ("a: \u{1}\n", "control character", "\u{1}"),
        ("- a\nb: 1\n", "", ""),
        ("a: %x\n", "must be quoted", "%"),
    ];
    for (text, message, at) in cases {
        let tree = parse(text);
        let error = tree.errors().first().unwrap_or_else(|| panic!("{text:?} has an error"));
        assert!(error.value.contains(message), "{text:?}: {}", error.value);
        assert!(error.value.starts_with(|c: char| c.is_lowercase() || c == '`'), "{text:?}: {}", error.value);
        if !at.is_empty() {
            assert_eq!(error.span.of(text), at, "{text:?}: {}", error.value);
        }
    }
}

#[test]
fn merge_keys() {
    let tree = parse(
        "x: &x {a: 1, b: 1, c: 1}\ny: &y {<<: *x, b: 2}\nz:\n  <<: [*y, *x]\n  c: 3\n  d: *x\nw: {'<<': *x}\n",
    );
    assert_eq!(tree.errors(), []);
    let z = root(&tree).get("z").unwrap();
    let merged: Vec<_> = z
        .merged()
        .into_iter()
        .map(|e| (e.key.scalar().unwrap().into_owned(), e.value.value(Dialect::Core)))
        .collect();
    assert_eq!(
        merged,
        [
            ("c".into(), Some(Value::Int(3))),
            ("d".into(), None),
            ("b".into(), Some(Value::Int(2))),
            ("a".into(), Some(Value::Int(1)))
        ]
    );
    assert_eq!(z.at(&["d", "b"]).unwrap().value(Dialect::Core), Some(Value::Int(1)));
    assert!(root(&tree).at(&["w", "a"]).is_none());
}

#[test]
fn aliases_cost_nothing() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..40 {
        let alias = format!("*a{}", n - 1);
        text.push_str(&format!("a{n}: &a{n} [{}]\n", [alias.as_str(); 9].join(", ")));
    }
    let tree = parse(&text);
    assert!(tree.errors().iter().any(|e| e.value.contains("come to more than")), "{:?}", tree.errors());
    // What can still be followed is bounded.
    fn size(node: Node<'_>) -> usize {
        let node = node.resolve();
        1 + node.items().map(size).sum::<usize>()
    }
    let total: usize = root(&tree).entries().map(|e| size(e.value)).sum();
    assert!(total < 2_000_000, "{total}");

    let mut text = String::from("m0: &m0 {k: 1}\n");
    for n in 1..200 {
        text.push_str(&format!("m{n}: &m{n} {{<<: [*m{0}, *m{0}]}}\n", n - 1));
    }
    let tree = parse(&text);
    let last = root(&tree).entries().last().unwrap().value;
    assert!(last.merged().len() <= 1);
    let _ = last.get("missing");
}

#[test]
fn depth_is_bounded() {
    for text in ["[".repeat(100_000), "? ".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(50_000)] {
        let tree = parse(&text);
        assert!(!tree.errors().is_empty());
    }
    let nested: String = (0..150).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_eq!(parse(&nested).errors(), []);
}

#[test]
fn many_errors_and_documents_take_no_time() {
    let tree = parse(&"---\na: [\n".repeat(20_000));
    assert!(tree.errors().len() <= 101);
    let tree = parse(&"---\na: 1\n".repeat(20_000));
    assert_eq!(tree.documents().count(), 20_000);
    let tree = parse(&"a: 1\n".repeat(20_000));
    assert_eq!(tree.duplicates().len(), 19_999);
    let text: Arc<str> = (0..50_000).map(|n| format!("k{n}: *a{n}\n")).collect::<String>().into();
    assert!(Yaml::parse(SourceId(0), &text).errors().len() <= 101);
}
