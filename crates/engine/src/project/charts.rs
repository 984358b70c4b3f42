//! Helm charts: rendered as `helm template` does, and what is found in what they come to told where it was caused.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_charts::helm::{self, Cause, Rendered};
use seaworthy_charts::{Failure, File, FileId, Origin};
use seaworthy_syntax::yaml::{Node, Yaml};
use seaworthy_syntax::{Edit, Kind, Source, SourceId, Span};

use super::Project;
use crate::diagnostic::{Diagnostic, Fix, Label};
use crate::parse::{Document, Files, Parse, normalise};

/// The stack that rendering gets, in bytes: templates include each other, and that recurses.
const STACK: usize = 64 << 20;

/// How many files of a chart that are no templates are handed to it.
const FILES: usize = 500;

/// What charts are rendered with besides their own values.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Files of values, the last the loudest.
    pub values: Vec<Utf8PathBuf>,
    /// Values in the notation of Helm's `--set`, the last the loudest.
    pub set: Vec<String>,
    /// The minor version of Kubernetes 1; `None` for the newest that is known.
    pub kubernetes_minor: Option<u32>,
}

/// A chart that is not rendered: its templates are not checked.
#[derive(Clone, Debug)]
pub struct NotRendered {
    /// Its directory.
    pub directory: Utf8PathBuf,
    /// Why.
    pub failure: Failure,
}

/// What the charts of a project come to.
#[derive(Debug, Default)]
pub(super) struct Charts {
    /// The number of the first source that is a rendered template's; those of the others follow.
    first: u32,
    rendered: Vec<Rendered>,
    pub(super) not_rendered: Vec<NotRendered>,
}

/// A chart among the sources.
struct Chart<'a> {
    directory: &'a Utf8Path,
    sources: Vec<&'a Parse>,
}

/// The charts among the sources, without those that lie in the `charts/` of another.
fn charts(parses: &[Parse]) -> Vec<Chart<'_>> {
    let named = parses.iter().filter(|p| p.source.kind == Kind::Chart);
    let all: BTreeSet<&Utf8Path> = named
        .filter(|p| p.source.path.file_name() == Some("Chart.yaml"))
        .filter_map(|p| p.source.path.parent())
        .collect();
    let inner = |directory: &Utf8Path| {
        directory.ancestors().skip(1).any(|above| {
            above.file_name() == Some("charts") && above.parent().is_some_and(|chart| all.contains(chart))
        })
    };
    let mut found: BTreeMap<&Utf8Path, Vec<&Parse>> =
        all.iter().filter(|d| !inner(d)).map(|d| (*d, Vec::new())).collect();
    if found.is_empty() {
        return Vec::new();
    }
    for parse in parses.iter().filter(|p| matches!(p.source.kind, Kind::Chart | Kind::Manifest)) {
        let chart = parse.source.path.ancestors().skip(1).find_map(|above| found.get_key_value(above));
        if let Some((directory, _)) = chart {
            let directory = *directory;
            found.entry(directory).or_default().push(parse);
        }
    }
    found.into_iter().map(|(directory, sources)| Chart { directory, sources }).collect()
}

/// The texts that charts need besides the sources: what lies packed in `charts/`, files that templates ask for, and values.
pub(super) fn wanted(parses: &[Parse], files: &Files) -> Vec<Utf8PathBuf> {
    let mut wanted = Vec::new();
    let charts = charts(parses);
    for chart in &charts {
        let known: BTreeSet<&Utf8Path> = chart.sources.iter().map(|p| p.source.path.as_path()).collect();
        let asks = chart.sources.iter().any(|p| p.source.text.contains(".Files"));
        let mut count = 0;
        for path in files.below(chart.directory) {
            if known.contains(path.as_path()) || path.file_name() == Some("NOTES.txt") {
                continue;
            }
            let below = path.strip_prefix(chart.directory).unwrap_or(&path).as_str();
            let needed = below.contains("templates/")
                || below.ends_with(".helmignore")
                || below.starts_with("charts/") && (below.ends_with(".tgz") || below.ends_with(".yaml"))
                || below == "requirements.yaml";
            if needed || asks {
                count += 1;
                if count > FILES {
                    break;
                }
                wanted.push(path);
            }
        }
    }
    if !charts.is_empty() {
        wanted.extend(files.charts.values.iter().cloned());
    }
    wanted
}

