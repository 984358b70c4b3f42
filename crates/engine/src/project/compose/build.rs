//! From the tree of a file to values: aliases and merge keys followed, variables replaced, `!reset` heard.

use std::collections::BTreeSet;

use seaworthy_syntax::Span;
use seaworthy_syntax::yaml::{Dialect, Node, NodeId, NodeKind, Style, Value as Scalar};

use super::interpolate::{Environment, Fault, interpolate};
use super::item::{Item, Map, Value};
use super::problem::{Problem, ProblemKind};
use crate::project::{Origin, Place};

/// How many values a file may come to: aliases may multiply.
const MAX_ITEMS: usize = 100_000;
/// How deep values may nest.
const MAX_DEPTH: usize = 200;

/// Where a value stands in its file.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    part: &'p str,
}

impl<'p> Path<'p> {
    pub(super) const ROOT: Path<'static> = Path { parent: None, part: "" };
    /// What stands for an item of a list.
    pub(super) const ITEM: &'static str = "[]";

    pub(super) fn key<'k>(&'k self, part: &'k str) -> Path<'k>
    where
        'p: 'k,
    {
        Path { parent: Some(self), part }
    }

    /// The parts from the root on; none where there are more than any rule is about.
    pub(super) fn parts<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
        let mut parts = [""; 8];
        let mut at = parts.len();
        let mut path = *self;
        while let Some(parent) = path.parent {
            if at == 0 {
                return read(&[]);
            }
            at -= 1;
            parts[at] = path.part;
            path = *parent;
        }
        read(&parts[at..])
    }

    fn owned(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let mut path = *self;
        while let Some(parent) = path.parent {
            parts.push(path.part.to_owned());
            path = *parent;
        }
        parts.reverse();
        parts
    }
}

/// The paths that a file resets in what it is merged on.
pub(super) type Resets = BTreeSet<Vec<String>>;

/// A document of a file as values.
pub(super) struct Built {
    pub(super) root: Item,
    pub(super) resets: Resets,
}

/// Builds the values of a document.
///
/// `via` is set for a text that is no source: what stands for every place in it.
pub(super) fn build(
    root: Node<'_>,
    env: &Environment,
    via: Option<Span>,
    problems: &mut Vec<Problem>,
) -> Built {
    let mut builder = Builder {
        env,
        via,
        problems,
        resets: Resets::new(),
        aliases: Vec::new(),
        left: MAX_ITEMS,
        unset: BTreeSet::new(),
        depth: 0,
        full: false,
    };
    let mut item = builder.item(root, &Path::ROOT, Origin::Own).unwrap_or_default();
    if builder.full {
        // The part that was read says nothing about the whole.
        item.value = Value::Map(Map::new());
    }
    Built { root: item, resets: builder.resets }
}

struct Builder<'b> {
    env: &'b Environment,
    via: Option<Span>,
    problems: &'b mut Vec<Problem>,
    resets: Resets,
    /// The nodes that aliases on the way stand for.
    aliases: Vec<NodeId>,
    left: usize,
    unset: BTreeSet<String>,
    depth: usize,
    /// There is more than is read.
    full: bool,
}

