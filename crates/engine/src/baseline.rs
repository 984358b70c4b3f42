//! What was found before, so that only what is new counts.
//!
//! A finding is known again by its rule, its file, and a digest of the object it is in and of the text it stands at, not by its
//! line: what is added above it does not make it new. Of several alike as many are old as there were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::check::Report;
use crate::diagnostic::Diagnostic;
use crate::project::Project;

/// The form of the file; another number is another form.
const VERSION: u32 = 1;

/// Findings of another time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    counts: BTreeMap<Key, u32>,
}

/// What a finding is known again by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    path: String,
    rule: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    findings: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    path: String,
    rule: String,
    digest: String,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_one(count: &u32) -> bool {
    *count == 1
}

impl Baseline {
    /// What a report found.
    pub fn of(report: &Report, project: &Project) -> Self {
        let mut counts = BTreeMap::new();
        for diagnostic in &report.diagnostics {
            *counts.entry(Key::of(diagnostic, project)).or_default() += 1;
        }
        Self { counts }
    }

    /// Reads a file that [`Baseline::write`] wrote.
    ///
    /// # Errors
    /// It is none, or of a form that this release does not know; the message says so.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| format!("is no baseline: {error}"))?;
        if file.version != VERSION {
            return Err(format!("is a baseline of form {}, and this release knows {VERSION}", file.version));
        }
        let mut counts = BTreeMap::new();
        for Row { path, rule, digest, count } in file.findings {
            *counts.entry(Key { path, rule, digest }).or_default() += count;
        }
        Ok(Self { counts })
    }

    /// The text of a file, sorted, so that it changes no more than the findings do.
    ///
    /// # Errors
    /// None that can happen; serialization says so by its type.
    pub fn write(&self) -> Result<String, String> {
        let row = |(key, count): (&Key, &u32)| Row {
            path: key.path.clone(),
            rule: key.rule.clone(),
            digest: key.digest.clone(),
            count: *count,
        };
        let file = File { version: VERSION, findings: self.counts.iter().map(row).collect() };
        let text = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }

    /// Takes what was found before out of a report; how many that are, and how many of the old are gone.
    pub fn subtract(&self, report: &mut Report, project: &Project) -> (usize, usize) {
        let mut left = self.counts.clone();
        let before = report.diagnostics.len();
        report.diagnostics.retain(|diagnostic| match left.get_mut(&Key::of(diagnostic, project)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        (before - report.diagnostics.len(), left.values().map(|count| *count as usize).sum())
    }
}

impl Key {
    fn of(diagnostic: &Diagnostic, project: &Project) -> Self {
        let span = diagnostic.span;
        let mut hash = Sha256::new();
        if let Some(object) = project.objects.iter().find(|object| {
            object.source == span.source
                && project.node(object.place).is_some_and(|node| {
                    let whole = node.full_span();
                    whole.start <= span.start && span.start < whole.end
                })
        }) {
            hash.update(object.kind.value.as_bytes());
            hash.update([0]);
            hash.update(object.name.as_ref().map_or("", |name| name.value.as_str()).as_bytes());
        }
        hash.update([0]);
        // A digest of a secret would help to guess it.
        if diagnostic.hidden.is_empty() {
            let text = project.source_text(span.source);
            let start = text.get(..span.start as usize).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
            let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            for word in line.split_whitespace() {
                hash.update(word.as_bytes());
                hash.update([b' ']);
            }
        } else {
            hash.update(diagnostic.message.as_bytes());
        }
        let digest = hash.finalize();
        let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            path: project.path(span.source).as_str().to_owned(),
            rule: diagnostic.rule.name.to_owned(),
            digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Config, check};
    use crate::{Files, Kind, Source, SourceId, parse};

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: api\nspec:\n  containers:\n    - name: api\n      image: redis\n";

    fn checked(text: &str) -> (Report, Project) {
        let source = Source::from_bytes("k8s/api.yaml", Kind::Manifest, text.as_bytes().to_vec());
        let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
        (check(&project, &Config::default()), project)
    }

    #[test]
    fn only_what_is_new_is_left() {
        let (report, project) = checked(POD);
        let written = Baseline::of(&report, &project).write().expect("it is written");
        let baseline = Baseline::read(&written).expect("it is read");
        assert!(report.diagnostics.len() > 3);

        let (mut same, project) = checked(&format!("# Moved.\n\n{POD}"));
        let count = same.diagnostics.len();
        assert_eq!(baseline.subtract(&mut same, &project), (count, 0));
        assert!(same.diagnostics.is_empty());

        let (mut more, project) = checked(&format!("{POD}    - name: other\n      image: nginx\n"));
        baseline.subtract(&mut more, &project);
        assert!(!more.diagnostics.is_empty());
        assert!(more.diagnostics.iter().all(|d| d.message.contains("other") || d.message.contains("nginx")));
    }

    #[test]
    fn what_is_no_baseline_is_told() {
        assert!(Baseline::read("[]").is_err());
        assert!(Baseline::read("{\"version\": 9, \"findings\": []}").unwrap_err().contains('9'));
    }
}
