//! Settings: as written in `seaworthy.toml` or `.hadolint.yaml`, and as meant.

mod hadolint;
mod others;
mod schema;

use seaworthy_syntax::spelling::nearest;
use std::ops::Range;
use std::sync::Arc;

use seaworthy_syntax::SourceId;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use schema::schema;

use crate::diagnostic::Diagnostic;
use crate::images::Day;
use crate::rule::{Category, Named, Rule, Severity, Target};
use crate::rules;
use crate::schema::{Minor, Store};

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
    /// The release of Kubernetes that manifests are meant for.
    pub kubernetes: Option<Minor>,
    /// Registries that images may come from; empty for any.
    pub trusted_registries: Vec<String>,
    /// Files of values that charts are rendered with, from the directory of the settings, the last the loudest.
    pub values: Vec<String>,
    /// Values of charts in the notation of Helm's `--set`, the last the loudest.
    pub set: Vec<String>,
    /// A folder with definitions of custom resources, from the directory of the settings.
    pub schemas: Option<String>,
    /// The labels that images have to have.
    pub labels: Labels,
    /// Severities that replace those of rules, or of what other tools' ids mean; the last counts.
    pub graded: Vec<(Named, Severity)>,
    /// What makes a run fail.
    pub failure: Option<Failure>,
    /// Comments of other tools silence nothing.
    pub no_pragmas: bool,
}

/// What makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A finding of this severity, or a higher one.
    From(Severity),
    /// No finding.
    Never,
}

/// The labels that images have to have.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// Each with the form of its value, in the order of their names.
    pub required: Vec<(String, LabelForm)>,
    /// Whether there may be no others.
    pub strict: bool,
}

/// The form of a label's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelForm {
    /// Anything.
    Text,
    /// A time as RFC 3339 writes it.
    Rfc3339,
    /// A version as semantic versioning writes it.
    Semver,
    /// A commit of Git.
    Hash,
    /// An address.
    Url,
    /// A licence by its SPDX identifier, or an expression of several.
    Spdx,
    /// A mail address.
    Email,
}

