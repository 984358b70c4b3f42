//! Comments and annotations that silence findings: ours, and those of every tool that people use already.
//!
//! A comment ends the line it is for, or stands above the instruction, entry or item it is for. What it silences is
//! counted and gone, its fix too. One that silences nothing is a finding of its own where that can be told: it names a
//! rule of ours, or another tool's id for one, and that rule ran.

mod comment;

use std::collections::BTreeMap;

use rayon::prelude::*;
use seaworthy_syntax::dockerfile::Dockerfile;
use seaworthy_syntax::spelling::nearest;
use seaworthy_syntax::yaml::{Node, NodeKind, Yaml};
use seaworthy_syntax::{Edit, Kind, SourceId, Span};

use self::comment::{Directive, Reach, Tool};
use crate::check::Report;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::parse::{Document, Parse};
use crate::project::{Object, Project};
use crate::rule::{Category, Named, Rule};
use crate::rules;

/// One word that silences.
#[derive(Debug)]
struct Suppression {
    /// The word, or all of the comment or annotation.
    at: Span,
    /// All of the comment or annotation.
    whole: Span,
    tool: Tool,
    /// The bytes it counts for: findings that begin there.
    reach: Span,
    covers: Covers,
    used: bool,
}

#[derive(Debug)]
enum Covers {
    All,
    Category(Category),
    Named(Named),
    /// A word of our own language that no rule has.
    Nothing(String),
}

impl Covers {
    fn of(word: &str, tool: Tool) -> Option<Self> {
        // Other tools put a namespace before the id: `hadolint/DL3008`, `dockerfile.security.missing-user`.
        let last = word.rsplit(['/', '.']).next().unwrap_or(word);
        if let Some(named) = Named::of(word).or_else(|| Named::of(last)) {
            return Some(Self::Named(named));
        }
        if tool == Tool::Other {
            return None;
        }
        if word == "all" {
            return Some(Self::All);
        }
        let category = Category::ALL.into_iter().find(|c| c.as_str() == word);
        Some(category.map_or_else(|| Self::Nothing(word.to_owned()), Self::Category))
    }

    fn covers(&self, diagnostic: &Diagnostic) -> bool {
        match self {
            Self::All => true,
            Self::Category(category) => diagnostic.rule.category == *category,
            Self::Named(named) => named.covers(diagnostic),
            Self::Nothing(_) => false,
        }
    }
}

impl Suppression {
    fn silences(&self, diagnostic: &Diagnostic) -> bool {
        let (span, reach) = (diagnostic.span, self.reach);
        // Another tool never heard of a syntax error.
        let known = self.tool == Tool::Seaworthy || diagnostic.rule.name != "syntax-error";
        known
            && span.source == reach.source
            && (reach.start..reach.end.max(reach.start + 1)).contains(&span.start)
            && self.covers.covers(diagnostic)
    }
}

/// Takes out what is silenced, and adds what silences nothing.
pub(crate) fn apply(project: &Project, config: &Config, report: &mut Report) {
    let commented = project.parses().par_iter().map(|parse| (parse.id, comments(parse)));
    let mut found: BTreeMap<SourceId, Vec<Suppression>> =
        commented.filter(|(_, here)| !here.is_empty()).collect();
    let annotated: Vec<Suppression> = project
        .objects
        .par_iter()
        .filter(|object| !project.is_rendered(object.source))
        .flat_map_iter(|object| annotations(project, object))
        .collect();
    for suppression in annotated {
        found.entry(suppression.at.source).or_default().push(suppression);
    }
    for (_, here) in found.iter_mut().filter(|(source, _)| !config.hears_pragmas(**source)) {
        here.retain(|suppression| suppression.tool == Tool::Seaworthy);
    }
    if found.is_empty() {
        return;
    }
    let before = report.diagnostics.len();
    report.diagnostics.retain(|diagnostic| {
        let here = found.get_mut(&diagnostic.span.source).map_or(&mut [][..], Vec::as_mut_slice);
        let mut silent = false;
        for suppression in here.iter_mut().filter(|s| s.silences(diagnostic)) {
            suppression.used = true;
            silent = true;
        }
        !silent
    });
    report.suppressed += before - report.diagnostics.len();
    let Some(&rule) = rules::find("unused-suppression").first() else { return };
    for (source, here) in found {
        if config.runs(rule, source) {
            unused(rule, project, config, &here, &mut report.diagnostics);
        }
    }
}

