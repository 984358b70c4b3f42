//! What of a Compose project is a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::text::{Piece, Text};
use crate::project::Composition;
use crate::project::compose::Item;
use crate::secret::{Syntax, flags, is_reference, places};

/// Whether a variable of this name is to go into a Secret. More names than those that a finding would be about: a setting
/// that is kept like a secret does no harm.
pub(super) fn is_secret_name(name: &str) -> bool {
    if crate::secret::is_secret_name(name) {
        return true;
    }
    let name = name.to_ascii_lowercase();
    let is_key = name.strip_suffix("_key").is_some_and(|of| {
        !["public", "primary", "partition", "sort", "cache", "foreign", "publishable", "anon", "site"]
            .iter()
            .any(|word| of.split('_').any(|part| part == *word))
    });
    let browser =
        ["vite_", "next_public_", "react_app_", "vue_app_", "expo_public_", "nuxt_public_", "gatsby_"];
    let ends = ["_credential", "_dsn", "_salt", "redis_auth", "valkey_auth", "neo4j_auth", "basic_auth"];
    (is_key || name == "salt" || ends.iter().any(|end| name.ends_with(end)))
        && !browser.iter().any(|start| name.starts_with(start))
}

/// Whether the value of a secret says, wherever it stands, that it is one: a plain word such as `postgres` names users
/// and databases as well.
fn is_telling(value: &str) -> bool {
    let length = value.chars().count();
    let is_word = value.bytes().all(|b| b.is_ascii_alphabetic());
    length >= if is_word { 14 } else { 8 }
        && value.contains(|c: char| c.is_ascii_alphanumeric())
        && !is_reference(value)
        && !value.starts_with(['/', '.'])
}

/// Where a text holds a value that no letter or digit goes on.
fn holds(text: &str, value: &str) -> Option<usize> {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(value)
        .map(|(at, _)| at)
        .find(|at| !part(text[..*at].chars().next_back()) && !part(text[at + value.len()..].chars().next()))
}

/// What of a project is a secret, told before anything is made of it.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Variables whose values are secrets.
    variables: BTreeSet<String>,
    /// Secrets that are written out, and the key of the Secret that each becomes.
    literals: BTreeMap<String, String>,
}

impl Secrets {
    /// Reads the environments and commands of all services.
    pub(super) fn of(composition: &Composition, env: &BTreeMap<String, String>) -> Self {
        let mut secrets = Self::default();
        let lookup = |name: &str| env.get(name).cloned();
        let mut written: Vec<(&str, String, String)> = Vec::new();
        let mut texts: Vec<Text> = Vec::new();
        for service in &composition.services {
            let Some(item) = composition.service(&service.name) else { continue };
            let environment = item.get("environment").map(Item::entries).unwrap_or_default();
            for (name, value) in environment {
                let Some(text) = Text::of(value, &lookup) else { continue };
                secrets.learn(name, &text);
                let whole = text.to_string();
                if !text.has_variables() && is_secret_name(name) && !is_reference(&whole) {
                    written.push((&service.name, name.to_owned(), whole));
                } else if text.has_variables() {
                    // Of a text without variables all of it becomes a key; here the rest has to stay.
                    let name = format!("{}_PASSWORD", name.to_ascii_uppercase());
                    for value in secrets.learn_shape(&text, &in_text(&text)) {
                        written.push((&service.name, name.clone(), value));
                    }
                }
                texts.push(text);
            }
            for path in [&["command"][..], &["entrypoint"], &["healthcheck", "test"]] {
                let words = item.at_path(path).map(|item| Text::words(item, &lookup)).unwrap_or_default();
                let mut flag = String::new();
                for (at, word) in words.iter().enumerate() {
                    let text = word.to_string();
                    let (name, _) = text.split_once('=').unwrap_or((flag.as_str(), ""));
                    secrets.learn(name.trim_start_matches('-'), word);
                    for value in secrets.learn_shape(word, &in_words(&words, at)) {
                        written.push((&service.name, key_of_service(&service.name), value));
                    }
                    flag = text;
                }
            }
        }
        for (name, value) in env {
            if is_secret_name(name) && !is_reference(value) || !places(value, Syntax::Value).is_empty() {
                secrets.variables.insert(name.clone());
            }
        }
        secrets.name(written);
        secrets.spread(&texts);
        secrets
    }

