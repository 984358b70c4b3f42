//! An example of a page: read, run and written.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::check::{Config, Report, check, check_measured};
use seaworthy_engine::config::{Layer, Scope, Settings};
use seaworthy_engine::fix::{Fixed, fix};
use seaworthy_engine::images::Day;
use seaworthy_engine::measured;
use seaworthy_engine::render::{Format, render};
use seaworthy_engine::syntax::{LineIndex, apply};
use seaworthy_engine::variant::{Made, Omission, variant};
use seaworthy_engine::{
    Check, Files, Kind, Parse, Project, Rule, Safety, Severity, Source, SourceId, parse, rules,
};
use similar::TextDiff;

/// The day on which pages are read.
const TODAY: &str = "2026-11-21";

/// An example of a page.
pub(crate) struct Example {
    /// The line it begins in, from 1.
    pub(crate) line: usize,
    /// Where it stands in the page, from its first fence to its last.
    pub(crate) range: Range<usize>,
    /// Its files.
    pub(crate) sources: Vec<Block>,
    /// What the page says comes of them.
    pub(crate) made: Vec<Block>,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first word after the fence: a language, `report`, `fixed`, `fixed-unsafe` or `variant`.
    pub(crate) word: String,
    /// The file; empty for a report.
    pub(crate) path: String,
    /// The lines.
    pub(crate) text: String,
}

/// What running an example gives.
pub(crate) struct Outcome {
    pub(crate) findings: usize,
    pub(crate) fixable: usize,
    /// The blocks the page should have.
    pub(crate) made: Vec<Block>,
    pub(crate) problems: Vec<String>,
}

/// The examples of a page. Blocks whose info string names no file illustrate the prose and are left alone.
pub(crate) fn read(page: &str) -> Result<Vec<Example>, String> {
    let mut examples: Vec<Example> = Vec::new();
    // Whether the last example goes on: nothing but blank lines followed it.
    let mut open = false;
    let mut lines = Lines { page, at: 0, number: 0 };
    while let Some((start, line)) = lines.next() {
        let fence = line.len() - line.trim_start_matches('`').len();
        if fence < 3 {
            open &= line.trim().is_empty();
            continue;
        }
        let number = lines.number;
        let (word, path) = line[fence..].trim().split_once(' ').unwrap_or((line[fence..].trim(), ""));
        let from = lines.at;
        let to = loop {
            let (at, line) = lines.next().ok_or(format!("the block of line {number} has no end"))?;
            if line.trim_end() == "`".repeat(fence) {
                break at;
            }
        };
        let made = matches!(word, "report" | "fixed" | "fixed-unsafe" | "variant");
        if !made && path.is_empty() {
            open = false;
            continue;
        }
        let block = Block { word: word.into(), path: path.trim().into(), text: page[from..to].into() };
        match examples.last_mut().filter(|e| open && (made || e.made.is_empty())) {
            Some(example) => {
                example.range.end = lines.at;
                if made { &mut example.made } else { &mut example.sources }.push(block);
            }
            None if made => return Err(format!("the {word} of line {number} follows no source")),
            None => examples.push(Example {
                line: number,
                range: start..lines.at,
                sources: vec![block],
                made: Vec::new(),
            }),
        }
        open = true;
    }
    Ok(examples)
}

struct Lines<'a> {
    page: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.page[self.at..].split_inclusive('\n').next()?;
        let start = self.at;
        self.at += line.len();
        self.number += 1;
        Some((start, line.trim_end_matches('\n')))
    }
}

/// The blocks of an example as they stand in a page.
pub(crate) fn write(sources: &[Block], made: &[Block]) -> String {
    let mut text = String::new();
    for Block { word, path, text: content } in sources.iter().chain(made) {
        if !text.is_empty() {
            text.push('\n');
        }
        let longest = content.lines().map(|l| l.len() - l.trim_start_matches('`').len()).max().unwrap_or(0);
        let fence = "`".repeat((longest + 1).max(3));
        let space = if path.is_empty() { "" } else { " " };
        _ = writeln!(text, "{fence}{word}{space}{path}\n{content}{fence}");
    }
    text
}

/// How the blocks of a page differ from those it should have.
pub(crate) fn difference(page: &[Block], made: &[Block]) -> Option<String> {
    // An empty report may be written out.
    let page: Vec<Block> =
        page.iter().filter(|b| b.word != "report" || !b.text.is_empty()).cloned().collect();
    let (page, made) = (write(&page, &[]), write(made, &[]));
    (page != made).then(|| {
        TextDiff::from_lines(&page, &made).unified_diff().header("the page", "what comes of it").to_string()
    })
}