impl Builder<'_> {
    fn problem(&mut self, kind: ProblemKind, span: Span, message: String) {
        self.problems.push(Problem { kind, span: self.via.unwrap_or(span), message });
    }

    fn item(&mut self, node: Node<'_>, path: &Path<'_>, origin: Origin) -> Option<Item> {
        if self.full {
            return None;
        }
        if self.left == 0 || self.depth >= MAX_DEPTH {
            self.full = true;
            self.problem(ProblemKind::TooLarge, node.span(), "too many or too deep values".to_owned());
            return None;
        }
        self.left -= 1;
        if node.kind() == NodeKind::Alias {
            let target = node.resolve();
            if target.kind() == NodeKind::Alias || self.aliases.contains(&target.id()) {
                self.problem(
                    ProblemKind::Cycle,
                    node.span(),
                    "the alias stands for what it is in".to_owned(),
                );
                return None;
            }
            self.aliases.push(target.id());
            let item = self.item(target, path, Origin::Anchor);
            self.aliases.pop();
            return item;
        }
        match node.tag() {
            Some("!reset") => {
                self.resets.insert(path.owned());
                return None;
            }
            Some("!override") => {
                self.resets.insert(path.owned());
            }
            _ => {}
        }
        self.depth += 1;
        let mut item = Item {
            at: Some(self.via.unwrap_or_else(|| node.span())),
            place: self.via.is_none().then(|| Place::of(node)),
            origin,
            ..Item::default()
        };
        match node.kind() {
            NodeKind::Sequence => {
                let path = path.key(Path::ITEM);
                item.value =
                    Value::List(node.items().filter_map(|child| self.item(child, &path, origin)).collect());
            }
            NodeKind::Mapping => item.value = Value::Map(self.map(node, path, origin)),
            NodeKind::Scalar | NodeKind::Alias => self.scalar(node, path, &mut item),
        }
        self.depth -= 1;
        Some(item)
    }

    fn map(&mut self, node: Node<'_>, path: &Path<'_>, origin: Origin) -> Map {
        let mut entries = Vec::new();
        for entry in node.merged() {
            let Some(key) = entry.key.scalar() else {
                self.problem(
                    ProblemKind::InvalidValue,
                    entry.key.span(),
                    "a key must be a string".to_owned(),
                );
                continue;
            };
            if !matches!(entry.key.value(Dialect::Compose), Some(Scalar::Str(_))) {
                let message = format!("the key {key} must be a string");
                self.problem(ProblemKind::InvalidValue, entry.key.span(), message);
            }
            let own = entry.key.parent().is_some_and(|parent| parent.id() == node.id());
            let origin = if own { origin } else { Origin::Anchor };
            if let Some(mut item) = self.item(entry.value, &path.key(&key), origin) {
                item.key = Some(self.via.unwrap_or_else(|| entry.key.span()));
                entries.push((key.into_owned(), item));
            }
        }
        entries.into()
    }

    fn scalar(&mut self, node: Node<'_>, path: &Path<'_>, item: &mut Item) {
        let text = match node.value(Dialect::Compose) {
            None | Some(Scalar::Null) => return,
            Some(Scalar::Bool(value)) => return item.value = Value::Bool(value),
            Some(Scalar::Int(value)) => return item.value = Value::Int(value),
            Some(Scalar::Float(value)) => return item.value = Value::Float(value),
            Some(Scalar::Str(text)) => text,
        };
        if node.style() == Style::Plain
            && node.tag().is_none()
            && let Some(time) = timestamp(&text)
        {
            return item.value = Value::Str(time);
        }
        if memchr::memchr(b'$', text.as_bytes()).is_some() {
            let env = self.env;
            let out = interpolate(&text, &|name| env.get(name));
            let faulty = !out.faults.is_empty();
            for fault in out.faults {
                let (kind, message) = match fault {
                    Fault::Template => (
                        ProblemKind::InvalidVariable,
                        "invalid interpolation: a $ that begins no variable is written $$".to_owned(),
                    ),
                    Fault::Required { name, message } if message.is_empty() => (
                        ProblemKind::RequiredVariable,
                        format!("required variable {name} is missing a value"),
                    ),
                    Fault::Required { name, message } => (
                        ProblemKind::RequiredVariable,
                        format!("required variable {name} is missing a value: {message}"),
                    ),
                };
                self.problem(kind, node.span(), message);
            }
            if !out.unknown.is_empty() {
                self.note_unset(&text, node.span());
            }
            item.raw = (out.text != *text).then(|| text.into());
            if !self.env.complete || faulty {
                item.unknown = out.unknown;
                if faulty && item.unknown.is_empty() {
                    item.unknown.push(0);
                }
            }
            item.value = Value::Str(out.text);
        } else {
            item.value = Value::Str(text.into_owned());
        }
        if let Some(cast) = path.parts(cast) {
            self.cast(cast, item, path);
        }
    }

    /// Says once a file which variables of a text have no value.
    fn note_unset(&mut self, text: &str, span: Span) {
        let mut names = Vec::new();
        let seen = std::cell::RefCell::new(&mut names);
        let env = self.env;
        interpolate(text, &|name| {
            let known = env.get(name);
            if known.is_none() {
                seen.borrow_mut().push(name.to_owned());
            }
            known
        });
        for name in names {
            if self.unset.insert(name.clone()) {
                let message =
                    format!("the variable {name} is not set here: Compose takes an empty string for it");
                self.problem(ProblemKind::UnsetVariable, span, message);
            }
        }
    }

    fn cast(&mut self, cast: Cast, item: &mut Item, path: &Path<'_>) {
        let Some(text) = item.as_str() else { return };
        match cast.apply(text) {
            Some(value) => item.value = value,
            // What nobody knows here is of the right type.
            None if item.is_unknown() => {}
            None => {
                let message = format!("{} is not {}: {text:?}", path.part, cast.name());
                if let Some(at) = item.at {
                    self.problem(ProblemKind::InvalidValue, at, message);
                }
            }
        }
    }
}

