//! hadolint's settings: `.hadolint.yaml` and `HADOLINT_…`, as meant here, and written as a `seaworthy.toml`.

use std::fmt::Write as _;
use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Node, Yaml};

use super::{Failure, LabelForm, Selector, Settings};
use crate::rule::{Named, Severity};

/// hadolint's severities, as they are graded here.
const LEVELS: [(&str, Severity); 4] = [
    ("error", Severity::High),
    ("warning", Severity::Medium),
    ("info", Severity::Low),
    ("style", Severity::Low),
];

impl Settings {
    /// Reads a `.hadolint.yaml`. How hadolint prints is no matter of settings here.
    pub fn hadolint(text: &str) -> Self {
        let text: Arc<str> = text.into();
        let yaml = Yaml::parse(SourceId(0), &text);
        let mut settings = Self::default();
        let Some(root) = yaml.documents().flatten().next() else { return settings };
        let strings = |path: &[&str]| -> Vec<String> {
            let items = root.at(path).into_iter().flat_map(|node| node.items().collect::<Vec<_>>());
            items.filter_map(|item| item.scalar().map(std::borrow::Cow::into_owned)).collect()
        };
        let scalar = |key: &str| {
            root.at(&[key]).and_then(|node: Node<'_>| node.scalar().map(std::borrow::Cow::into_owned))
        };
        settings.leave_out(&strings(&["ignored"]));
        for (level, severity) in LEVELS {
            settings.grade(&strings(&["override", level]), severity);
        }
        settings.leave_out(&strings(&["override", "ignore"]));
        settings.trusted_registries = strings(&["trustedRegistries"]);
        let labels = root.at(&["label-schema"]);
        for entry in labels.into_iter().flat_map(|node| node.entries().collect::<Vec<_>>()) {
            if let (Some(name), Some(value)) = (entry.key.scalar(), entry.value.scalar()) {
                settings.require(&name, &value);
            }
        }
        let is_on = |key: &str| scalar(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        settings.labels.strict = is_on("strict-labels");
        settings.no_pragmas = is_on("disable-ignore-pragma");
        settings.failure = scalar("failure-threshold").and_then(|word| failure(&word));
        if is_on("no-fail") {
            settings.failure = Some(Failure::Never);
        }
        settings
    }

    /// Adds what `HADOLINT_…` variables say; whether any said something.
    pub fn add_hadolint_variables(&mut self, variable: impl Fn(&str) -> Option<String>) -> bool {
        let mut said = false;
        let mut get = |name: &str| {
            let value = variable(&format!("HADOLINT_{name}"));
            said |= value.is_some();
            value
        };
        let list = |value: String| value.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
        let is_on =
            |value: String| ["1", "y", "yes", "true", "on"].contains(&value.to_ascii_lowercase().as_str());
        self.leave_out(&get("IGNORE").map(list).unwrap_or_default());
        for (level, severity) in LEVELS {
            let ids = get(&format!("OVERRIDE_{}", level.to_ascii_uppercase())).map(list);
            self.grade(&ids.unwrap_or_default(), severity);
        }
        self.trusted_registries.extend(get("TRUSTED_REGISTRIES").map(list).unwrap_or_default());
        for label in get("REQUIRE_LABELS").map(list).unwrap_or_default() {
            let (name, form) = label.split_once(':').unwrap_or((&label, "text"));
            self.require(name, form);
        }
        self.labels.strict |= get("STRICT_LABELS").is_some_and(is_on);
        self.no_pragmas |= get("DISABLE_IGNORE_PRAGMA").is_some_and(is_on);
        if let Some(threshold) = get("FAILURE_THRESHOLD").and_then(|word| failure(&word)) {
            self.failure = Some(threshold);
        }
        if get("NOFAIL").is_some_and(is_on) {
            self.failure = Some(Failure::Never);
        }
        said
    }

    pub(super) fn leave_out(&mut self, ids: &[String]) {
        self.layer.ignore.extend(ids.iter().filter_map(|id| Named::of(id)).map(Selector::Named));
    }

    /// Grades rules, which also turns those on that hadolint leaves off.
    pub(super) fn grade(&mut self, ids: &[String], severity: Severity) {
        for named in ids.iter().filter_map(|id| Named::of(id)) {
            self.layer.extend_select.push(Selector::Named(named.clone()));
            self.graded.push((named, severity));
        }
    }

    fn require(&mut self, name: &str, form: &str) {
        let form = LabelForm::ALL
            .into_iter()
            .find(|(word, _)| *word == form)
            .map_or(LabelForm::Text, |(_, form)| form);
        self.labels.required.push((name.to_owned(), form));
    }

    /// These settings as a `seaworthy.toml`.
    pub fn to_toml(&self) -> String {
        let quoted = |word: &str| toml::Value::String(word.to_owned()).to_string();
        let list = |words: Vec<String>| words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(", ");
        let words = |selectors: &[Selector]| selectors.iter().map(Selector::word).collect::<Vec<_>>();
        let mut text = String::new();
        if !self.layer.extend_select.is_empty() {
            _ = writeln!(text, "extend-select = [{}]", list(words(&self.layer.extend_select)));
        }
        if !self.layer.ignore.is_empty() {
            _ = writeln!(text, "ignore = [{}]", list(words(&self.layer.ignore)));
        }
        if !self.trusted_registries.is_empty() {
            _ = writeln!(text, "trusted-registries = [{}]", list(self.trusted_registries.clone()));
        }
        match self.failure {
            Some(Failure::From(severity)) => _ = writeln!(text, "fail-on = \"{}\"", severity.as_str()),
            Some(Failure::Never) => text.push_str("fail-on = \"never\"\n"),
            None => {}
        }
        if self.labels.strict {
            text.push_str("strict-labels = true\n");
        }
        if !self.labels.required.is_empty() {
            text.push_str("\n[label-schema]\n");
        }
        for (name, form) in &self.labels.required {
            let word = LabelForm::ALL.into_iter().find(|(_, f)| f == form).map_or("text", |(word, _)| word);
            _ = writeln!(text, "{} = \"{word}\"", quoted(name));
        }
        if !self.graded.is_empty() {
            text.push_str("\n[rules]\n");
        }
        for (named, severity) in &self.graded {
            _ = writeln!(text, "{} = {{ severity = \"{}\" }}", quoted(named.word()), severity.as_str());
        }
        text
    }
}

/// A `failure-threshold`.
fn failure(word: &str) -> Option<Failure> {
    match word {
        "none" => Some(Failure::Never),
        "ignore" => Some(Failure::From(Severity::Low)),
        word => {
            LEVELS.into_iter().find(|(level, _)| *level == word).map(|(_, severity)| Failure::From(severity))
        }
    }
}
