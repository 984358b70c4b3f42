//! The environment of a container: settings in a ConfigMap, secrets by their names in a Secret.

use std::collections::BTreeMap;

use super::names::Names;
use super::plan::Out;
use super::secrets::is_secret_name;
use super::text::{Operator, Piece, Text};
use super::unit::Unit;
use super::{Map, Object, Tree, network};
use crate::project::compose::Item;
use crate::project::links::Callee;
use crate::secret::{Syntax, is_reference, places};

/// The environment of a container while it is made.
pub(super) struct Environment<'u, 'p> {
    unit: &'u Unit<'p>,
    units: &'u [Unit<'p>],
    names: &'u Names,
    /// Variables that take a key of a Secret or a ConfigMap that somebody fills, by name. They come first: others use them.
    references: BTreeMap<String, Map>,
    /// Variables that use those.
    composed: Vec<(String, Text)>,
    /// All others.
    settings: Vec<(String, Text)>,
}

/// What a container's environment comes to.
pub(super) struct Written {
    /// `env`.
    pub(super) env: Vec<Map>,
    /// The ConfigMap with the rest.
    pub(super) config: Option<Object>,
}

impl<'u, 'p> Environment<'u, 'p> {
    /// The environment that Compose gives a service.
    pub(super) fn of(unit: &'u Unit<'p>, units: &'u [Unit<'p>], names: &'u Names, out: &mut Out<'_>) -> Self {
        let (references, composed, settings) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut environment = Self { unit, units, names, references, composed, settings };
        let entries = unit.get(&["environment"]).map(Item::entries).unwrap_or_default();
        for (name, item) in entries {
            let key = unit.key(&format!("environment.{name}"));
            let span = item.key.or(item.at);
            if name.is_empty()
                || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
                || name.starts_with(|c: char| c.is_ascii_digit())
            {
                out.carried.refused(
                    key,
                    span,
                    "Kubernetes takes no variable of this name; give it another one",
                );
                continue;
            }
            if unit.keeps_nothing() && is_built_in(name) {
                let note = "it is compiled into the pages when they are built; give it as a build argument";
                out.carried.refused(key, span, note);
                continue;
            }
            let text = if item.is_null() {
                let set = out.env.get(name).cloned();
                if set.is_none() {
                    let secret = out.known.is_variable(name);
                    environment.refer(name, name, secret, true, out);
                    out.carried.approximated(
                        key,
                        span,
                        "Compose takes it from the environment that it runs in; here it is absent until somebody fills its key",
                    );
                    continue;
                }
                let read = Text::read(&format!("${{{name}}}"), &|_| set.clone());
                out.hidden(read)
            } else {
                out.text(item)
            };
            let empty: Vec<String> = text
                .variables()
                .iter()
                .filter(|v| is_left_empty(v))
                .map(|v| format!("`{}`", v.name))
                .collect();
            let shown = text.to_string();
            environment.add(name, renamed(text, unit, units), out);
            if !empty.is_empty() && !environment.references.contains_key(name) {
                let note = format!(
                    "nothing gives {} a value, so there is none here either; write it into the ConfigMap",
                    empty.join(" and ")
                );
                out.carried.approximated(key, span, note);
                continue;
            }
            if let Some(note) = of_this_machine(&shown, units, out) {
                out.carried.approximated(key, span, note);
                continue;
            }
            let note = match () {
                () if environment.references.contains_key(name) => {
                    out.carried.mapped(key, span, "a key of a Secret, which somebody fills");
                    continue;
                }
                () if environment.composed.iter().any(|(n, _)| n == name) => {
                    "`env` of the container, its secret from a key of a Secret"
                }
                () => "a key of the service's ConfigMap",
            };
            out.carried.mapped(key, span, note);
        }
        environment.below_volume();
        environment
    }

    /// Where data lies right in a volume whose root is not the program's own, it moves into a directory of its own.
    fn below_volume(&mut self) {
        let unit = self.unit;
        let Some(facts) = unit.facts.filter(|_| unit.stage.is_none()) else { return };
        let (Some(variable), Some(data)) = (&facts.data_env, &facts.data) else { return };
        let mounted = unit.mounts().iter().any(|mount| mount.target.trim_end_matches('/') == data);
        if mounted && unit.get(&["environment", variable]).is_none() {
            self.settings.push((variable.clone(), Text::literal(format!("{data}/data"))));
        }
    }

    fn add(&mut self, name: &str, text: Text, out: &mut Out<'_>) {
        let whole = text.to_string();
        if let [Piece::Secret(secret)] = text.pieces.as_slice() {
            let (key, optional) = (secret.name.clone(), secret.optional);
            self.refer(name, &key, true, optional, out);
            return;
        }
        if let [Piece::Variable(variable)] = text.pieces.as_slice()
            && matches!(variable.operator, Operator::Required(_))
            && variable.set.is_none()
        {
            let key = variable.name.clone();
            self.refer(name, &key, false, false, out);
            return;
        }
        let is_secret =
            || is_secret_name(name) && !is_reference(&whole) || !places(&whole, Syntax::Value).is_empty();
        if text.secrets().next().is_none() && !text.has_variables() && is_secret() {
            let key = out.known.key_of(&whole).unwrap_or(name).to_owned();
            return self.refer(name, &key, true, false, out);
        }
        self.compose(name, text, out);
    }

    fn compose(&mut self, name: &str, text: Text, out: &mut Out<'_>) {
        let (text, refers) = self.expandable(text, name, out);
        if refers {
            self.composed.push((name.to_owned(), text));
        } else {
            self.settings.push((name.to_owned(), text));
        }
    }

    /// A text whose secrets, and settings that somebody has to fill, are references to variables of this environment, as
    /// the kubelet expands them: `$(NAME)`. Whether it has any is told too; where it has none it is as it was.
    fn expandable(&mut self, text: Text, owner: &str, out: &mut Out<'_>) -> (Text, bool) {
        let is_reference = |piece: &Piece| match piece {
            Piece::Secret(_) => true,
            Piece::Variable(v) => matches!(v.operator, Operator::Required(_)) && v.set.is_none(),
            Piece::Literal(_) => false,
        };
        if !text.pieces.iter().any(is_reference) {
            return (text, false);
        }
        let mut expandable = Text::default();
        for piece in text.pieces {
            match &piece {
                Piece::Literal(literal) => expandable.push_str(&escaped(literal)),
                piece if is_reference(piece) => {
                    let (variable, secret) = match piece {
                        Piece::Secret(secret) => (&secret.name, true),
                        Piece::Variable(variable) => (&variable.name, false),
                        Piece::Literal(text) => (text, false),
                    };
                    let name = self.named(variable, owner);
                    // Where it is missing the kubelet would leave `$(NAME)` in the text, so it may not be.
                    self.refer(&name, variable, secret, false, out);
                    expandable.push_str(&format!("$({name})"));
                }
                piece => expandable.pieces.push(piece.clone()),
            }
        }
        (expandable, true)
    }

    /// The name under which this environment has a variable of the Compose files.
    fn named(&self, variable: &str, owner: &str) -> String {
        let own = self.unit.get(&["environment", variable]).is_some();
        let same = self.references.contains_key(variable);
        if variable == owner || own && !same { format!("{variable}_VALUE") } else { variable.to_owned() }
    }

    fn refer(&mut self, name: &str, key: &str, secret: bool, optional: bool, out: &mut Out<'_>) {
        let purpose = format!("`{name}` of `{}`", self.unit.service.name);
        let object = out.key_to_fill(self.names, key, secret, purpose, optional);
        let mut reference = Map::new().with("name", object).with("key", key);
        if optional {
            reference.set("optional", true);
        }
        let kind = if secret { "secretKeyRef" } else { "configMapKeyRef" };
        let entry = Map::new().with("name", name).with("valueFrom", Map::new().with(kind, reference));
        self.references.insert(name.to_owned(), entry);
    }

    /// The words of a command as the kubelet expands them.
    pub(super) fn words(&mut self, words: Vec<Text>, out: &mut Out<'_>) -> Tree {
        let words = words.into_iter().map(|word| {
            let word = renamed(word, self.unit, self.units);
            let (text, refers) = self.expandable(word, "", out);
            Tree::Text(if refers { text } else { text.map_literals(&escaped) })
        });
        Tree::List(words.collect())
    }

    /// A line for a shell in the container, which takes secrets from its environment.
    pub(super) fn line(&mut self, text: &Text, out: &mut Out<'_>) -> Text {
        let mut line = Text::default();
        for piece in &text.pieces {
            match piece {
                Piece::Secret(secret) => {
                    let name = self.named(&secret.name, "");
                    self.refer(&name, &secret.name, true, secret.optional, out);
                    line.push_str(&format!("${{{name}}}"));
                }
                Piece::Literal(literal) => line.push_str(literal),
                piece @ Piece::Variable(_) => line.pieces.push(piece.clone()),
            }
        }
        line
    }

    /// What it comes to: `env`, and a ConfigMap for what is no secret.
    pub(super) fn written(self, metadata: Map) -> Written {
        let mut env: Vec<Map> = self.references.into_values().collect();
        env.extend(
            self.composed.into_iter().map(|(name, text)| Map::new().with("name", name).with("value", text)),
        );
        let config = (!self.settings.is_empty()).then(|| {
            let mut data = Map::new();
            for (name, text) in self.settings {
                data.set(name, text);
            }
            let name = super::names::joined(&[&self.unit.name, "env"]);
            let mut object = Object::new("v1", "ConfigMap", name, metadata).with("data", data);
            object.hashed = true;
            object
        });
        Written { env, config }
    }
}

