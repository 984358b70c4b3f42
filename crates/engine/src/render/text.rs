//! Excerpts of the sources, with why it matters and what to do.

mod excerpt;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Level, Renderer};
use anstyle::{AnsiColor, Style};

use super::places::Places;
use super::style;
use crate::check::Report;
use crate::diagnostic::{Diagnostic, Safety};
use crate::project::Project;
use crate::rule::{Rule, Severity};
use excerpt::Excerpt;

pub(super) fn write(
    report: &Report,
    places: &Places<'_>,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        writeln!(out, "{}\n", shown(diagnostic, places, color))?;
    }
    writeln!(out, "{}", counted(report, places.files()))
}

/// A finding as it is shown.
fn shown(diagnostic: &Diagnostic, places: &Places<'_>, color: bool) -> String {
    let rule = diagnostic.rule;
    let grade = diagnostic.severity;
    let level = match grade {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
    };
    let primary = Excerpt::of(diagnostic.span, places);
    let mut snippet = primary.snippet(AnnotationKind::Primary, None);
    let mut others = Vec::new();
    let labels: Vec<_> = diagnostic
        .related
        .iter()
        .map(|label| (label.span, places.shown_message(&label.message, label.span)))
        .collect();
    for (span, message) in &labels {
        match primary.place(*span) {
            Some(range) => {
                snippet = snippet.annotation(AnnotationKind::Context.span(range).label(message.as_ref()));
            }
            None => others.push((Excerpt::of(*span, places), message.as_ref())),
        }
    }
    let message = places.shown_message(&diagnostic.message, diagnostic.span);
    let group = level.with_name(grade.as_str()).primary_title(message).id(rule.name);
    let mut group = group.elements(primary.elements(snippet));
    for (excerpt, message) in &others {
        let snippet = excerpt.snippet(AnnotationKind::Context, Some(*message));
        group = group.elements(excerpt.elements(snippet));
    }
    let why = rule.why();
    if !why.is_empty() {
        group = group.element(Level::NOTE.with_name("why").message(why));
    }
    let (word, remedy) = remedy(diagnostic, places);
    if !remedy.is_empty() {
        group = group.element(Level::HELP.with_name(word).message(remedy));
    }
    let renderer = if color {
        Renderer::styled().error(style(grade)).warning(style(grade)).info(style(grade)).hyperlink(false)
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

/// What to do about a finding, and how far the program can do it.
fn remedy(diagnostic: &Diagnostic, places: &Places<'_>) -> (&'static str, String) {
    let Some(fix) = &diagnostic.fix else { return ("help", diagnostic.rule.remedy().into()) };
    let title = places.shown_message(&fix.title, diagnostic.span);
    match fix.safety {
        Safety::Safe => ("fix", format!("{title} (`seaworthy fix`)")),
        Safety::Unsafe => ("fix", format!("{title} (`seaworthy fix --unsafe-fixes`)")),
        Safety::Manual => ("help", title.into_owned()),
    }
}

/// The last line of a check: how much was found, how bad it is, and how much of it can be mended.
pub fn summary(report: &Report, project: &Project) -> String {
    counted(report, project.parses().len())
}

/// The last line of a check of so many files.
pub(super) fn counted(report: &Report, files: usize) -> String {
    let mut line = String::new();
    let all = report.diagnostics.len();
    if all == 0 {
        _ = write!(line, "No problems found in {}", plural(files, "file"));
    } else {
        let grades: Vec<String> = Severity::ALL
            .into_iter()
            .rev()
            .map(|severity| (report.diagnostics.iter().filter(|d| d.severity == severity).count(), severity))
            .filter(|(count, _)| *count > 0)
            .map(|(count, severity)| format!("{count} {}", severity.as_str()))
            .collect();
        _ = write!(
            line,
            "Found {} in {} ({})",
            plural(all, "problem"),
            plural(files, "file"),
            grades.join(", ")
        );
        let mends = |safety| {
            report.diagnostics.iter().filter(|d| d.fix.as_ref().is_some_and(|f| f.safety == safety)).count()
        };
        match (mends(Safety::Safe), mends(Safety::Unsafe)) {
            (0, 0) => {}
            (safe, 0) => _ = write!(line, "; {safe} fixable with `seaworthy fix`"),
            (0, unsafe_) => _ = write!(line, "; {unsafe_} fixable with `seaworthy fix --unsafe-fixes`"),
            (safe, more) => {
                _ = write!(line, "; {safe} fixable with `seaworthy fix`, {more} more with `--unsafe-fixes`");
            }
        }
    }
    if report.suppressed > 0 {
        _ = write!(line, "; {} silenced by comments", report.suppressed);
    }
    line
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Writes how often each rule was found, the most frequent first; `*` marks rules whose findings can be mended.
///
/// # Errors
/// Those of the writer.
pub fn statistics(report: &Report, color: bool, out: &mut dyn Write) -> io::Result<()> {
    struct Count {
        rule: &'static Rule,
        all: usize,
        fixable: usize,
        worst: Severity,
    }
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for diagnostic in &report.diagnostics {
        let count = counts.entry(diagnostic.rule.name).or_insert(Count {
            rule: diagnostic.rule,
            all: 0,
            fixable: 0,
            worst: diagnostic.severity,
        });
        count.all += 1;
        count.worst = count.worst.max(diagnostic.severity);
        count.fixable += usize::from(diagnostic.fix.as_ref().is_some_and(|f| f.safety > Safety::Manual));
    }
    let mut counts: Vec<Count> = counts.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.all));
    let digits = counts.first().map_or(0, |c| c.all.to_string().len());
    let name = counts.iter().map(|c| c.rule.name.len()).max().unwrap_or(0);
    let (dim, green) =
        if color { (Style::new().dimmed(), AnsiColor::BrightGreen.on_default()) } else { Default::default() };
    for Count { rule, all, fixable, worst } in counts {
        let grade = if color { style(worst) } else { Style::new() };
        let (word, mark) = (worst.as_str(), if fixable > 0 { "*" } else { " " });
        writeln!(
            out,
            "{all:>digits$}  {grade}{word:<8}{grade:#}  {green}{mark}{green:#} {:<name$}  {dim}{}{dim:#}",
            rule.name, rule.summary
        )?;
    }
    Ok(())
}
