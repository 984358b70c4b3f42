//! Applies every kind of edit at every place of a YAML text and says which results mean something else than was asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use seaworthy_syntax::yaml::edit::{self, New, Refusal};
use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Yaml};
use seaworthy_syntax::{Edit, SourceId, apply};

/// What became of the edits of one or more texts.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Right ones, by kind of edit.
    pub right: BTreeMap<&'static str, usize>,
    /// Refused ones, by kind of edit and reason.
    pub refused: BTreeMap<(&'static str, String), usize>,
    /// What is wrong with the others.
    pub wrong: Vec<String>,
}

/// A tree as values, to compare.
#[derive(Clone, Debug, PartialEq)]
enum Model {
    Scalar { text: String, values: [String; 3], properties: Properties },
    Alias(String),
    Seq(Vec<Model>, Properties),
    Map(Vec<(Model, Model)>, Properties),
}

type Properties = (Option<String>, Option<String>);

fn properties(node: Node<'_>) -> Properties {
    (node.anchor().map(str::to_owned), node.tag().map(str::to_owned))
}

fn model(node: Node<'_>) -> Model {
    match node.kind() {
        NodeKind::Alias => Model::Alias(node.span().of(node.tree().text()).to_owned()),
        NodeKind::Scalar => Model::Scalar {
            text: node.scalar().unwrap_or_default().into_owned(),
            values: [Dialect::Kubernetes, Dialect::Compose, Dialect::Core]
                .map(|dialect| format!("{:?}", node.value(dialect))),
            properties: properties(node),
        },
        NodeKind::Sequence => Model::Seq(node.items().map(model).collect(), properties(node)),
        NodeKind::Mapping => {
            Model::Map(node.entries().map(|e| (model(e.key), model(e.value))).collect(), properties(node))
        }
    }
}

fn text_model(text: &str) -> Model {
    let value = format!("Some(Str({text:?}))");
    Model::Scalar {
        text: text.to_owned(),
        values: [value.clone(), value.clone(), value],
        properties: Properties::default(),
    }
}

fn new_model(value: &New) -> Model {
    let typed = |text: String, value: String| Model::Scalar {
        text,
        values: [value.clone(), value.clone(), value],
        properties: Properties::default(),
    };
    match value {
        New::Null => typed("null".into(), "Some(Null)".into()),
        New::Bool(b) => typed(b.to_string(), format!("Some(Bool({b}))")),
        New::Int(n) => typed(n.to_string(), format!("Some(Int({n}))")),
        New::Str(text) => text_model(text),
        New::Seq(items) => Model::Seq(items.iter().map(new_model).collect(), Properties::default()),
        New::Map(entries) => Model::Map(
            entries.iter().map(|(k, v)| (text_model(k), new_model(v))).collect(),
            Properties::default(),
        ),
    }
}

/// The value with what stays of the old one.
fn keeping(value: &New, old: Node<'_>) -> Model {
    let anchor = old.anchor().map(str::to_owned);
    let tag = old
        .tag()
        .filter(|t| *t != "!" && !t.starts_with("!!") && !t.starts_with("!<tag:yaml.org"))
        .map(str::to_owned);
    let mut model = new_model(value);
    match &mut model {
        Model::Scalar { properties, values, text } => {
            if tag.is_some() {
                // A tag of the user's own makes the value a text to us.
                *values = [0; 3].map(|_| format!("Some(Str({text:?}))"));
            }
            *properties = (anchor, tag);
        }
        Model::Seq(_, properties) | Model::Map(_, properties) => *properties = (anchor, tag),
        Model::Alias(_) => {}
    }
    model
}

fn documents(tree: &Yaml) -> Vec<Option<Model>> {
    tree.documents().map(|d| d.map(model)).collect()
}

/// The way from a document to a node: the numbers of the children; a value follows its key.
fn path(node: Node<'_>) -> (usize, Vec<usize>) {
    let mut way = Vec::new();
    let mut at = node;
    while let Some(parent) = at.parent() {
        let n = match parent.kind() {
            NodeKind::Mapping => parent
                .entries()
                .flat_map(|e| [e.key.id(), e.value.id()])
                .position(|id| id == at.id())
                .unwrap_or_default(),
            _ => parent.items().position(|item| item.id() == at.id()).unwrap_or_default(),
        };
        way.push(n);
        at = parent;
    }
    way.reverse();
    let document = node.tree().documents().position(|d| d.is_some_and(|d| d.id() == at.id()));
    (document.unwrap_or_default(), way)
}

fn find<'m>(documents: &'m mut [Option<Model>], node: Node<'_>) -> &'m mut Model {
    let (document, way) = path(node);
    let mut at = documents[document].as_mut().expect("a node has a document");
    for n in way {
        at = match at {
            Model::Map(entries, _) => {
                let (key, value) = &mut entries[n / 2];
                if n % 2 == 0 { key } else { value }
            }
            Model::Seq(items, _) => &mut items[n],
            _ => unreachable!("a way leads through collections"),
        };
    }
    at
}