/// What to make of an address of the machine that Compose runs on: browsers call it by a port that Compose publishes.
fn of_this_machine(value: &str, units: &[Unit<'_>], out: &Out<'_>) -> Option<String> {
    let (at, start) =
        ["://localhost:", "://127.0.0.1:"].iter().find_map(|start| Some((value.find(start)?, *start)))?;
    let rest = &value[at + start.len()..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let port: u16 = rest[..digits].parse().ok()?;
    let publishes = |unit: &&Unit<'_>| unit.container.ports.iter().any(|p| p.host == Some(port));
    let service = units.iter().find(publishes)?;
    let place = match network::host_of(&service.name, units, out) {
        Some(host) => format!("browsers reach `{}` at `{host}` instead", service.name),
        None => format!("`{}` is reached in the project alone", service.name),
    };
    Some(format!(
        "`localhost:{port}` is the machine that Compose runs on, and in a pod the pod itself: {place}; set it so"
    ))
}

/// Whether Compose warns that a variable has no value.
fn is_left_empty(variable: &super::text::Variable) -> bool {
    variable.set.is_none() && variable.operator == Operator::Plain
}

/// Whether bundlers compile a variable into pages, so that it says nothing to what serves them.
fn is_built_in(name: &str) -> bool {
    ["VITE_", "REACT_APP_", "NEXT_PUBLIC_", "VUE_APP_", "GATSBY_"].iter().any(|start| name.starts_with(start))
}

/// A text in which the kubelet finds nothing to expand: `$(` and `$$` mean something to it.
fn escaped(text: &str) -> String {
    if text.contains("$(") || text.contains("$$") { text.replace('$', "$$") } else { text.to_owned() }
}

/// A text with the names of services as Kubernetes has them, where a service is called by a name that had to change.
fn renamed(text: Text, unit: &Unit<'_>, units: &[Unit<'_>]) -> Text {
    let calls = unit.project.links.calls_of(unit.container.id);
    let other = |id| units.iter().find(|other| other.container.id == id);
    let changed: Vec<(&str, &str)> = calls
        .iter()
        .filter_map(|call| match call.to {
            Callee::Container(id) => {
                let other = other(id).filter(|o| o.name != call.host && o.service.name == call.host)?;
                Some((call.host.as_str(), other.name.as_str()))
            }
            _ => None,
        })
        .collect();
    if changed.is_empty() {
        return text;
    }
    text.map_literals(&|literal| {
        changed.iter().fold(literal.to_owned(), |text, (from, to)| replace_word(&text, from, to))
    })
}

/// Replaces a name where it stands alone.
fn replace_word(text: &str, from: &str, to: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let alone = !before.ends_with(part) && !after.starts_with(part);
        out.push_str(before);
        out.push_str(if alone { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_stand_alone() {
        for (text, expected) in [
            ("http://my_db:5432", "http://my-db:5432"),
            ("my_db", "my-db"),
            ("my_db_old my_db2 x.my_db my_db", "my_db_old my_db2 x.my_db my-db"),
        ] {
            assert_eq!(replace_word(text, "my_db", "my-db"), expected);
        }
    }

    #[test]
    fn what_the_kubelet_would_expand_is_escaped() {
        assert_eq!(escaped("a $(B) $C"), "a $$(B) $$C");
        assert_eq!(escaped("a $C"), "a $C");
    }
}