/// Whether a comment is one by which hadolint leaves an instruction alone.
pub(crate) fn is_hadolint_pragma(comment: &str) -> bool {
    let rest = comment.trim_start_matches('#').trim_start();
    rest.strip_prefix("hadolint").is_some_and(|rest| rest.trim_start().starts_with("ignore"))
        && !comment::read(comment).is_empty()
}

/// Takes out what comments and annotations in rendered templates silence: they speak of what they stand beside there.
pub(crate) fn silence_rendered(
    project: &Project,
    config: &Config,
    mut diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    if project.rendered_parses().is_empty() {
        return diagnostics;
    }
    let commented = project.rendered_parses().par_iter().flat_map_iter(comments);
    let objects = project.objects.par_iter().filter(|object| project.is_rendered(object.source));
    let mut found: Vec<Suppression> =
        commented.chain(objects.flat_map_iter(|object| annotations(project, object))).collect();
    found.retain(|s| s.tool == Tool::Seaworthy || config.hears_pragmas(s.at.source));
    diagnostics.retain(|diagnostic| !found.iter().any(|s| s.silences(diagnostic)));
    diagnostics
}

/// Takes out what comments of a source silence.
pub(crate) fn silence(project: &Project, source: SourceId, report: &mut Report) {
    let here = project.parse(source).map(comments).unwrap_or_default();
    let before = report.diagnostics.len();
    report.diagnostics.retain(|diagnostic| !here.iter().any(|s| s.silences(diagnostic)));
    report.suppressed += before - report.diagnostics.len();
}

/// What hadolint reports and we leave alone, in a build stage or a short script for example: the comment still serves
/// whoever runs it, where the text has what its rule looks for.
const WIDER: [(&str, &[&str]); 14] = [
    ("DL3000", &["WORKDIR"]),
    ("DL3002", &["USER root", "USER 0"]),
    ("DL3003", &["cd "]),
    ("DL3009", &["apt"]),
    ("DL3015", &["install"]),
    ("DL3019", &["apk"]),
    ("DL3022", &["--from"]),
    ("DL3025", &["CMD", "ENTRYPOINT"]),
    ("DL3032", &["yum"]),
    ("DL3038", &["dnf"]),
    ("DL3040", &["dnf"]),
    ("DL3042", &["pip"]),
    ("DL3046", &["useradd"]),
    ("DL4006", &["|"]),
];

fn may_still_fire(word: &str, text: &str) -> bool {
    WIDER.iter().any(|(id, needs)| word.ends_with(id) && needs.iter().any(|n| text.contains(n)))
}

