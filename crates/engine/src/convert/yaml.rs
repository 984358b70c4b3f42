//! Nodes as YAML that YAML 1.1 and 1.2 read alike.

use std::fmt::Write as _;

use seaworthy_syntax::yaml::edit;

use super::node::{Field, Node};

/// How far a comment goes, in columns.
const WIDTH: usize = 100;

/// How nodes are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// Reasons become comments.
    pub(super) explain: bool,
    /// What is written is a Go template, so that `{{` in a value has to be escaped.
    pub(super) template: bool,
}

impl Style {
    /// A document of its own, with a line end at the end.
    pub(super) fn document(self, node: &Node) -> String {
        let mut out = String::new();
        match node {
            Node::Map(fields) if !fields.is_empty() => self.fields(fields, 0, &mut out),
            Node::List(items) if !items.is_empty() => self.items(items, 0, &mut out),
            _ => {
                self.value(node, 0, &mut out);
                out.remove(0);
            }
        }
        out
    }

    /// The entries of a mapping, each on lines of its own from a column on.
    pub(super) fn fields(self, fields: &[Field], indent: usize, out: &mut String) {
        for field in fields {
            if let Some(why) = &field.why {
                self.comment(why, indent, out);
            }
            spaces(indent, out);
            self.field(field, indent, out);
        }
    }

    /// An entry from where `out` ends, whose key stands in this column.
    fn field(self, field: &Field, indent: usize, out: &mut String) {
        out.push_str(&self.escaped(&scalar(&field.key)));
        out.push(':');
        self.value(&field.value, indent, out);
    }

    /// A value behind the `:` or `-` in a column, with the line's end.
    fn value(self, node: &Node, indent: usize, out: &mut String) {
        match node {
            Node::Null => out.push_str(" null\n"),
            Node::Bool(value) => _ = writeln!(out, " {value}"),
            Node::Int(value) => _ = writeln!(out, " {value}"),
            Node::Text(text) if is_literal(text) => self.literal(text, indent + 2, out),
            Node::Text(text) => _ = writeln!(out, " {}", self.escaped(&scalar(text))),
            Node::Scalar(expression) => _ = writeln!(out, " {{{{ {expression} }}}}"),
            Node::Collection(expression) => {
                let indent = indent + 2;
                out.push('\n');
                spaces(indent, out);
                _ = writeln!(out, "{{{{- toYaml {expression} | nindent {indent} }}}}");
            }
            Node::List(items) if items.is_empty() => out.push_str(" []\n"),
            Node::Map(fields) if fields.is_empty() => out.push_str(" {}\n"),
            Node::List(items) => {
                out.push('\n');
                self.items(items, indent + 2, out);
            }
            Node::Map(fields) => {
                out.push('\n');
                self.fields(fields, indent + 2, out);
            }
        }
    }

    fn items(self, items: &[Node], indent: usize, out: &mut String) {
        for item in items {
            let Node::Map(fields) = item else {
                spaces(indent, out);
                out.push('-');
                self.value(item, indent, out);
                continue;
            };
            let Some((first, rest)) = fields.split_first() else {
                spaces(indent, out);
                out.push_str("- {}\n");
                continue;
            };
            if let Some(why) = &first.why {
                self.comment(why, indent, out);
            }
            spaces(indent, out);
            out.push_str("- ");
            self.field(first, indent + 2, out);
            self.fields(rest, indent + 2, out);
        }
    }

    /// A comment on lines of its own.
    pub(super) fn comment(self, text: &str, indent: usize, out: &mut String) {
        if self.explain {
            comment(&self.escaped(text), indent, out);
        }
    }

    fn literal(self, text: &str, indent: usize, out: &mut String) {
        out.push_str(" |");
        // Without it a reader takes the first line's own spaces for indentation.
        if text.starts_with([' ', '\n', '\t']) {
            out.push('2');
        }
        out.push_str(if text.ends_with('\n') { "\n" } else { "-\n" });
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                spaces(indent, out);
                out.push_str(&self.escaped(line));
            }
            out.push('\n');
        }
    }

    fn escaped(self, text: &str) -> String {
        if self.template { text.replace("{{", "{{ \"{{\" }}") } else { text.to_owned() }
    }
}

