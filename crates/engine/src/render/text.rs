//! Excerpts of the sources, with why it matters and what to do.

mod excerpt;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Title};
use anstyle::{AnsiColor, Style};

use super::places::Places;
use super::style;
use crate::check::Report;
use crate::diagnostic::{Diagnostic, Safety};
use crate::project::Project;
use crate::rule::{Rule, Severity};
use excerpt::Excerpt;
use seaworthy_syntax::SourceId;

pub(super) fn write(
    report: &Report,
    places: &Places<'_>,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut told = Told::default();
    for here in report.diagnostics.chunk_by(|a, b| a.span == b.span) {
        for group in groups(here) {
            writeln!(out, "{}\n", shown(&group, &mut told, places, color))?;
        }
    }
    writeln!(out, "{}", counted(report, places.files()))
}

/// The rules whose reason was given in a file: it is the same for all their findings.
#[derive(Default)]
struct Told {
    source: Option<SourceId>,
    rules: BTreeSet<&'static str>,
}

impl Told {
    /// Whether a rule's reason was not given in this file yet.
    fn is_new(&mut self, diagnostic: &Diagnostic) -> bool {
        let source = Some(diagnostic.span.source);
        if self.source != source {
            *self = Self { source, rules: BTreeSet::new() };
        }
        self.rules.insert(diagnostic.rule.name)
    }
}

/// The findings of one place as they are shown together, the worst first; one that another place explains stands alone.
fn groups(here: &[Diagnostic]) -> Vec<Vec<&Diagnostic>> {
    let (mut together, alone): (Vec<_>, Vec<_>) = here.iter().partition(|d| d.related.is_empty());
    together.sort_by_key(|d| std::cmp::Reverse(d.severity));
    let together = (!together.is_empty()).then_some(together);
    together.into_iter().chain(alone.into_iter().map(|d| vec![d])).collect()
}

/// Findings of one place as they are shown: what they are, the place, why they matter, and what to do.
fn shown(group: &[&Diagnostic], told: &mut Told, places: &Places<'_>, color: bool) -> String {
    let Some((last, before)) = group.split_last() else { return String::new() };
    let grade = group[0].severity;
    let primary = Excerpt::of(last.span, places);
    let mut snippet = primary.snippet(AnnotationKind::Primary, None);
    let mut others = Vec::new();
    let labels: Vec<_> = last
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
    let mut text = String::new();
    for diagnostic in before {
        let title = title(diagnostic, places);
        _ = writeln!(text, "{}", renderer(diagnostic.severity, color).render(&[Group::with_title(title)]));
    }
    let mut body = title(last, places).elements(primary.elements(snippet));
    for (excerpt, message) in &others {
        let snippet = excerpt.snippet(AnnotationKind::Context, Some(*message));
        body = body.elements(excerpt.elements(snippet));
    }
    for diagnostic in group {
        let why = diagnostic.rule.why();
        if told.is_new(diagnostic) && !why.is_empty() {
            body = body.element(Level::NOTE.with_name("why").message(why));
        }
        let (word, remedy) = remedy(diagnostic, places);
        if !remedy.is_empty() {
            body = body.element(Level::HELP.with_name(word).message(remedy));
        }
    }
    text.push_str(&renderer(grade, color).render(&[body]));
    text
}

/// The line that says what was found.
fn title<'a>(diagnostic: &'a Diagnostic, places: &'a Places<'_>) -> Title<'a> {
    let grade = diagnostic.severity;
    let level = match grade {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
    };
    let message = places.shown_message(&diagnostic.message, diagnostic.span);
    level.with_name(grade.as_str()).primary_title(message).id(diagnostic.rule.name)
}

/// What draws a finding of a severity.
fn renderer(grade: Severity, color: bool) -> Renderer {
    if color {
        Renderer::styled().error(style(grade)).warning(style(grade)).info(style(grade)).hyperlink(false)
    } else {
        Renderer::plain()
    }
}

/// What to do about a finding, and how far the program can do it.
fn remedy(diagnostic: &Diagnostic, places: &Places<'_>) -> (&'static str, String) {
    let Some(fix) = &diagnostic.fix else { return ("help", diagnostic.rule.remedy().into()) };
    let title = places.shown_message(&fix.title, diagnostic.span);
    match fix.safety {
        // What was measured is known to whoever measured it alone.
        Safety::Safe if diagnostic.rule.is_measured() => ("fix", format!("{title} (`--fix`)")),
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
            (safe, 0) => {
                let measured = report.diagnostics.iter().all(|d| d.rule.is_measured());
                let how = if measured { "--fix" } else { "seaworthy fix" };
                _ = write!(line, "; {safe} fixable with `{how}`");
            }
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