/// Renders the charts among the sources. What stands for templates is added to them; the templates that were rendered are
/// sources of charts alone from now on.
pub(super) fn render(parses: &mut Vec<Parse>, files: &Files) -> Charts {
    let mut done = Charts { first: parses.len() as u32, ..Charts::default() };
    let outcomes: Vec<(Utf8PathBuf, Vec<SourceId>, Result<Vec<Rendered>, Failure>)> = charts(parses)
        .into_par_iter()
        .map(|chart| {
            let ids = chart.sources.iter().map(|p| p.id).collect();
            (chart.directory.to_owned(), ids, rendered(&chart, files))
        })
        .collect();
    for (directory, ids, outcome) in outcomes {
        match outcome {
            Ok(rendered) => {
                for id in ids {
                    let Some(parse) = parses.get_mut(id.0 as usize) else { continue };
                    let below = parse.source.path.strip_prefix(&directory).ok();
                    if below.is_some_and(|path| path.components().any(|c| c.as_str() == "templates")) {
                        parse.source.kind = Kind::Chart;
                    }
                }
                for template in rendered {
                    let id = SourceId(parses.len() as u32);
                    // All of a chart lies in one directory: what it installs belongs together.
                    let name = template.name.rsplit('/').next().unwrap_or_default();
                    let path = directory.join("templates").join(name);
                    let source = Source::new(path, Kind::Manifest, template.text.as_str());
                    let document = Document::Yaml(Yaml::parse(id, &source.text));
                    parses.push(Parse { id, source, document });
                    done.rendered.push(template);
                }
            }
            Err(failure) => done.not_rendered.push(NotRendered { directory, failure }),
        }
    }
    done
}

fn rendered(chart: &Chart<'_>, files: &Files) -> Result<Vec<Rendered>, Failure> {
    let known: BTreeSet<&Utf8Path> = chart.sources.iter().map(|p| p.source.path.as_path()).collect();
    let mut all = Vec::new();
    let below = |path: &Utf8Path| path.strip_prefix(chart.directory).ok().map(|p| p.as_str().to_owned());
    for parse in &chart.sources {
        if let Some(path) = below(&parse.source.path) {
            all.push((path, Some(FileId(parse.id.0)), &*parse.source.text));
        }
    }
    for path in files.below(chart.directory) {
        if !known.contains(path.as_path())
            && let Some(text) = files.text(&path)
            && let Some(path) = below(&path)
        {
            all.push((path, None, text));
        }
    }
    let inputs: Vec<File<'_>> = all.iter().map(|(path, id, text)| File { path, id: *id, text }).collect();
    let values = files.charts.values.iter().filter_map(|path| {
        let path = normalise(path);
        let text = files.text(&path)?;
        Some((path, text))
    });
    let values: Vec<(Utf8PathBuf, &std::sync::Arc<str>)> = values.collect();
    let settings = helm::Settings {
        values: values.iter().map(|(path, text)| File { path: path.as_str(), id: None, text }).collect(),
        set: &files.charts.set,
        kubernetes_minor: files.charts.kubernetes_minor.unwrap_or(34),
        ..helm::Settings::default()
    };
    let settings = &settings;
    let inputs = &inputs;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || helm::render(inputs, settings));
        thread
            .ok()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_else(|| Err(Failure::bounded("rendering it takes more memory than there is")))
    })
}

impl Charts {
    /// How many sources stand for rendered templates.
    pub(super) fn len(&self) -> usize {
        self.rendered.len()
    }

    fn of(&self, source: SourceId) -> Option<&Rendered> {
        self.rendered.get(source.0.checked_sub(self.first)? as usize)
    }
}

/// Whether an object is there only while a release is tested.
pub(super) fn is_test(root: Node<'_>) -> bool {
    let hook = root.at(&["metadata", "annotations", "helm.sh/hook"]).and_then(Node::scalar);
    hook.is_some_and(|hook| hook.split(',').any(|word| word.trim().starts_with("test")))
}

impl Project {
    /// The charts that are not rendered, and why.
    pub fn not_rendered(&self) -> &[NotRendered] {
        &self.charts.not_rendered
    }

    /// Whether a file lies in a chart.
    pub fn is_of_chart(&self, path: &Utf8Path) -> bool {
        let named = self.parses().iter().filter(|p| p.source.path.file_name() == Some("Chart.yaml"));
        named.filter_map(|p| p.source.path.parent()).any(|directory| path.starts_with(directory))
    }

    /// Whether a source is what a template came to: no file holds it.
    pub fn is_rendered(&self, source: SourceId) -> bool {
        self.charts.of(source).is_some()
    }

    /// Tells findings in what templates came to where they were caused. What nobody wrote is no finding.
    pub(crate) fn attribute(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.charts.len() == 0 {
            return diagnostics;
        }
        diagnostics.into_iter().filter_map(|diagnostic| self.attributed(diagnostic)).collect()
    }