impl LabelForm {
    /// Every form with its word in settings.
    pub const ALL: [(&'static str, Self); 7] = [
        ("text", Self::Text),
        ("rfc3339", Self::Rfc3339),
        ("semver", Self::Semver),
        ("hash", Self::Hash),
        ("url", Self::Url),
        ("spdx", Self::Spdx),
        ("email", Self::Email),
    ];
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
    /// What a level of the Pod Security Standards refuses.
    Level(Level),
    /// The rule of a name, or what rules find under another tool's id.
    Named(Named),
}

/// A level of the Pod Security Standards. Its controls are ids of findings: `baseline:Host-Ports`, `restricted:Seccomp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What leads out of a pod is refused.
    Baseline,
    /// What a pod does not need is refused too.
    Restricted,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 2] = [Self::Baseline, Self::Restricted];

    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "pod-security-baseline",
            Self::Restricted => "pod-security-restricted",
        }
    }

    /// Whether an id is one of its controls.
    fn has(self, id: &str) -> bool {
        id.starts_with("baseline:") || self == Self::Restricted && id.starts_with("restricted:")
    }
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
    /// What was said of which rules run, the last the loudest.
    pub layers: Vec<Layer>,
    /// What is left out besides.
    pub ignore: Vec<Selector>,
    /// The least severity that is reported.
    pub severity: Option<Severity>,
    /// What the containers are meant to run on.
    pub target: Option<Target>,
    /// The release of Kubernetes that manifests are meant for.
    pub kubernetes: Option<Minor>,
    /// Registries that images may come from; empty for any.
    pub trusted_registries: Vec<String>,
    /// The labels that images have to have.
    pub labels: Labels,
    /// Severities that replace those of rules, or of what other tools' ids mean; the last counts.
    pub graded: Vec<(Named, Severity)>,
    /// What makes a run fail.
    pub failure: Option<Failure>,
    /// Comments of other tools silence nothing.
    pub no_pragmas: bool,
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
    /// The release of Kubernetes that the user named.
    pub kubernetes: Option<Minor>,
    /// Schemas of custom resources that the user gave.
    pub schemas: Option<Arc<Store>>,
    /// Today, which decides what has ended; `None` where nobody says.
    pub today: Option<Day>,
    /// Whether findings say how a change of a container mends them: an output without fixes is made sooner without.
    pub fixes: bool,
    /// What was said of which rules run, the last the loudest, where no scope says otherwise.
    pub layers: Vec<Layer>,
    /// What applies to each source instead, by [`SourceId`].
    pub scopes: Vec<Arc<Scope>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: rules::ALL.iter().copied().filter(|r| r.default).collect(),
            severity: Severity::Low,
            target: None,
            kubernetes: None,
            schemas: None,
            today: None,
            fixes: true,
            layers: Vec::new(),
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

    /// Whether a finding is wanted, be it graded as it may.
    pub(crate) fn wants(&self, diagnostic: &Diagnostic) -> bool {
        let (rule, source) = (diagnostic.rule, diagnostic.span.source);
        if !self.runs(rule, source) {
            return false;
        }
        let scope = self.scope(source);
        if scope.is_some_and(|scope| scope.ignore.iter().any(|s| s.covers(diagnostic))) {
            return false;
        }
        let layers: Vec<&Layer> = scope.map_or(&self.layers, |scope| &scope.layers).iter().collect();
        let quiet =
            layers.iter().all(|l| l.select.is_none() && l.extend_select.is_empty() && l.ignore.is_empty());
        if layers.is_empty() || quiet {
            return !diagnostic.aside;
        }
        match standing(&layers, rule, Some(diagnostic)) {
            Standing::Off => false,
            Standing::On => !diagnostic.aside,
            Standing::Wide => true,
        }
    }

    /// Whether somebody may want findings of a rule that matter little in their place.
    pub(crate) fn asks_for_asides(&self, rule: &'static Rule, source: SourceId) -> bool {
        let layers = self.scope(source).map_or(&self.layers, |scope| &scope.layers);
        let chosen = layers.iter().flat_map(|l| l.select.iter().flatten().chain(&l.extend_select));
        chosen.filter(|s| s.width(rule, None).is_some()).any(Selector::is_wide)
    }

    /// The severity that replaces a finding's own.
    pub(crate) fn severity_of(&self, diagnostic: &Diagnostic) -> Option<Severity> {
        let scope = self.scope(diagnostic.span.source)?;
        let graded = scope.graded.iter().rev().find(|(named, _)| named.covers(diagnostic))?;
        Some(graded.1)
    }

    /// Whether comments of other tools silence something in a source.
    pub(crate) fn hears_pragmas(&self, source: SourceId) -> bool {
        !self.scope(source).is_some_and(|scope| scope.no_pragmas)
    }

    /// Whether a finding makes the run fail.
    pub fn fails(&self, diagnostic: &Diagnostic) -> bool {
        match self.scope(diagnostic.span.source).and_then(|scope| scope.failure) {
            Some(Failure::From(severity)) => diagnostic.severity >= severity,
            Some(Failure::Never) => false,
            None => true,
        }
    }

    /// Whether a finding of a severity is reported in a source.
    pub(crate) fn reports(&self, severity: Severity, source: SourceId) -> bool {
        severity >= self.scope(source).and_then(|scope| scope.severity).unwrap_or(self.severity)
    }

    /// What the containers of a source are meant to run on, where the user said so.
    pub(crate) fn target_of(&self, source: SourceId) -> Option<Target> {
        self.target.or_else(|| self.scope(source)?.target)
    }

    /// The release of Kubernetes that a manifest is meant for.
    pub(crate) fn kubernetes_of(&self, source: SourceId) -> Minor {
        self.kubernetes.or_else(|| self.scope(source)?.kubernetes).unwrap_or_default()
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
    let on = |rule: &&'static Rule| standing(layers, rule, None) != Standing::Off;
    rules::ALL.iter().copied().filter(on).collect()
}

/// How a rule, or one of its findings, stands after every layer has had its say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Off,
    /// On.
    On,
    /// On wherever it may be found: asked for by another tool's id, or with all others.
    Wide,
}