/// Runs one rule on the files of an example.
pub(crate) fn run(rule: &'static Rule, blocks: &[Block]) -> Outcome {
    if rule.is_transformation() {
        return vary(rule, blocks);
    }
    if rule.is_measured() {
        return judge(rule, blocks);
    }
    // A finding of the engine may depend on what the other rules find.
    let rules = if matches!(rule.check, Check::Engine) { rules::ALL.to_vec() } else { vec![rule] };
    // A `seaworthy.toml` among the files says how the rule is asked for.
    let settings = blocks.iter().find(|b| b.path == "seaworthy.toml").map(|b| Settings::parse(&b.text));
    let (settings, complaints) = settings.unwrap_or_default();
    let scope = Arc::new(Scope { rules: rules.clone(), ..settings.scope(&Layer::default(), &[]) });
    let config = Config { rules, severity: Severity::Low, today: Day::parse(TODAY), ..Config::default() };
    let scopes =
        vec![scope; if blocks.iter().any(|b| b.path == "seaworthy.toml") { blocks.len() } else { 0 }];
    let config = Config { scopes, ..config };
    let written = project(sources(blocks), blocks);
    let mut report = check(&written, &config);
    report.diagnostics.retain(|d| d.rule.name == rule.name);
    let mut problems: Vec<String> = complaints.into_iter().map(|p| p.message).collect();
    let mut made = Vec::new();
    let text = concise(&report, &written);
    if !text.is_empty() {
        made.push(Block { word: "report".into(), path: String::new(), text });
    }
    let safe = fixed("fixed", Safety::Safe, &config, blocks, sources(blocks), &mut problems);
    let all = fixed("fixed-unsafe", Safety::Unsafe, &config, blocks, sources(blocks), &mut problems);
    let differ = |new: &Source, old: &Source| new.text != old.text;
    for ((before, safe), all) in sources(blocks).iter().zip(&safe).zip(&all) {
        let mut push = |word: &str, source: &Source| {
            made.push(Block {
                word: word.into(),
                path: source.path.to_string(),
                text: source.text.to_string(),
            });
        };
        if differ(safe, before) {
            push("fixed", safe);
        }
        if differ(all, safe) {
            push("fixed-unsafe", all);
        }
    }
    let fixable = report.diagnostics.iter().filter(|d| d.fix.is_some()).count();
    Outcome { findings: report.diagnostics.len(), fixable, made, problems }
}

/// The file of an example that holds what was measured.
const MEASURED: &str = "measured.toml";

/// Runs a rule on what was measured of the containers of an example.
fn judge(rule: &'static Rule, blocks: &[Block]) -> Outcome {
    let config = Config { rules: vec![rule], ..Config::default() };
    let mut problems = Vec::new();
    let text = blocks.iter().find(|b| b.path == MEASURED).map_or("", |b| &b.text);
    let measured = measured::read(text).unwrap_or_else(|error| {
        problems.push(format!("{MEASURED}: {error}"));
        Vec::new()
    });
    let written = project(sources(blocks), blocks);
    let report = check_measured(&written, &config, &measured);
    let mut made = Vec::new();
    let text = concise(&report, &written);
    if !text.is_empty() {
        made.push(Block { word: "report".into(), path: String::new(), text });
    }
    for parse in written.parses() {
        let fixes = report.diagnostics.iter().filter_map(|d| d.fix.as_ref()).flat_map(|f| &f.edits);
        let mut edits: Vec<_> = fixes.filter(|e| e.span.source == parse.id).cloned().collect();
        edits.sort();
        edits.dedup();
        match apply(&parse.source.text, &edits) {
            Some(text) if text != *parse.source.text => {
                made.push(Block { word: "fixed".into(), path: parse.source.path.to_string(), text });
            }
            Some(_) => {}
            None => problems.push(format!("the fixes of {} meet", parse.source.path)),
        }
    }
    let fixable = report.diagnostics.iter().filter(|d| d.fix.is_some()).count();
    Outcome { findings: report.diagnostics.len(), fixable, made, problems }
}