fn values() -> Vec<New> {
    let s = |text: &str| New::Str(text.into());
    vec![
        New::Bool(true),
        s("plain"),
        New::Map(vec![
            ("one".into(), New::Map(vec![("two".into(), New::Int(2)), ("yes".into(), s("0644"))])),
            (
                "list".into(),
                New::Seq(vec![New::Map(vec![("x".into(), s("y")), ("z".into(), New::Null)]), s("NO")]),
            ),
        ]),
        s("yes"),
        New::Seq(vec![s("ALL"), s("22:22")]),
        s("a: b # c"),
        New::Int(-1),
        s("one\n  two\n\nthree\n"),
        New::Map(vec![]),
        New::Null,
        s(""),
        New::Map(vec![("k".into(), s("first\nlast"))]),
        s("it's \"é\" \\ \u{7}"),
        New::Seq(vec![]),
        New::Seq(vec![
            New::Seq(vec![New::Int(1), s("- x")]),
            New::Map(vec![("a b".into(), New::Seq(vec![New::Bool(false)]))]),
        ]),
    ]
}

/// Tries edits everywhere in a text, at most `limit` places; the file's name stands in the reports.
pub(crate) fn check(name: &str, text: &str, limit: usize, outcome: &mut Outcome) {
    let text: Arc<str> = text.into();
    let tree = Yaml::parse(SourceId(0), &text);
    if !tree.errors().is_empty() {
        return;
    }
    let before = documents(&tree);
    let mut places = Vec::new();
    let mut open: Vec<Node<'_>> = tree.documents().flatten().collect();
    while let Some(node) = open.pop() {
        places.push(node);
        match node.kind() {
            NodeKind::Mapping => open.extend(node.entries().flat_map(|e| [e.key, e.value])),
            NodeKind::Sequence => open.extend(node.items()),
            _ => {}
        }
    }
    let step = places.len().div_ceil(limit).max(1);
    let values = values();
    let mut turn = name.len();
    let mut trial = Trial { name, tree: &tree, text: &text, before: &before, outcome };
    for node in places.into_iter().step_by(step) {
        turn += 1;
        let value = &values[turn % values.len()];
        trial.node(node, value);
    }
}

struct Trial<'t> {
    name: &'t str,
    tree: &'t Yaml,
    text: &'t Arc<str>,
    before: &'t [Option<Model>],
    outcome: &'t mut Outcome,
}

