//! Settings: as written in `seaworthy.toml` or `.hadolint.yaml`, and as meant.

mod schema;

use seaworthy_syntax::spelling::nearest;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::Yaml;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use schema::schema;

use crate::images::Day;
use crate::rule::{Category, Rule, Severity, Target};
use crate::rules;

/// A file of settings, as meant.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What it says of which rules run.
    pub layer: Layer,
    /// Rules that do not run on the files that a pattern matches, in the pattern language of `.gitignore`.
    pub per_file_ignores: Vec<(String, Vec<Selector>)>,
    /// Patterns of files that are not checked, in the pattern language of `.gitignore`.
    pub exclude: Vec<String>,
    /// The least severity that is reported.
    pub severity: Option<Severity>,
    /// What the containers are meant to run on.
    pub target: Option<Target>,
    /// Severities that replace a rule's own.
    pub severities: BTreeMap<&'static str, Severity>,
    /// Registries that images may come from; empty for any.
    pub trusted_registries: Vec<String>,
}

/// What one place says of which rules run.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// These and no others.
    pub select: Option<Vec<Selector>>,
    /// These as well.
    pub extend_select: Vec<Selector>,
    /// Not these.
    pub ignore: Vec<Selector>,
}

/// A word that stands for rules.
#[derive(Clone, Debug)]
pub enum Selector {
    /// Every rule, those of style too.
    All,
    /// The rules of a category.
    Category(Category),
    /// The rule of a name, or the rules that share another tool's id.
    Rules(Vec<&'static Rule>),
}

/// What is wrong with a file of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and what was probably meant.
    pub message: String,
    /// Where, in bytes.
    pub range: Range<usize>,
}

/// What applies to the findings in one source.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The rules that run, sorted by name.
    pub rules: Vec<&'static Rule>,
    /// Severities that replace a rule's own.
    pub severities: BTreeMap<&'static str, Severity>,
    /// The least severity that is reported.
    pub severity: Option<Severity>,
    /// What the containers are meant to run on.
    pub target: Option<Target>,
    /// Registries that images may come from; empty for any.
    pub trusted_registries: Vec<String>,
}

/// What the user asked for, as meant.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rules that run, sorted by name, where no scope says otherwise.
    pub rules: Vec<&'static Rule>,
    /// The least severity that is reported, where no scope says otherwise.
    pub severity: Severity,
    /// The target the user named.
    pub target: Option<Target>,
    /// Today, which decides what has ended; `None` where nobody says.
    pub today: Option<Day>,
    /// Whether findings say how a change of a container mends them: an output without fixes is made sooner without.
    pub fixes: bool,
    /// What applies to each source instead, by [`SourceId`].
    pub scopes: Vec<Arc<Scope>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: rules::ALL.iter().copied().filter(|r| r.default).collect(),
            severity: Severity::Low,
            target: None,
            today: None,
            fixes: true,
            scopes: Vec::new(),
        }
    }
}

impl Config {
    /// What applies to a source, where it is not what applies to all.
    pub(crate) fn scope(&self, source: SourceId) -> Option<&Scope> {
        self.scopes.get(source.0 as usize).map(Arc::as_ref)
    }

    /// Whether a rule runs on a source.
    pub fn runs(&self, rule: &Rule, source: SourceId) -> bool {
        let rules = self.scope(source).map_or(&self.rules, |scope| &scope.rules);
        rules.binary_search_by(|r| r.name.cmp(rule.name)).is_ok()
    }

    /// The severity that replaces a rule's own in a source.
    pub(crate) fn severity_of(&self, rule: &Rule, source: SourceId) -> Option<Severity> {
        self.scope(source)?.severities.get(rule.name).copied()
    }

    /// Whether a finding of a severity is reported in a source.
    pub(crate) fn reports(&self, severity: Severity, source: SourceId) -> bool {
        severity >= self.scope(source).and_then(|scope| scope.severity).unwrap_or(self.severity)
    }

    /// What the containers of a source are meant to run on, where the user said so.
    pub(crate) fn target_of(&self, source: SourceId) -> Option<Target> {
        self.target.or_else(|| self.scope(source)?.target)
    }

    /// Every rule that runs on some source.
    pub(crate) fn all_rules(&self) -> Vec<&'static Rule> {
        let mut rules: Vec<_> = self.rules.clone();
        let mut last: Option<&Arc<Scope>> = None;
        for scope in &self.scopes {
            if !last.is_some_and(|l| Arc::ptr_eq(l, scope)) {
                rules.extend(&scope.rules);
                last = Some(scope);
            }
        }
        rules.sort_by_key(|r| r.name);
        rules.dedup_by_key(|r| r.name);
        rules
    }
}

