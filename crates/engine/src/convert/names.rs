//! Names that Kubernetes takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::Composition;

/// What a project and its services are called in Kubernetes.
pub(super) struct Names {
    /// The project, its namespace and its chart.
    pub(super) project: String,
    services: BTreeMap<String, String>,
}

impl Names {
    /// Names the services of a project. Two that come to the same name are told apart by a number.
    pub(super) fn of(composition: &Composition, fallback: &str) -> Self {
        let project = match composition.name.as_str() {
            "" => dns_label(fallback),
            name => dns_label(name),
        };
        let project = if project.is_empty() { "app".to_owned() } else { project };
        // A name that needs no change is nobody else's.
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut services = BTreeMap::new();
        let kept = |name: &str| dns_label(name) == name;
        let (right, other): (Vec<_>, Vec<_>) = composition.services.iter().partition(|s| kept(&s.name));
        for service in right.into_iter().chain(other) {
            let mut name = dns_label(&service.name);
            if name.is_empty() {
                "service".clone_into(&mut name);
            }
            let base = name.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                let tail = format!("-{number}");
                name = format!("{}{tail}", cut(&base, 63 - tail.len()));
                number += 1;
            }
            services.insert(service.name.clone(), name);
        }
        Self { project, services }
    }

    /// The name of a service in Kubernetes.
    pub(super) fn service<'n>(&'n self, service: &'n str) -> &'n str {
        self.services.get(service).map_or(service, String::as_str)
    }

    /// The Secret with the keys that somebody has to fill.
    pub(super) fn secret(&self) -> String {
        joined(&[&self.project, "secrets"])
    }

    /// The ConfigMap with the settings that somebody has to fill.
    pub(super) fn settings(&self) -> String {
        joined(&[&self.project, "settings"])
    }
}

/// A text as a DNS label (RFC 1035, which names of Services follow): at most 63 of `a-z`, `0-9` and `-`, a letter first.
pub(super) fn dns_label(text: &str) -> String {
    let mut label = String::with_capacity(text.len());
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => label.push(c),
            _ if label.ends_with('-') => {}
            _ => label.push('-'),
        }
    }
    let label = label.trim_matches('-');
    let label =
        if label.starts_with(|c: char| c.is_ascii_digit()) { format!("s{label}") } else { label.to_owned() };
    cut(&label, 63).to_owned()
}

/// Words joined by `-` to a name of at most 52 characters, which leaves room for what controllers and digests add.
pub(super) fn joined(words: &[&str]) -> String {
    cut(&dns_label(&words.join("-")), 52).to_owned()
}

/// The first characters of a name, without a `-` at the end.
pub(super) fn cut(name: &str, most: usize) -> &str {
    name.get(..most).unwrap_or(name).trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_dns_labels() {
        for (text, label) in [
            ("web", "web"),
            ("My_App", "my-app"),
            ("a__b", "a-b"),
            ("_x_", "x"),
            ("1st", "s1st"),
            ("ä", ""),
            (&"a".repeat(70), &"a".repeat(63)),
        ] {
            assert_eq!(dns_label(text), label, "{text}");
        }
    }
}
