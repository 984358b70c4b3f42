//! What of a Compose project is a secret.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Piece, Text};
use crate::project::Composition;
use crate::project::compose::Item;
use crate::secret::{has_credentials, is_reference, password_of};

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
    (is_key || name.ends_with("_credential") || name.ends_with("_dsn"))
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
        let mut written: Vec<(&str, &str, String)> = Vec::new();
        let mut texts: Vec<Text> = Vec::new();
        for service in &composition.services {
            let Some(item) = composition.service(&service.name) else { continue };
            let environment = item.get("environment").map(Item::entries).unwrap_or_default();
            for (name, value) in environment {
                let Some(text) = Text::of(value, &lookup) else { continue };
                secrets.learn(name, &text);
                let whole = text.to_string();
                if !text.has_variables() && is_secret_name(name) && !is_reference(&whole) {
                    written.push((&service.name, name, whole));
                }
                texts.push(text);
            }
            for key in ["command", "entrypoint"] {
                let words = item.get(key).map(|item| Text::words(item, &lookup)).unwrap_or_default();
                let mut flag = String::new();
                for word in &words {
                    let text = word.to_string();
                    let (name, _) = text.split_once('=').unwrap_or((flag.as_str(), ""));
                    secrets.learn(name.trim_start_matches('-'), word);
                    flag = text;
                }
            }
        }
        for (name, value) in env {
            if is_secret_name(name) && !is_reference(value) || has_credentials(value) {
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
            return text;
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
        cut
    }

    /// Gives each secret that is written out a key: the name of its variable, and where that has several values the
    /// service's too.
    fn name(&mut self, written: Vec<(&str, &str, String)>) {
        for (service, name, value) in &written {
            if self.literals.contains_key(value) {
                continue;
            }
            let taken = |key: &str| self.variables.contains(key) || self.literals.values().any(|k| k == key);
            let key = if taken(name) {
                let service = service.to_ascii_uppercase().replace(['-', '.'], "_");
                format!("{service}_{name}")
            } else {
                (*name).to_owned()
            };
            self.literals.insert(value.clone(), key);
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
            let credentials = has_credentials(&variable.value);
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

    /// An address whose password is a secret that is known, with the password as that; `None` for anything else.
    pub(super) fn without_password(&self, address: &str) -> Option<Text> {
        let password = password_of(address).filter(|p| !p.is_empty())?;
        let key = self.key_of(password)?;
        let start = address.find(&format!(":{password}@"))? + 1;
        let mut text = Text::literal(&address[..start]);
        text.pieces.push(Piece::Secret(super::text::Secret { name: key.to_owned(), optional: false }));
        text.push_str(&address[start + password.len()..]);
        Some(text)
    }
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
    }
}