    /// Learns where else the values of secrets stand.
    fn spread(&mut self, texts: &[Text]) {
        let variables: Vec<_> = texts.iter().flat_map(Text::variables).collect();
        for variable in &variables {
            if self.variables.contains(&variable.name) && is_telling(&variable.value) {
                let value = self.literals.entry(variable.value.clone());
                value.or_insert_with(|| variable.name.clone());
            }
        }
        for variable in variables {
            if self.telling().any(|value| holds(&variable.value, value).is_some()) {
                self.variables.insert(variable.name.clone());
            }
        }
    }

    /// The values of secrets that are nothing else.
    fn telling(&self) -> impl Iterator<Item = &str> {
        self.literals.keys().map(String::as_str).filter(|value| is_telling(value))
    }

    /// A text with the values of secrets that stand in it as those.
    pub(super) fn cut(&self, text: Text) -> Text {
        let is_free = |piece: &Piece| match piece {
            Piece::Literal(literal) => !self.telling().any(|value| holds(literal, value).is_some()),
            _ => true,
        };
        if text.pieces.iter().all(is_free) {
            return self.carved(&text, &in_text(&text));
        }
        let mut cut = Text::default();
        for piece in text.pieces {
            let Piece::Literal(literal) = piece else {
                cut.pieces.push(piece);
                continue;
            };
            let mut rest = literal.as_str();
            // Of two that begin at one place the longer one holds the other.
            while let Some((at, value)) = self
                .telling()
                .filter_map(|value| Some((holds(rest, value)?, value)))
                .min_by_key(|(at, value)| (*at, std::cmp::Reverse(value.len())))
            {
                cut.push_str(&rest[..at]);
                let name = self.key_of(value).unwrap_or_default().to_owned();
                cut.pieces.push(Piece::Secret(super::text::Secret { name, optional: false }));
                rest = &rest[at + value.len()..];
            }
            cut.push_str(rest);
        }
        self.carved(&cut, &in_text(&cut))
    }

    /// The words of a command with the passwords in them as the secrets that they are.
    pub(super) fn cut_words(&self, words: &[Text]) -> Vec<Text> {
        let carved = words.iter().enumerate().map(|(at, word)| self.carved(word, &in_words(words, at)));
        carved.map(|word| self.cut(word)).collect()
    }

    /// A text with what of it is a known secret as that.
    fn carved(&self, text: &Text, places: &[Range<usize>]) -> Text {
        if places.is_empty() {
            return text.clone();
        }
        let mut carved = Text::default();
        for (piece, start) in pieces(text) {
            let Piece::Literal(literal) = piece else {
                carved.pieces.push(piece.clone());
                continue;
            };
            let mut done = 0;
            for place in places {
                let (from, to) = (place.start.max(start + done), place.end.min(start + literal.len()));
                let Some(value) = literal.get(from.saturating_sub(start)..to.saturating_sub(start)) else {
                    continue;
                };
                let Some(key) = self.key_of(value).filter(|_| from < to) else { continue };
                carved.push_str(&literal[done..from - start]);
                carved
                    .pieces
                    .push(Piece::Secret(super::text::Secret { name: key.to_owned(), optional: false }));
                done = to - start;
            }
            carved.push_str(&literal[done..]);
        }
        carved
    }

    /// Learns the variables that stand where a text holds passwords, and tells what is written out there.
    fn learn_shape(&mut self, text: &Text, places: &[Range<usize>]) -> Vec<String> {
        let mut written = Vec::new();
        for (piece, start) in pieces(text) {
            for place in places {
                match piece {
                    Piece::Literal(literal) => {
                        let (from, to) = (place.start.max(start), place.end.min(start + literal.len()));
                        let value = literal.get(from.saturating_sub(start)..to.saturating_sub(start));
                        written.extend(value.filter(|value| !value.is_empty()).map(str::to_owned));
                    }
                    Piece::Variable(variable) if place.start < start + MARK.len() && start < place.end => {
                        self.variables.insert(variable.name.clone());
                    }
                    _ => {}
                }
            }
        }
        written
    }

    /// Gives each secret that is written out a key: the name of its variable, and where that has several values the
    /// service's too.
    fn name(&mut self, written: Vec<(&str, String, String)>) {
        for (service, name, value) in written {
            if self.literals.contains_key(&value) {
                continue;
            }
            let taken =
                |key: &String| self.variables.contains(key) || self.literals.values().any(|k| k == key);
            let of_service = format!("{}_{name}", service.to_ascii_uppercase().replace(['-', '.'], "_"));
            let numbered = (2..).map(|number| format!("{of_service}_{number}"));
            let key = [name, of_service.clone()].into_iter().chain(numbered).find(|key| !taken(key));
            self.literals.extend(key.map(|key| (value, key)));
        }
    }