/// A type that a string in some places is turned into.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cast {
    Int,
    Float,
    Bool,
}

impl Cast {
    pub(super) fn apply(self, text: &str) -> Option<Value> {
        match self {
            Self::Int => text.parse().ok().map(Value::Int),
            Self::Float => text.parse().ok().map(Value::Float),
            Self::Bool => match text.to_lowercase().as_str() {
                "true" | "y" | "yes" | "on" => Some(Value::Bool(true)),
                "false" | "n" | "no" | "off" => Some(Value::Bool(false)),
                _ => None,
            },
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Int => "an integer",
            Self::Float => "a number",
            Self::Bool => "true or false",
        }
    }
}

/// Which strings Compose turns into another type as soon as variables are replaced.
fn cast(path: &[&str]) -> Option<Cast> {
    Some(match path {
        [
            "services",
            _,
            "cpu_count" | "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares"
            | "oom_score_adj" | "pids_limit" | "scale",
        ]
        | ["services", _, "deploy", "replicas"]
        | ["services", _, "deploy", "update_config" | "rollback_config", "parallelism"]
        | ["services", _, "deploy", "restart_policy", "max_attempts"]
        | ["services", _, "deploy", "placement", "max_replicas_per_node"]
        | ["services", _, "healthcheck", "retries"]
        | ["services", _, "ports", Path::ITEM, "target"]
        | ["services", _, "ulimits", _]
        | ["services", _, "ulimits", _, "hard" | "soft"] => Cast::Int,
        ["services", _, "cpu_percent" | "cpus"]
        | ["services", _, "deploy", "update_config" | "rollback_config", "max_failure_ratio"] => Cast::Float,
        ["services", _, "init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
        | ["services", _, "depends_on", _, "required" | "restart"]
        | ["services", _, "healthcheck", "disable"]
        | ["services", _, "volumes", Path::ITEM, "read_only"]
        | ["services", _, "volumes", Path::ITEM, "volume", "nocopy"]
        | ["networks", _, "external" | "internal" | "attachable" | "enable_ipv4" | "enable_ipv6"]
        | ["volumes" | "secrets" | "configs", _, "external"] => Cast::Bool,
        _ => return None,
    })
}

/// The text that Go makes of a date: YAML has a type for them, Compose has not.
fn timestamp(text: &str) -> Option<String> {
    if text.len() < 8 || !text.as_bytes()[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| -> Option<u32> {
        (matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse().ok())?
    };
    let (month, day) = (number(month)?, number(day)?);
    let valid = year.len() == 4 && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then(|| format!("{year}-{month:02}-{day:02} 00:00:00 +0000 UTC"))
}

/// Removes what a file resets from what it is merged on.
pub(super) fn reset(map: &mut Map, prefix: &[&str], resets: &Resets) {
    for path in resets {
        let rest = path.iter().map(String::as_str).collect::<Vec<_>>();
        if let Some(rest) = rest.strip_prefix(prefix) {
            remove(map, rest);
        }
    }
}

fn remove(map: &mut Map, path: &[&str]) {
    match path {
        [] => {}
        [last] => {
            map.remove(last);
        }
        [first, rest @ ..] => {
            if let Some(inner) = map.get_mut(first).and_then(Item::as_map_mut) {
                remove(inner, rest);
            }
        }
    }
}