impl Trial<'_> {
    fn node(&mut self, node: Node<'_>, value: &New) {
        let new_key = "newKey";
        let is_value = node.parent().is_none()
            || node.key().is_some()
            || node.parent().is_some_and(|p| p.kind() == NodeKind::Sequence);
        if is_value {
            let mut expected = self.before.to_vec();
            *find(&mut expected, node) = keeping(value, node);
            self.judge("replace", edit::replace(node, value), &[expected], Some(node.span().range()));
        }
        let is_null = node.kind() == NodeKind::Scalar && node.is_null() && is_value && node.tag().is_none();
        if node.kind() == NodeKind::Mapping || is_null {
            let mut expected = self.before.to_vec();
            let mut other = expected.clone();
            let entry = (text_model(new_key), new_model(value));
            for (expected, early) in [(&mut expected, false), (&mut other, true)] {
                match find(expected, node) {
                    Model::Map(entries, _) => {
                        let at = entries.len() - usize::from(early && !entries.is_empty());
                        entries.insert(at, entry.clone());
                    }
                    place => *place = keeping(&New::Map(vec![(new_key.into(), value.clone())]), node),
                }
            }
            self.judge("set", edit::set(node, new_key, value), &[expected.clone(), other.clone()], None);
            for expected in [&mut expected, &mut other] {
                let nested = New::Map(vec![("in".into(), New::Map(vec![("most".into(), value.clone())]))]);
                match find(expected, node) {
                    Model::Map(entries, _) => {
                        for (key, old) in entries.iter_mut() {
                            if *key == text_model(new_key) {
                                *old = new_model(&nested);
                            }
                        }
                    }
                    place => *place = keeping(&New::Map(vec![(new_key.into(), nested)]), node),
                }
            }
            self.judge(
                "set_path",
                edit::set_path(node, &[new_key, "in", "most"], value),
                &[expected, other],
                None,
            );
        }
        if node.kind() == NodeKind::Sequence || is_null {
            let mut expected = self.before.to_vec();
            match find(&mut expected, node) {
                Model::Seq(items, _) => items.push(new_model(value)),
                place => *place = keeping(&New::Seq(vec![value.clone()]), node),
            }
            self.judge("push", edit::push(node, value), &[expected], None);
        }
        if let Some(entry) = node.as_entry().filter(|e| e.key.id() == node.id()) {
            let map = node.parent().expect("a key is in a mapping");
            let n = path(node).1.last().copied().unwrap_or_default() / 2;
            let mut expected = self.before.to_vec();
            if let Model::Map(entries, _) = find(&mut expected, map) {
                entries.remove(n);
            }
            let gone =
                entry.key.full_span().start as usize..self.line_end(entry.value.full_span().end as usize);
            self.judge("remove", edit::remove(entry), &[expected], Some(gone));
            let mut expected = self.before.to_vec();
            if let Model::Map(entries, _) = find(&mut expected, map) {
                let mut key = text_model("a new: key");
                if let Model::Scalar { properties: p, .. } = &mut key {
                    *p = properties(entry.key);
                }
                entries[n].0 = key;
            }
            if entry.key.tag().is_none() {
                self.judge("rename", edit::rename(entry, "a new: key"), &[expected], None);
            }
        }
        if let Some(sequence) = node.parent().filter(|p| p.kind() == NodeKind::Sequence) {
            let n = path(node).1.last().copied().unwrap_or_default();
            let mut expected = self.before.to_vec();
            if let Model::Seq(items, _) = find(&mut expected, sequence) {
                items.remove(n);
            }
            // Comments between the `-` and the item go with it.
            let mut start = node.full_span().start as usize;
            loop {
                let above = self.text[..start].trim_end_matches(' ').trim_end_matches(['\n', '\r']);
                let line = above.rfind(['\n', '\r']).map_or(0, |n| n + 1);
                let content = above[line..].trim_start();
                if line >= start || !(content.starts_with('#') || content.starts_with("- #")) {
                    break;
                }
                start = line;
                if content.starts_with('-') {
                    break;
                }
            }
            let gone = start..self.line_end(node.full_span().end as usize);
            self.judge("remove_item", edit::remove_item(node), &[expected], Some(gone));
        }
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |n| at + n)
    }

    /// `gone` is what the edit may take comments from.
    fn judge(
        &mut self,
        kind: &'static str,
        edited: Result<Edit, Refusal>,
        expected: &[Vec<Option<Model>>],
        gone: Option<std::ops::Range<usize>>,
    ) {
        let edit = match edited {
            Ok(edit) => edit,
            Err(refusal) => {
                *self.outcome.refused.entry((kind, format!("{refusal:?}"))).or_default() += 1;
                return;
            }
        };
        let problem = self.problem(&edit, expected, gone);
        match problem {
            None => *self.outcome.right.entry(kind).or_default() += 1,
            Some(problem) => {
                let range = edit.span.range();
                let mut from = range.start.saturating_sub(120);
                while !self.text.is_char_boundary(from) {
                    from -= 1;
                }
                let mut to = (range.end + 80).min(self.text.len());
                while !self.text.is_char_boundary(to) {
                    to += 1;
                }
                self.outcome.wrong.push(format!(
                    "{}: {kind}: {problem}\n--- before\n{}\n--- after\n{}{}{}\n---",
                    self.name,
                    &self.text[from..to],
                    &self.text[from..range.start],
                    edit.text,
                    &self.text[range.end..to],
                ));
            }
        }
    }

    fn problem(
        &self,
        edit: &Edit,
        expected: &[Vec<Option<Model>>],
        gone: Option<std::ops::Range<usize>>,
    ) -> Option<String> {
        let Some(after) = apply(self.text, std::slice::from_ref(edit)) else {
            return Some("no edit of this text".into());
        };
        let after: Arc<str> = after.into();
        let tree = Yaml::parse(SourceId(0), &after);
        if let Some(error) = tree.errors().first() {
            return Some(format!("no longer YAML: {}", error.value));
        }
        let got = documents(&tree);
        if !expected.contains(&got) {
            return Some("means something else".into());
        }
        let mut comments: BTreeMap<&str, isize> = BTreeMap::new();
        for comment in tree.comments() {
            *comments.entry(comment.of(&after).trim_end()).or_default() += 1;
        }
        for comment in self.tree.comments() {
            if !gone.as_ref().is_some_and(|gone| gone.contains(&(comment.start as usize))) {
                let left = comments.entry(comment.of(self.text).trim_end()).or_default();
                *left -= 1;
                if *left < 0 {
                    return Some(format!("lost a comment: {}", comment.of(self.text)));
                }
            }
        }
        let ends = |text: &str| text.ends_with(['\n', '\r']);
        if ends(self.text) && !ends(&after) {
            return Some("lost the line end at the end of the file".into());
        }
        let bare = |text: &str| {
            text.split_inclusive('\n').any(|line| line.ends_with('\n') && !line.ends_with("\r\n"))
        };
        if self.text.contains("\r\n") && !bare(self.text) && bare(&after) {
            return Some("mixes line ends".into());
        }
        None
    }
}