    /// Learns from a text under a name which of its variables are secrets: the only one of a text whose name says so, one
    /// that stands where an address has its password, and one whose own name says so.
    fn learn(&mut self, name: &str, text: &Text) {
        let named = is_secret_name(name) && !is_reference(&text.to_string());
        for (at, piece) in text.pieces.iter().enumerate() {
            let Piece::Variable(variable) = piece else { continue };
            let before = at.checked_sub(1).and_then(|before| text.pieces.get(before));
            let after = text.pieces.get(at + 1);
            let in_address = matches!(before, Some(Piece::Literal(text)) if text.ends_with(':'))
                && matches!(after, Some(Piece::Literal(text)) if text.starts_with('@'));
            let credentials = !places(&variable.value, Syntax::Value).is_empty();
            if named || in_address || credentials || is_secret_name(&variable.name) {
                self.variables.insert(variable.name.clone());
            }
        }
    }

    /// Whether a variable's value is a secret.
    pub(super) fn is_variable(&self, name: &str) -> bool {
        self.variables.contains(name) || is_secret_name(name)
    }

    /// The key of a secret that is written out somewhere.
    pub(super) fn key_of(&self, value: &str) -> Option<&str> {
        self.literals.get(value).map(String::as_str)
    }
}

/// What stands for a value that is not looked at: it ends no word, and nobody writes it.
const MARK: &str = "\u{e000}\u{e000}\u{e000}";

/// The pieces of a text, and where each begins in [`shown`].
fn pieces(text: &Text) -> impl Iterator<Item = (&Piece, usize)> {
    text.pieces.iter().scan(0, |start, piece| {
        let at = *start;
        *start += match piece {
            Piece::Literal(literal) => literal.len(),
            Piece::Variable(_) | Piece::Secret(_) => MARK.len(),
        };
        Some((piece, at))
    })
}

/// A text with marks for what is not written out in it.
fn shown(text: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(literal) => literal.clone(),
        Piece::Variable(_) | Piece::Secret(_) => MARK.to_owned(),
    };
    text.pieces.iter().map(piece).collect()
}

/// Where a text holds passwords.
fn in_text(text: &Text) -> Vec<Range<usize>> {
    places(&shown(text), Syntax::Value)
}

/// Where a word of a command holds passwords.
fn in_words(words: &[Text], at: usize) -> Vec<Range<usize>> {
    let shown: Vec<String> = words.iter().map(shown).collect();
    let all: Vec<&str> = shown.iter().map(String::as_str).collect();
    let mut found = words.get(at).map(in_text).unwrap_or_default();
    found.extend(flags::in_words(&all).into_iter().filter(|(word, _)| *word == at).map(|(_, range)| range));
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    found
}

/// What the password is called that a command of a service has written out.
fn key_of_service(service: &str) -> String {
    format!("{}_PASSWORD", service.to_ascii_uppercase().replace(['-', '.'], "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_secret_is_one_wherever_it_stands() {
        let literals = [("sutazai_2024", "NEO4J_PASSWORD"), ("postgres", "POSTGRES_PASSWORD")];
        let literals = literals.map(|(value, key)| (value.to_owned(), key.to_owned()));
        let secrets = Secrets { literals: literals.into(), ..Secrets::default() };
        let cut = |text: &str| secrets.cut(Text::literal(text));
        let auth = cut("neo4j/sutazai_2024");
        assert_eq!(auth.to_string(), "neo4j/");
        assert_eq!(auth.secrets().next().map(|secret| secret.name.as_str()), Some("NEO4J_PASSWORD"));
        assert_eq!(cut("sutazai_2024x and postgres").secrets().count(), 0);
        assert_eq!(cut("sutazai_2024,sutazai_2024").secrets().count(), 2);
        let address = cut("postgres://postgres:postgres@postgres/postgres");
        assert_eq!(address.to_string(), "postgres://postgres:@postgres/postgres");
        let words = ["redis-cli", "-a", "postgres", "ping"].map(Text::literal);
        let words: Vec<String> = secrets.cut_words(&words).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["redis-cli", "-a", "", "ping"]);
    }
}