    fn attributed(&self, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        if let Some(rendered) = self.charts.of(diagnostic.span.source) {
            let span = diagnostic.span;
            match rendered.cause(span.range(), self.is_name(span)) {
                Cause::At(origin, by) => {
                    diagnostic.span = span_of(origin);
                    diagnostic.related = self.labels(diagnostic.related);
                    if let Some(by) = by {
                        let message = if by.file == rendered.file.unwrap_or(FileId(u32::MAX)) {
                            "the template puts it here"
                        } else {
                            "with this value"
                        };
                        diagnostic.related.push(Label { span: span_of(by), message: message.to_owned() });
                    }
                }
                Cause::Generated | Cause::Unknown => return None,
            }
        } else {
            diagnostic.related = self.labels(diagnostic.related);
        }
        diagnostic.hidden = diagnostic.hidden.into_iter().flat_map(|span| self.hidden(span)).collect();
        diagnostic.fix = diagnostic.fix.and_then(|fix| self.fix_at_cause(fix));
        Some(diagnostic)
    }

    fn labels(&self, related: Vec<Label>) -> Vec<Label> {
        let mapped = related.into_iter().filter_map(|label| match self.charts.of(label.span.source) {
            None => Some(label),
            Some(rendered) => match rendered.cause(label.span.range(), self.is_name(label.span)) {
                Cause::At(origin, _) => Some(Label { span: span_of(origin), ..label }),
                Cause::Generated | Cause::Unknown => None,
            },
        });
        mapped.collect()
    }

    /// Every place that a secret was put together from.
    fn hidden(&self, span: Span) -> Vec<Span> {
        let Some(rendered) = self.charts.of(span.source) else { return vec![span] };
        let pieces = rendered.text.within(span.range());
        pieces.map(|(_, origin)| origin).filter(|o| o.is_place()).map(span_of).collect()
    }

    /// Whether a span is that of a name: what is found there is about the thing, not about what it is called.
    fn is_name(&self, span: Span) -> bool {
        let text = self.source_text(span.source);
        let head = text.get(..span.start as usize).unwrap_or_default();
        let line = head.rsplit('\n').next().unwrap_or_default();
        let line = line.trim_start_matches([' ', '-']);
        ["name:", "kind:", "generateName:"].iter().any(|key| line.starts_with(key))
            && line.trim_end_matches(['"', '\'', ' ']).ends_with(':')
    }

    /// The same edits at the places that were copied; `None` where a place is made, or stands for several.
    fn fix_at_cause(&self, fix: Fix) -> Option<Fix> {
        if fix.edits.iter().all(|edit| self.charts.of(edit.span.source).is_none()) {
            return Some(fix);
        }
        let edits: Option<Vec<Edit>> = fix.edits.iter().map(|edit| self.edit_at_cause(edit)).collect();
        Some(Fix { edits: edits?, ..fix })
    }

    fn edit_at_cause(&self, edit: &Edit) -> Option<Edit> {
        let Some(rendered) = self.charts.of(edit.span.source) else { return Some(edit.clone()) };
        let origin = rendered.verbatim(edit.span.range())?;
        let source = self.parse(SourceId(origin.file.0))?;
        let text = &*source.source.text;
        if edit.text.contains("{{") {
            return None;
        }
        let is_one_line = |text: &str| !text.contains('\n');
        let old = text.get(origin.start as usize..origin.end as usize)?;
        if !edit.span.range().is_empty() && is_one_line(old) && is_one_line(&edit.text) {
            // A scalar that stands there as it is, in quotes or not.
            return Some(Edit { span: span_of(origin), text: edit.text.clone() });
        }
        // Lines: only where the template is as deep as what it comes to, and sets none of their keys elsewhere.
        if rendered.file != Some(origin.file) {
            return None;
        }
        let before = |text: &str, at: usize| text[..at].rsplit('\n').next().map(str::to_owned);
        let same =
            before(text, origin.start as usize) == before(rendered.text.as_str(), edit.span.start as usize);
        let set = |line: &str| {
            let key = line.trim_start_matches([' ', '-']).split(':').next().unwrap_or_default();
            !key.is_empty() && text.contains(&format!("{key}:"))
        };
        let collides = edit.text.lines().any(set);
        (same && !collides && !old.contains("{{"))
            .then(|| Edit { span: span_of(origin), text: edit.text.clone() })
    }
}

fn span_of(origin: Origin) -> Span {
    Span { source: SourceId(origin.file.0), start: origin.start, end: origin.end }
}