fn standing(layers: &[&Layer], rule: &'static Rule, finding: Option<&Diagnostic>) -> Standing {
    let first = if rule.default { Standing::On } else { Standing::Off };
    layers.iter().fold(first, |before, layer| {
        let chosen = layer.select.iter().flatten().chain(&layer.extend_select);
        let chosen = chosen.filter_map(|s| Some((s.width(rule, finding)?, s.is_wide()))).max();
        let (chosen, wide) = (chosen.map(|c| c.0), chosen.is_some_and(|c| c.1));
        // An id that means some findings of a rule leaves it on for the others.
        let ignored = layer.ignore.iter().filter(|s| finding.is_some() || s.is_all_of(rule));
        let ignored = ignored.filter_map(|s| s.width(rule, finding)).max();
        match (chosen, ignored) {
            (None, None) => {
                let stays = rule.name == "syntax-error" || rule.is_transformation() || rule.is_measured();
                if layer.select.is_none() || stays { before } else { Standing::Off }
            }
            (chosen, ignored) if chosen <= ignored => Standing::Off,
            _ if wide => Standing::Wide,
            _ => Standing::On,
        }
    })
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
        if let Some(level) = Level::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(word)) {
            return Ok(Self::Level(level));
        }
        Named::of(word).map(Self::Named).ok_or_else(|| match nearest(word, every_word()) {
            Some(near) => format!("no rule is called `{word}`; did you mean `{near}`?"),
            None => format!("no rule is called `{word}`; `seaworthy rules` lists them"),
        })
    }

    /// The word that stands for it.
    fn word(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Category(category) => category.as_str().to_owned(),
            Self::Level(level) => level.as_str().to_owned(),
            Self::Named(named) => named.word().to_owned(),
        }
    }

    /// How narrowly it names a rule, or one of its findings; `None` where it does not.
    fn width(&self, rule: &Rule, finding: Option<&Diagnostic>) -> Option<u8> {
        match self {
            Self::All => Some(1),
            Self::Category(category) => (rule.category == *category).then_some(2),
            Self::Level(level) => {
                let ids = finding.map_or(rule.aliases, |finding| finding.ids);
                ids.iter().any(|id| level.has(id)).then_some(2)
            }
            Self::Named(named) => finding.map_or(named.names(rule), |d| named.covers(d)).then_some(3),
        }
    }

    /// Whether it asks for what matters little in its place too: who names another tool's id expects what that tool finds.
    fn is_wide(&self) -> bool {
        match self {
            Self::All | Self::Level(_) => true,
            Self::Category(_) => false,
            Self::Named(named) => named.is_id(),
        }
    }

    /// Whether every finding of a rule is one that it stands for.
    fn is_all_of(&self, rule: &Rule) -> bool {
        match self {
            Self::Named(named) => named.names_all(rule),
            Self::Level(_) => false,
            Self::All | Self::Category(_) => true,
        }
    }

    /// Whether it stands for a rule, or for some of its findings.
    pub fn names(&self, rule: &Rule) -> bool {
        self.width(rule, None).is_some()
    }

    /// Whether it stands for a finding.
    fn covers(&self, diagnostic: &Diagnostic) -> bool {
        self.width(diagnostic.rule, Some(diagnostic)).is_some()
    }
}

fn every_word() -> impl Iterator<Item = &'static str> {
    rules::ALL
        .iter()
        .flat_map(|r| std::iter::once(r.name).chain(r.aliases.iter().copied()))
        .chain(Category::ALL.into_iter().map(Category::as_str))
        .chain(Level::ALL.into_iter().map(Level::as_str))
        .chain(["all"])
}