/// Reports what silences nothing.
fn unused(
    rule: &'static Rule,
    project: &Project,
    config: &Config,
    here: &[Suppression],
    diagnostics: &mut Vec<Diagnostic>,
) {
    // Where a variable decides, no rule of ours fires, but another tool's may.
    let unknown = |s: &Suppression| s.tool == Tool::Other && project.text(s.reach).contains('$');
    let idle = |s: &Suppression| {
        !s.used
            && !unknown(s)
            && match &s.covers {
                Covers::All => s.tool == Tool::Seaworthy,
                Covers::Category(_) | Covers::Nothing(_) => true,
                Covers::Named(Named { rules, .. }) => {
                    // Whether a transformation is silenced shows when the variant is made, and what is measured when it runs.
                    let ran = |rule: &&Rule| !rule.is_transformation() && !rule.is_measured();
                    rules.iter().all(|rule| config.runs(rule, s.at.source) && ran(rule))
                        && !(s.tool == Tool::Other
                            && may_still_fire(project.text(s.at), project.text(s.reach)))
                }
            }
    };
    for suppression in here.iter().filter(|s| idle(s)) {
        let word = project.text(suppression.at);
        let message = match &suppression.covers {
            Covers::Nothing(word) => match nearest(word, rules::ALL.iter().map(|r| r.name)) {
                Some(near) => format!("no rule is called `{word}`; did you mean `{near}`?"),
                None => format!("no rule is called `{word}`"),
            },
            Covers::Named(Named { rules, .. }) if rules.iter().all(|r| r.name != word) => {
                let names: Vec<String> = rules.iter().map(|r| format!("`{}`", r.name)).collect();
                format!("`{word}` silences nothing: {} finds nothing here", names.join(" or "))
            }
            _ => format!("`{word}` silences nothing here"),
        };
        // A comment in another tool's language may still be needed by that tool.
        let ours = suppression.tool == Tool::Seaworthy && !matches!(suppression.covers, Covers::Nothing(_));
        let all_idle = here.iter().filter(|s| s.whole == suppression.whole).all(idle);
        let fix = ours.then(|| Fix {
            title: "Remove what silences nothing".into(),
            safety: Safety::Safe,
            edits: vec![if all_idle {
                without_comment(project.text_of(suppression.whole.source), suppression.whole)
            } else {
                without_word(project.text_of(suppression.whole.source), suppression.at)
            }],
        });
        diagnostics.push(Diagnostic {
            rule,
            severity: rule.severity,
            message,
            span: suppression.at,
            related: Vec::new(),
            hidden: Vec::new(),
            ids: rule.aliases,
            aside: false,
            fix,
        });
    }
}

/// Removes a comment, with its line where it has one of its own.
fn without_comment(text: &str, comment: Span) -> Edit {
    let start = comment.start as usize;
    let head = text[..start].trim_end_matches([' ', '\t']);
    let span = if head.is_empty() || head.ends_with(['\n', '\r']) {
        let rest = &text[comment.end as usize..];
        let line_end = if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) };
        Span::new(comment.source, head.len(), comment.end as usize + line_end)
    } else {
        Span::new(comment.source, head.len(), comment.end as usize)
    };
    Edit { span, text: String::new() }
}

/// Removes one of several words, with the comma that goes with it.
fn without_word(text: &str, word: Span) -> Edit {
    let blank = [' ', '\t'];
    let after = &text[word.end as usize..];
    let rest = after.trim_start_matches(blank);
    let span = if let Some(next) = rest.strip_prefix(',') {
        let end = text.len() - next.trim_start_matches(blank).len();
        Span::new(word.source, word.start as usize, end)
    } else {
        let head = text[..word.start as usize].trim_end_matches(blank);
        Span::new(word.source, head.strip_suffix(',').unwrap_or(head).len(), word.end as usize)
    };
    Edit { span, text: String::new() }
}

/// The comments of a source that silence something.
fn comments(parse: &Parse) -> Vec<Suppression> {
    let text = &*parse.source.text;
    let mut found = Vec::new();
    let variables: Vec<Span>;
    let (comments, place): (&[Span], &dyn Fn(Span, Reach) -> Span) = match &parse.document {
        Document::Dockerfile(dockerfile) => {
            check_directive(dockerfile, text, &mut found);
            (&dockerfile.comments, &|comment, reach| in_dockerfile(dockerfile, text, comment, reach))
        }
        Document::Yaml(yaml) => (yaml.comments(), &|comment, reach| in_yaml(yaml, text, comment, reach)),
        Document::Text if parse.source.kind == Kind::Env => {
            variables = variable_comments(parse.id, text);
            (&variables, &|comment, reach| in_variables(text, comment, reach))
        }
        Document::Text => return found,
    };
    for &whole in comments {
        for Directive { tool, reach, ids } in comment::read(whole.of(text)) {
            let reach = place(whole, reach);
            if ids.is_empty() {
                found.push(Suppression { at: whole, whole, tool, reach, covers: Covers::All, used: false });
            }
            for id in ids {
                let start = whole.start as usize;
                let at = Span::new(whole.source, start + id.start, start + id.end);
                if let Some(covers) = Covers::of(at.of(text), tool) {
                    found.push(Suppression { at, whole, tool, reach, covers, used: false });
                }
            }
        }
    }
    found
}