/// The rules that run after every layer has had its say, the last the loudest; sorted by name.
///
/// Within a layer the narrower word wins: a rule over its category, a category over `all`. A syntax error is reported
/// unless it is ignored, and a transformation is on unless it is ignored: who selects rules says what is checked.
pub fn resolve(layers: &[&Layer]) -> Vec<&'static Rule> {
    rules::ALL
        .iter()
        .copied()
        .filter(|rule| {
            layers.iter().fold(rule.default, |on, layer| {
                let chosen = layer.select.iter().flatten().chain(&layer.extend_select);
                let chosen = chosen.filter_map(|s| s.width(rule)).max();
                let ignored = layer.ignore.iter().filter_map(|s| s.width(rule)).max();
                match (chosen, ignored) {
                    (None, None) => {
                        let stays =
                            rule.name == "syntax-error" || rule.is_transformation() || rule.is_measured();
                        on && (layer.select.is_none() || stays)
                    }
                    (chosen, ignored) => chosen > ignored,
                }
            })
        })
        .collect()
}

impl Selector {
    /// What a word stands for.
    ///
    /// # Errors
    /// No rule has this name or id; the message says which was probably meant.
    pub fn of(word: &str) -> Result<Self, String> {
        if word.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        if let Some(category) = Category::ALL.into_iter().find(|c| c.as_str().eq_ignore_ascii_case(word)) {
            return Ok(Self::Category(category));
        }
        let found = rules::find(word);
        if found.is_empty() {
            return Err(match nearest(word, every_word()) {
                Some(near) => format!("no rule is called `{word}`; did you mean `{near}`?"),
                None => format!("no rule is called `{word}`; `seaworthy rules` lists them"),
            });
        }
        Ok(Self::Rules(found))
    }

    /// How narrowly it names a rule; `None` where it does not.
    fn width(&self, rule: &Rule) -> Option<u8> {
        match self {
            Self::All => Some(1),
            Self::Category(category) => (rule.category == *category).then_some(2),
            Self::Rules(rules) => rules.iter().any(|r| r.name == rule.name).then_some(3),
        }
    }

    /// Whether it stands for a rule.
    pub fn covers(&self, rule: &Rule) -> bool {
        self.width(rule).is_some()
    }
}

fn every_word() -> impl Iterator<Item = &'static str> {
    rules::ALL
        .iter()
        .flat_map(|r| std::iter::once(r.name).chain(r.aliases.iter().copied()))
        .chain(Category::ALL.into_iter().map(Category::as_str))
        .chain(["all"])
}

/// The options of `seaworthy.toml`, with what the schema says of each.
const OPTIONS: [(&str, &str); 9] = [
    ("select", "Run these rules and no others: names, other tools' ids, categories, or all"),
    ("extend-select", "Run these rules as well"),
    ("ignore", "Leave these rules out"),
    ("per-file-ignores", "Rules to leave out on the files that a pattern matches"),
    ("exclude", "Patterns of files that are not checked, as in a .gitignore"),
    ("severity", "Report nothing below this severity"),
    ("target", "What the containers are meant to run on, where the project does not tell"),
    ("trusted-registries", "Registries that images may come from; any where this is missing"),
    ("rules", "Settings of single rules"),
];

impl Settings {
    /// Reads a `seaworthy.toml`: what it says, and everything that is wrong with it.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let message = error.message().trim_end_matches('.').replace('\n', ", ");
                return (Self::default(), vec![Problem { message, range: error.span().unwrap_or(0..0) }]);
            }
        };
        let mut reader = Reader::default();
        let mut settings = Self::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "select" => {
                    let before = reader.problems.len();
                    let selectors = reader.selectors(value);
                    // Where no word of it is right, nobody knows what was meant to run.
                    let lost = selectors.is_empty() && reader.problems.len() > before;
                    settings.layer.select = (!lost).then_some(selectors);
                }
                "extend-select" => settings.layer.extend_select = reader.selectors(value),
                "ignore" => settings.layer.ignore = reader.selectors(value),
                "per-file-ignores" => {
                    for (pattern, value) in reader.table(value) {
                        let selectors = reader.selectors(value);
                        settings.per_file_ignores.push((pattern.get_ref().to_string(), selectors));
                    }
                }
                "exclude" => settings.exclude = reader.strings(value),
                "trusted-registries" => settings.trusted_registries = reader.strings(value),
                "severity" => settings.severity = reader.severity(value),
                "target" => {
                    settings.target =
                        reader.word(value, &[("docker", Target::Docker), ("kubernetes", Target::Kubernetes)]);
                }
                "rules" => {
                    for (name, value) in reader.table(value) {
                        reader.rule(name, value, &mut settings.severities);
                    }
                }
                other => reader.unknown("option", other, key.span(), OPTIONS.iter().map(|(name, _)| *name)),
            }
        }
        reader.problems.sort_by_key(|p| p.range.start);
        (settings, reader.problems)
    }

    /// Reads a `.hadolint.yaml`. What hadolint has and we have not says nothing here.
    pub fn hadolint(text: &str) -> Self {
        let text: Arc<str> = text.into();
        let yaml = Yaml::parse(SourceId(0), &text);
        let mut settings = Self::default();
        let Some(root) = yaml.documents().flatten().next() else { return settings };
        let strings = |path: &[&str]| -> Vec<String> {
            let items = root.at(path).into_iter().flat_map(|node| node.items().collect::<Vec<_>>());
            items.filter_map(|item| item.scalar().map(std::borrow::Cow::into_owned)).collect()
        };
        for id in strings(&["ignored"]) {
            settings.layer.ignore.push(Selector::Rules(rules::find(&id)));
        }
        let levels = [
            ("error", Severity::High),
            ("warning", Severity::Medium),
            ("info", Severity::Low),
            ("style", Severity::Low),
        ];
        for (level, severity) in levels {
            for rule in strings(&["override", level]).iter().flat_map(|id| rules::find(id)) {
                settings.severities.insert(rule.name, severity);
            }
        }
        settings.trusted_registries = strings(&["trustedRegistries"]);
        settings
    }

    /// What applies to a source whose path matches these of the patterns in [`Settings::per_file_ignores`].
    pub fn scope(&self, over: &Layer, matched: &[usize]) -> Scope {
        let mut rules = resolve(&[&self.layer, over]);
        let left_out = matched.iter().filter_map(|n| self.per_file_ignores.get(*n)).flat_map(|(_, s)| s);
        let left_out: Vec<&Selector> = left_out.collect();
        rules.retain(|rule| !left_out.iter().any(|s| s.covers(rule)));
        Scope {
            rules,
            severities: self.severities.clone(),
            severity: self.severity,
            target: self.target,
            trusted_registries: self.trusted_registries.clone(),
        }
    }
}