/// Makes the variants of an example's Dockerfiles by one transformation.
fn vary(rule: &'static Rule, blocks: &[Block]) -> Outcome {
    let config = Config { rules: vec![rule], ..Config::default() };
    let Made { project: written, variants, dropped, .. } = variant(project(sources(blocks), blocks), &config);
    let mut problems: Vec<String> =
        dropped.iter().map(|d| format!("variant: a change breaks the file: {}", d.error)).collect();
    let omissions: Vec<Omission> = variants.iter().flat_map(|v| &v.omissions).cloned().collect();
    let (mut made, mut changes) = (Vec::new(), 0);
    let text = omissions.iter().fold(String::new(), |mut text, omission| {
        let source = &written.parse(omission.span.source).expect("a source of the project").source;
        let at = LineIndex::new(&source.text).position(&source.text, omission.span.start);
        _ = writeln!(text, "{}:{}:{}: {}", source.path, at.line, at.column, omission.message);
        text
    });
    if !text.is_empty() {
        made.push(Block { word: "report".into(), path: String::new(), text });
    }
    for variant in variants.iter().filter(|v| !v.changes.is_empty()) {
        changes += variant.changes.len();
        let source = &written.parse(variant.source).expect("a source of the project").source;
        let mut again = sources(blocks);
        for other in again.iter_mut().filter(|s| s.path == source.path) {
            *other = other.with_text(variant.body.as_str());
        }
        let twice = self::variant(project(again, blocks), &config);
        let twice = twice.variants.iter().find(|v| v.source == variant.source).map(|v| v.body.as_str());
        if twice.is_some_and(|twice| twice != variant.body) {
            problems.push(format!("variant {}: varying twice is not varying once", source.path));
        }
        made.push(Block {
            word: "variant".into(),
            path: source.path.to_string(),
            text: variant.body.clone(),
        });
    }
    Outcome { findings: changes + omissions.len(), fixable: changes, made, problems }
}

/// The sources after every fix of at least `safety`.
fn fixed(
    what: &str,
    safety: Safety,
    config: &Config,
    blocks: &[Block],
    sources: Vec<Source>,
    problems: &mut Vec<String>,
) -> Vec<Source> {
    let before = project(sources, blocks);
    let broken: Vec<bool> = before.parses().iter().map(|p| !p.errors().is_empty()).collect();
    let Fixed { sources, dropped, .. } = fix(before, config, safety);
    problems.extend(dropped.iter().map(|d| format!("{what}: a fix breaks the file: {}", d.error)));
    let again = project(sources, blocks);
    for (parse, broken) in again.parses().iter().zip(broken) {
        let errors = parse.errors().iter().filter(|_| !broken);
        problems.extend(errors.map(|e| format!("{what} {}: {}", parse.source.path, e.value)));
    }
    let once: Vec<Source> = again.parses().iter().map(|p| p.source.clone()).collect();
    let twice = fix(again, config, safety).sources;
    for (once, twice) in once.iter().zip(&twice).filter(|(once, twice)| once.text != twice.text) {
        let diff = TextDiff::from_lines(&*once.text, &*twice.text).unified_diff().to_string();
        problems.push(format!("{what} {}: fixing twice is not fixing once:\n{diff}", once.path));
    }
    once
}

fn concise(report: &Report, project: &Project) -> String {
    let mut out = Vec::new();
    render(report, project, Format::Concise, false, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("output is UTF-8")
}

/// The blocks that are sources.
fn sources(blocks: &[Block]) -> Vec<Source> {
    let source =
        |b: &Block| Some(Source::new(b.path.as_str(), kind(Utf8Path::new(&b.path))?, b.text.as_str()));
    blocks.iter().filter_map(source).collect()
}

/// What a file of a page is, by its name alone; `None` for a text that others ask for.
fn kind(path: &Utf8Path) -> Option<Kind> {
    let name = path.file_name()?;
    let within = |folder: &str| path.as_str().contains(folder);
    if name.ends_with(".dockerignore") {
        return Some(Kind::Ignore);
    }
    if name.ends_with(".env") {
        return Some(Kind::Env);
    }
    if name.contains("Dockerfile") || name.contains("Containerfile") {
        return Some(Kind::Dockerfile);
    }
    if !matches!(path.extension()?, "yaml" | "yml" | "json") || name == "package.json" {
        return None;
    }
    Some(if name.contains("compose") {
        Kind::Compose
    } else if name == ".gitlab-ci.yml" || within(".github/workflows/") || within(".gitea/workflows/") {
        Kind::Workflow
    } else if within("templates/") {
        Kind::Chart
    } else {
        Kind::Manifest
    })
}

/// The project that an example's files are.
fn project(sources: Vec<Source>, blocks: &[Block]) -> Project {
    let names = blocks.iter().map(|b| Utf8PathBuf::from(&b.path)).collect();
    let files = Files::new(vec![Utf8PathBuf::new()], names);
    let parses: Vec<Parse> =
        sources.into_iter().enumerate().map(|(i, source)| parse(SourceId(i as u32), source)).collect();
    let text = |path: &Utf8Path| blocks.iter().find(|b| b.path == path).map(|b| b.text.as_str().into());
    let mut project = Project::read(parses, files, text);
    loop {
        let reads = project.reads();
        if reads.is_empty() {
            return project;
        }
        for path in reads {
            let text = text(&path);
            project.files.add_text(path, text);
        }
    }
}