/// `BuildKit`'s `# check=skip=A,B;error=true`.
fn check_directive(dockerfile: &Dockerfile, text: &str, found: &mut Vec<Suppression>) {
    let Some(directive) = dockerfile.directive("check") else { return };
    let reach = Span::new(dockerfile.source, 0, text.len());
    let mut at = directive.value.span().start as usize;
    for option in directive.value.split(';') {
        if let Some(list) = option.trim_start().strip_prefix("skip=") {
            let mut start = at + (option.len() - list.len());
            for word in list.split(',') {
                let id = word.trim();
                let from = start + (word.len() - word.trim_start().len());
                let span = Span::new(dockerfile.source, from, from + id.len());
                let covers = if id == "all" { Some(Covers::All) } else { Covers::of(id, Tool::Other) };
                if let Some(covers) = covers {
                    let whole = directive.span;
                    let tool = Tool::Other;
                    found.push(Suppression { at: span, whole, tool, reach, covers, used: false });
                }
                start += word.len() + 1;
            }
        }
        at += option.len() + 1;
    }
}

/// The lines of a `.env` that are comments.
fn variable_comments(source: SourceId, text: &str) -> Vec<Span> {
    let mut at = 0;
    let mut comments = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('#') {
            comments.push(Span::new(source, at, at + line.trim_end().len()));
        }
        at += line.len();
    }
    comments
}

/// What a comment in a `.env` counts for: the line below, or all of it.
fn in_variables(text: &str, comment: Span, reach: Reach) -> Span {
    if matches!(reach, Reach::File | Reach::Document) {
        return Span::new(comment.source, 0, text.len());
    }
    let end = comment.end as usize;
    let next = memchr::memchr(b'\n', &text.as_bytes()[end..]).map_or(text.len(), |at| end + at + 1);
    let line = memchr::memchr(b'\n', &text.as_bytes()[next..]).map_or(text.len(), |at| next + at);
    Span::new(comment.source, end, line)
}

/// What a comment in a Dockerfile counts for.
fn in_dockerfile(dockerfile: &Dockerfile, text: &str, comment: Span, reach: Reach) -> Span {
    let whole = Span::new(comment.source, 0, text.len());
    if matches!(reach, Reach::File | Reach::Document) {
        return whole;
    }
    // Within an instruction a comment counts for it, between two for the one that follows.
    let next = dockerfile.instructions.partition_point(|i| i.lines.end <= comment.start);
    let Some(instruction) = dockerfile.instructions.get(next) else {
        return Span { start: comment.end, end: comment.end, ..comment };
    };
    let from = dockerfile.stages().find(|stage| std::ptr::eq(stage.from, instruction));
    match from.filter(|_| reach == Reach::Block) {
        Some(stage) => {
            stage.instructions.last().map_or(instruction.lines, |last| instruction.lines.to(last.lines))
        }
        None => instruction.lines,
    }
}

/// What a comment in a YAML file counts for.
fn in_yaml(yaml: &Yaml, text: &str, comment: Span, reach: Reach) -> Span {
    let whole = Span::new(comment.source, 0, text.len());
    let document = yaml
        .document_spans()
        .zip(yaml.documents())
        .find(|(span, _)| span.end > comment.start)
        .map_or((whole, None), |(span, root)| (span, root));
    match reach {
        Reach::File => return whole,
        Reach::Document => return document.0,
        Reach::Next | Reach::Block | Reach::Line => {}
    }
    let start = comment.start as usize;
    let head = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let trailing = !text[head..start].trim().is_empty();
    let line = if trailing { head } else { next_line(text, comment.end as usize) };
    let end = text[line..].find('\n').map_or(text.len(), |at| line + at);
    let first = line + (text[line..end].len() - text[line..end].trim_start().len());
    let on_line = Span::new(comment.source, first, end.max(first));
    if reach == Reach::Line {
        return on_line;
    }
    let Some(root) = document.1 else { return on_line };
    // Above the first key of a document it is for all of it.
    if !trailing && root.span().start as usize >= first && document.0.start as usize <= end {
        return document.0.to(on_line);
    }
    entry_on(root, on_line).map_or(on_line, |span| span.to(on_line))
}

