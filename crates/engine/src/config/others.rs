//! Settings of other tools for manifests and Compose files, as far as they say which of their checks are wanted.

use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Node, NodeKind, Yaml};

use super::{Selector, Settings};
use crate::rule::Severity;

/// What a tool calls its file of settings, and how it is read.
type Reader = fn(Node<'_>, &mut Settings);

const FILES: [(&str, Reader); 15] = [
    (".kube-linter.yaml", kube_linter),
    (".kube-linter.yml", kube_linter),
    (".checkov.yaml", checkov),
    (".checkov.yml", checkov),
    ("polaris.yaml", polaris),
    ("polaris.yml", polaris),
    (".polaris.yaml", polaris),
    (".trivyignore.yaml", trivy),
    (".compose-lint.yml", compose_lint),
    (".compose-lint.yaml", compose_lint),
    (".dclintrc", dclint),
    (".dclintrc.yaml", dclint),
    (".dclintrc.yml", dclint),
    (".dclintrc.json", dclint),
    (".trivyignore", |_, _| {}),
];

impl Settings {
    /// The names of files that [`Settings::add_other`] reads.
    pub fn others() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// Adds what another tool's file of settings says of which checks are wanted.
    pub fn add_other(&mut self, name: &str, text: &str) {
        if name == ".trivyignore" {
            let words = text.lines().filter_map(|line| line.split('#').next()?.split_whitespace().next());
            self.leave_out(&words.map(str::to_owned).collect::<Vec<_>>());
            return;
        }
        let Some((_, read)) = FILES.iter().find(|(known, _)| *known == name) else { return };
        let text: Arc<str> = text.into();
        let yaml = Yaml::parse(SourceId(0), &text);
        if let Some(root) = yaml.documents().flatten().next() {
            read(root, self);
        }
    }

    fn ask_for(&mut self, ids: &[String]) {
        self.layer.extend_select.extend(ids.iter().filter_map(|id| Selector::of(id).ok()));
    }
}

/// The texts of a list, or of a text with commas.
fn texts(node: Option<Node<'_>>) -> Vec<String> {
    let Some(node) = node.map(Node::resolve) else { return Vec::new() };
    match node.kind() {
        NodeKind::Sequence => node.items().filter_map(Node::scalar).map(|s| s.trim().to_owned()).collect(),
        NodeKind::Scalar => {
            let text = node.scalar().unwrap_or_default();
            text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
        }
        NodeKind::Mapping | NodeKind::Alias => Vec::new(),
    }
}

fn kube_linter(root: Node<'_>, settings: &mut Settings) {
    settings.ask_for(&texts(root.at(&["checks", "include"])));
    settings.leave_out(&texts(root.at(&["checks", "exclude"])));
    settings.exclude.extend(texts(root.at(&["checks", "ignorePaths"])));
}

/// What is skipped is skipped; `check` names all that is wanted.
fn checkov(root: Node<'_>, settings: &mut Settings) {
    let only: Vec<Selector> =
        texts(root.get("check")).iter().filter_map(|id| Selector::of(id).ok()).collect();
    if !only.is_empty() {
        settings.layer.select = Some(only);
    }
    settings.leave_out(&texts(root.get("skip-check")));
}

fn polaris(root: Node<'_>, settings: &mut Settings) {
    let checks = root.get("checks").into_iter().flat_map(Node::entries);
    for (id, level) in checks.filter_map(|e| e.key.scalar().zip(e.value.scalar())) {
        match level.as_ref() {
            "ignore" => settings.leave_out(&[id.into_owned()]),
            "danger" => settings.grade(&[id.into_owned()], Severity::High),
            "warning" => settings.grade(&[id.into_owned()], Severity::Medium),
            _ => {}
        }
    }
}

fn trivy(root: Node<'_>, settings: &mut Settings) {
    for item in root.get("misconfigurations").into_iter().flat_map(Node::items) {
        let id = texts(item.get("id"));
        let paths = texts(item.get("paths"));
        if paths.is_empty() {
            settings.leave_out(&id);
        }
        let ids: Vec<Selector> = id.iter().filter_map(|id| Selector::of(id).ok()).collect();
        settings.per_file_ignores.extend(paths.into_iter().map(|path| (path, ids.clone())));
    }
}

fn compose_lint(root: Node<'_>, settings: &mut Settings) {
    const LEVELS: [(&str, Severity); 4] = [
        ("critical", Severity::Critical),
        ("high", Severity::High),
        ("medium", Severity::Medium),
        ("low", Severity::Low),
    ];
    for entry in root.get("rules").into_iter().flat_map(Node::entries) {
        let Some(id) = entry.key.scalar().map(std::borrow::Cow::into_owned) else { continue };
        let value = |key| entry.value.get(key).and_then(Node::scalar);
        if value("enabled").is_some_and(|on| on.eq_ignore_ascii_case("false")) {
            settings.leave_out(&[id]);
        } else if let Some(level) = value("severity") {
            let level = LEVELS.iter().find(|(word, _)| level.eq_ignore_ascii_case(word));
            level.iter().for_each(|(_, severity)| settings.grade(std::slice::from_ref(&id), *severity));
        }
    }
}

/// Rules by number: 0 is off, 1 warns, 2 fails; a list begins with the number.
fn dclint(root: Node<'_>, settings: &mut Settings) {
    for entry in root.get("rules").into_iter().flat_map(Node::entries) {
        let Some(id) = entry.key.scalar().map(std::borrow::Cow::into_owned) else { continue };
        let first = entry.value.items().next().unwrap_or(entry.value);
        match first.scalar().as_deref() {
            Some("0") => settings.leave_out(&[id]),
            Some("1" | "2") => settings.ask_for(&[id]),
            _ => {}
        }
    }
    settings.exclude.extend(texts(root.get("exclude")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn what_they_leave_out_is_left_out() {
        for (name, text, rule) in [
            (".kube-linter.yaml", "checks:\n  exclude: [no-read-only-root-fs]\n", "writable-root"),
            (".checkov.yaml", "skip-check:\n  - CKV_K8S_22\n", "writable-root"),
            (".checkov.yml", "skip-check: CKV_K8S_22,CKV_K8S_14\n", "moving-image-tag"),
            ("polaris.yaml", "checks:\n  notReadOnlyRootFilesystem: ignore\n", "writable-root"),
            (".trivyignore", "# why\nAVD-KSV-0014 exp:2027-01-01\n", "writable-root"),
            (".trivyignore.yaml", "misconfigurations:\n  - id: KSV-0014\n", "writable-root"),
            (".compose-lint.yml", "rules:\n  CL-0007:\n    enabled: false\n", "writable-root"),
            (".dclintrc", "{\"rules\": {\"no-version-field\": 0}}", "obsolete-version"),
        ] {
            let mut settings = Settings::default();
            settings.add_other(name, text);
            let rule = rules::find(rule)[0];
            assert!(settings.layer.ignore.iter().any(|s| s.names(rule)), "{name}");
        }
    }

    #[test]
    fn what_they_ask_for_is_asked_for() {
        for (name, text, rule) in [
            (".kube-linter.yaml", "checks:\n  include: [no-node-affinity]\n", "any-node"),
            (".dclintrc.json", "{\"rules\": {\"no-version-field\": [1, {}]}}", "obsolete-version"),
            ("polaris.yaml", "checks:\n  priorityClassNotSet: danger\n", "no-priority-class"),
        ] {
            let mut settings = Settings::default();
            settings.add_other(name, text);
            let rule = rules::find(rule)[0];
            assert!(settings.layer.extend_select.iter().any(|s| s.names(rule)), "{name}");
        }
    }
}