/// Reads values and notes what is wrong with them.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader {
    fn problem(&mut self, range: Range<usize>, message: String) {
        self.problems.push(Problem { message, range });
    }

    fn unknown<'a>(
        &mut self,
        what: &str,
        word: &str,
        range: Range<usize>,
        words: impl Iterator<Item = &'a str>,
    ) {
        let words: Vec<&str> = words.collect();
        let message = match nearest(word, words.iter().copied()) {
            Some(near) => format!("unknown {what} `{word}`; did you mean `{near}`?"),
            None => format!("unknown {what} `{word}`; there are: {}", words.join(", ")),
        };
        self.problem(range, message);
    }

    fn string<'v>(&mut self, value: &'v Value<'_>) -> Option<&'v str> {
        let string = value.get_ref().as_str();
        if string.is_none() {
            self.problem(value.span(), format!("expected a string, not {}", kind(value.get_ref())));
        }
        string
    }

    fn array<'v, 'a>(&mut self, value: &'v Value<'a>) -> &'v [Value<'a>] {
        match value.get_ref() {
            DeValue::Array(array) => array,
            other => {
                self.problem(value.span(), format!("expected a list, not {}", kind(other)));
                &[]
            }
        }
    }

    fn table<'v, 'a>(
        &mut self,
        value: &'v Value<'a>,
    ) -> impl Iterator<Item = (&'v Spanned<std::borrow::Cow<'a, str>>, &'v Value<'a>)> + use<'v, 'a> {
        let table = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                self.problem(value.span(), format!("expected a table, not {}", kind(other)));
                None
            }
        };
        table.into_iter().flat_map(DeTable::iter)
    }

    fn strings(&mut self, value: &Value<'_>) -> Vec<String> {
        self.array(value).iter().filter_map(|v| self.string(v).map(str::to_owned)).collect()
    }

    fn selectors(&mut self, value: &Value<'_>) -> Vec<Selector> {
        let mut selectors = Vec::new();
        for value in self.array(value) {
            match self.string(value).map(Selector::of) {
                Some(Ok(selector)) => selectors.push(selector),
                Some(Err(message)) => self.problem(value.span(), message),
                None => {}
            }
        }
        selectors
    }

    fn word<T: Copy>(&mut self, value: &Value<'_>, words: &[(&'static str, T)]) -> Option<T> {
        let word = self.string(value)?;
        let found = words.iter().find(|(w, _)| *w == word);
        if found.is_none() {
            self.unknown("value", word, value.span(), words.iter().map(|(w, _)| *w));
        }
        found.map(|(_, meant)| *meant)
    }

    fn severity(&mut self, value: &Value<'_>) -> Option<Severity> {
        self.word(value, &Severity::ALL.map(|s| (s.as_str(), s)))
    }

    fn rule(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
        severities: &mut BTreeMap<&'static str, Severity>,
    ) {
        let rules = rules::find(name.get_ref());
        if rules.is_empty() {
            self.unknown("rule", name.get_ref(), name.span(), rules::ALL.iter().map(|r| r.name));
        }
        for (key, value) in self.table(value) {
            if key.get_ref() != "severity" {
                self.unknown("option", key.get_ref(), key.span(), ["severity"].into_iter());
                continue;
            }
            if let Some(severity) = self.severity(value) {
                severities.extend(rules.iter().map(|rule| (rule.name, severity)));
            }
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