/// The first line after an offset that is neither blank nor a comment; where it begins.
fn next_line(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(end) = text[at..].find('\n').map(|n| at + n + 1) {
        at = end;
        let line = text[at..].lines().next().unwrap_or_default().trim_start();
        if !line.trim_end().is_empty() && !line.starts_with('#') && line.trim_end() != "---" {
            return at;
        }
    }
    text.len()
}

/// The outermost entry or item that begins on a line.
fn entry_on(root: Node<'_>, line: Span) -> Option<Span> {
    let mut node = root;
    loop {
        let begins = |span: Span| (line.start..=line.end).contains(&span.start);
        let holds = |span: Span| span.start <= line.start && line.start < span.end;
        let next = match node.kind() {
            NodeKind::Mapping => {
                let mut within = None;
                for entry in node.entries() {
                    let span = entry.key.full_span().to(entry.value.full_span());
                    if begins(span) {
                        return Some(span);
                    }
                    if holds(span) {
                        within = Some(entry.value);
                    }
                }
                within
            }
            NodeKind::Sequence => {
                let mut within = None;
                for item in node.items() {
                    if begins(item.full_span()) {
                        return Some(item.full_span());
                    }
                    if holds(item.full_span()) {
                        within = Some(item);
                    }
                }
                within
            }
            NodeKind::Scalar | NodeKind::Alias => None,
        };
        node = next?;
    }
}

/// The annotations of an object, and of the pods it makes, that silence something: they count for all of the object.
fn annotations(project: &Project, object: &Object) -> Vec<Suppression> {
    let mut found = Vec::new();
    let Some(root) = project.node(object.place) else { return found };
    let reach = root.full_span();
    for path in [
        &["metadata", "annotations"][..],
        &["spec", "template", "metadata", "annotations"],
        &["spec", "jobTemplate", "spec", "template", "metadata", "annotations"],
    ] {
        for entry in root.at(path).into_iter().flat_map(Node::entries) {
            let (Some(key), value) = (entry.key.scalar(), entry.value.scalar().unwrap_or_default()) else {
                continue;
            };
            let at = entry.key.span();
            let whole = at.to(entry.value.span());
            let mut push = |covers| {
                found.push(Suppression { at, whole, tool: Tool::Other, reach, covers, used: false });
            };
            if let Some(ids) = annotation(&key, &value) {
                match ids {
                    Ids::All => push(Covers::All),
                    Ids::These(ids) => {
                        for covers in ids.into_iter().filter_map(|id| Covers::of(id, Tool::Other)) {
                            push(covers);
                        }
                    }
                }
            }
        }
    }
    found
}

enum Ids<'a> {
    All,
    These(Vec<&'a str>),
}

/// What an annotation silences.
fn annotation<'a>(key: &'a str, value: &'a str) -> Option<Ids<'a>> {
    let (domain, name) = key.split_once('/')?;
    let yes = value.eq_ignore_ascii_case("true");
    Some(match domain {
        "ignore-check.kube-linter.io" | "datree.skip" => Ids::These(vec![name]),
        "kube-linter.io" if name == "ignore-all" => Ids::All,
        "kube-score" if name == "ignore" => Ids::These(value.split(',').map(str::trim).collect()),
        "polaris.fairwinds.com" if name == "exempt" && yes => Ids::All,
        "polaris.fairwinds.com" if yes => Ids::These(vec![name.strip_suffix("-exempt")?]),
        "checkov.io" | "bridgecrew.io" if name.starts_with("skip") => {
            let ids = value.split(['=', ':']).next().unwrap_or(value);
            Ids::These(ids.split(',').map(str::trim).collect())
        }
        _ => return None,
    })
}

impl Project {
    fn text_of(&self, source: SourceId) -> &str {
        self.parse(source).map_or("", |p| &p.source.text)
    }
}