/// A text as a comment on lines of its own.
pub(super) fn comment(text: &str, indent: usize, out: &mut String) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + 1 + word.chars().count() > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            spaces(indent, out);
            out.push('#');
            column = indent + 1;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.chars().count();
    }
    if column > 0 {
        out.push('\n');
    }
}

pub(super) fn spaces(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// A text on one line, in quotes where a reader would take it for something else.
pub(super) fn scalar(text: &str) -> String {
    let odd = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || c.is_control() && u32::from(c) > 0x7e;
    if !text.contains(odd) {
        return edit::scalar(text);
    }
    // JSON is YAML, but for characters that YAML wants escaped.
    let json = serde_json::Value::from(text).to_string();
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        if odd(c) || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') {
            _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    })
}

/// Whether a text is written as a block of its lines.
fn is_literal(text: &str) -> bool {
    let odd = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
    };
    // Empty lines at the end are lost where somebody trims the end of a document, as Helm does.
    text.trim_end_matches('\n').contains('\n')
        && !text.trim().is_empty()
        && !text.ends_with("\n\n")
        && !text.contains(odd)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::node::field;
    use super::*;
    use seaworthy_syntax::SourceId;
    use seaworthy_syntax::yaml::{Dialect, Value, Yaml};

    /// Texts that a careless writer loses.
    pub(in super::super) const ODD: [&str; 60] = [
        "",
        " ",
        "a ",
        " a",
        "on",
        "off",
        "yes",
        "no",
        "y",
        "n",
        "Y",
        "true",
        "null",
        "~",
        "0",
        "010",
        "0o10",
        "0x1f",
        "1e3",
        ".5",
        "+1",
        "-",
        "1_000",
        "12:30:45",
        "190:20:30",
        "2001-01-01",
        ".inf",
        ".nan",
        "=",
        "<<",
        "#",
        "a #b",
        "a: b",
        "a:",
        ":a",
        "- a",
        "-a",
        "? a",
        "[a]",
        "{a}",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "'a'",
        "\"a\"",
        "%a",
        "@a",
        "`a`",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        " a\nb",
        "\na\n",
        "a\n \nb",
        "\ta\n\tb\n",
        "a\r\nb",
        "{{ .Values }}\n{{",
        "\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}ä",
    ];

    #[test]
    fn every_text_is_read_as_it_was_written() {
        for text in ODD {
            let node = Node::Map(vec![
                field(text, text),
                field("list", vec![Node::from(text), Node::Map(vec![field("a", text), field("b", text)])]),
            ]);
            let written = Style::default().document(&node);
            let yaml = Yaml::parse(SourceId(0), &written.as_str().into());
            assert!(yaml.errors().is_empty(), "{written}{:?}", yaml.errors());
            let root = yaml.documents().flatten().next().unwrap();
            for dialect in [Dialect::Core, Dialect::Kubernetes, Dialect::Compose] {
                let is = |node: seaworthy_syntax::yaml::Node<'_>| match node.value(dialect) {
                    Some(Value::Str(read)) => assert_eq!(read, text, "{written}"),
                    other => panic!("{text:?} became {other:?} in {written}"),
                };
                let entry = root.merged().into_iter().next().unwrap();
                is(entry.key);
                is(entry.value);
                let items: Vec<_> = root.get("list").unwrap().items().collect();
                is(items[0]);
                is(items[1].get("a").unwrap());
                is(items[1].get("b").unwrap());
            }
        }
    }

    #[test]
    fn comments_and_templates() {
        let style = Style { explain: true, template: true };
        let node = Node::Map(vec![
            Field { key: "a".into(), value: Node::Bool(true), why: Some("since {{ it is so".into()) },
            field(
                "list",
                vec![Node::Map(vec![Field {
                    key: "b".into(),
                    value: Node::Collection("$service.resources".into()),
                    why: Some("why".into()),
                }])],
            ),
            field("c", Node::Scalar(".Values.c | quote".into())),
        ]);
        let expected = "# since {{ \"{{\" }} it is so\na: true\nlist:\n  # why\n  - b:\n      \
                        {{- toYaml $service.resources | nindent 6 }}\nc: {{ .Values.c | quote }}\n";
        assert_eq!(style.document(&node), expected);
    }
}