/// The options of `seaworthy.toml`, with what the schema says of each.
const OPTIONS: [(&str, &str); 16] = [
    ("select", "Run these rules and no others: names, other tools' ids, categories, or all"),
    ("extend-select", "Run these rules as well"),
    ("ignore", "Leave these rules out"),
    ("per-file-ignores", "Rules to leave out on the files that a pattern matches"),
    ("exclude", "Patterns of files that are not checked, as in a .gitignore"),
    ("severity", "Report nothing below this severity"),
    ("fail-on", "The least severity that makes the exit status 1, or never"),
    ("target", "What the containers are meant to run on, where the project does not tell"),
    (
        "kubernetes-version",
        "The release of Kubernetes that manifests are meant for; the newest that is known where this is missing",
    ),
    (
        "values",
        "Files of values that Helm charts are rendered with over their own, from the directory of this file",
    ),
    ("set", "Values that Helm charts are rendered with, as Helm's --set has them"),
    ("schemas", "A folder with definitions of custom resources, from the directory of this file"),
    ("trusted-registries", "Registries that images may come from; any where this is missing"),
    (
        "label-schema",
        "Labels that images have to have, each with the form of its value: text, rfc3339, semver, hash, url, spdx or email",
    ),
    ("strict-labels", "Whether images may have no labels but these"),
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
                "values" => settings.values = reader.strings(value),
                "set" => settings.set = reader.strings(value),
                "schemas" => settings.schemas = reader.string(value).map(str::to_owned),
                "trusted-registries" => settings.trusted_registries = reader.strings(value),
                "severity" => settings.severity = reader.severity(value),
                "target" => {
                    settings.target =
                        reader.word(value, &[("docker", Target::Docker), ("kubernetes", Target::Kubernetes)]);
                }
                "kubernetes-version" => settings.kubernetes = reader.parsed(value),
                "fail-on" => {
                    let words = Severity::ALL.map(|s| (s.as_str(), Failure::From(s)));
                    let words: Vec<_> = words.into_iter().chain([("never", Failure::Never)]).collect();
                    settings.failure = reader.word(value, &words);
                }
                "label-schema" => {
                    for (name, value) in reader.table(value) {
                        let form = reader.word(value, &LabelForm::ALL).unwrap_or(LabelForm::Text);
                        settings.labels.required.push((name.get_ref().to_string(), form));
                    }
                }
                "strict-labels" => settings.labels.strict = reader.boolean(value),
                "rules" => {
                    for (name, value) in reader.table(value) {
                        reader.rule(name, value, &mut settings.graded);
                    }
                }
                other => reader.unknown("option", other, key.span(), OPTIONS.iter().map(|(name, _)| *name)),
            }
        }
        reader.problems.sort_by_key(|p| p.range.start);
        (settings, reader.problems)
    }

    /// What applies to a source whose path matches these of the patterns in [`Settings::per_file_ignores`].
    pub fn scope(&self, over: &Layer, matched: &[usize]) -> Scope {
        let mut rules = resolve(&[&self.layer, over]);
        let ignore = matched.iter().filter_map(|n| self.per_file_ignores.get(*n)).flat_map(|(_, s)| s);
        let ignore: Vec<Selector> = ignore.cloned().collect();
        rules.retain(|rule| !ignore.iter().any(|s| s.is_all_of(rule) && s.names(rule)));
        Scope {
            rules,
            layers: vec![self.layer.clone(), over.clone()],
            ignore,
            severity: self.severity,
            target: self.target,
            kubernetes: self.kubernetes,
            trusted_registries: self.trusted_registries.clone(),
            labels: self.labels.clone(),
            graded: self.graded.clone(),
            failure: self.failure,
            no_pragmas: self.no_pragmas,
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

    fn boolean(&mut self, value: &Value<'_>) -> bool {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.problem(value.span(), format!("expected true or false, not {}", kind(value.get_ref())));
        }
        found.unwrap_or_default()
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

    fn parsed<T: std::str::FromStr<Err = String>>(&mut self, value: &Value<'_>) -> Option<T> {
        let parsed = self.string(value)?.parse();
        parsed.map_err(|message| self.problem(value.span(), message)).ok()
    }

    fn severity(&mut self, value: &Value<'_>) -> Option<Severity> {
        self.word(value, &Severity::ALL.map(|s| (s.as_str(), s)))
    }

    fn rule(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
        graded: &mut Vec<(Named, Severity)>,
    ) {
        let named = Named::of(name.get_ref());
        if named.is_none() {
            self.unknown("rule", name.get_ref(), name.span(), rules::ALL.iter().map(|r| r.name));
        }
        for (key, value) in self.table(value) {
            if key.get_ref() != "severity" {
                self.unknown("option", key.get_ref(), key.span(), ["severity"].into_iter());
                continue;
            }
            if let Some(severity) = self.severity(value) {
                graded.extend(named.clone().map(|named| (named, severity)));
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
