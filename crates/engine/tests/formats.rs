//! One report in every format. `UPDATE=1` writes the outputs below `tests/formats/`.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test that reads the checkout")]

use std::fs;
use std::path::Path;

use seaworthy_engine::render::{Format, render, statistics, summary};
use seaworthy_engine::{
    Category, Check, Diagnostic, Edit, Files, Fix, FixKind, Kind, Label, Project, Report, Rule, Safety,
    Severity, Source, SourceId, Span, parse,
};

const PAGE: &str =
    "# moved\n\nText.\n\n## Why it matters\n\nIt moves. More of it.\n\n## What to do\n\nPin it.\n";

static MOVED: Rule =
    rule("moved", "what moves", &["DL0001", "CKV_X_1"], Category::Reliability, Severity::Medium);
static TOLD: Rule = rule("told", "a secret in a file", &[], Category::Security, Severity::Critical);

const fn rule(
    name: &'static str,
    summary: &'static str,
    aliases: &'static [&'static str],
    category: Category,
    severity: Severity,
) -> Rule {
    let (since, docs, fix, check) = ("0.1.0", PAGE, FixKind::Sometimes, Check::Engine);
    Rule { name, summary, since, docs, aliases, category, severity, default: true, fix, check }
}

const DOCKERFILE: &str = "FROM python\nENV TOKEN=hunter2-hunter2 \\\n    HOME=/srv\nRUN apt-get update \\\n    && apt-get install curl\n";

/// Files as they are found, with what makes output hard: another line end, a byte that is no UTF-8, a tab, control
/// characters, a line without end, a path with a space.
fn project() -> Project {
    let long = format!("{{\"a\": [{}\"here\"{}]}}", "1, ".repeat(2000), ", 2".repeat(2000));
    let sources = [
        Source::new("api/Dockerfile", Kind::Dockerfile, DOCKERFILE),
        Source::new("déploy me/compose.yaml", Kind::Compose, "services:\r\n  \"é\": {image: api}\r\n"),
        Source::from_bytes("Dockerfile", Kind::Dockerfile, b"FROM a\n# caf\xe9 \x1b[31m\n\tRUN b\n".to_vec()),
        Source::new("long.json", Kind::Manifest, long),
    ];
    let parses =
        sources.into_iter().enumerate().map(|(i, source)| parse(SourceId(i as u32), source)).collect();
    Project::of(parses, Files::default())
}

/// The span of a text in a source.
fn at(project: &Project, source: u32, text: &str) -> Span {
    let start = project.parses()[source as usize].source.text.find(text).expect("the source has the text");
    Span::new(SourceId(source), start, start + text.len())
}

fn report(project: &Project) -> Report {
    let diagnostic = |rule: &'static Rule, span, message: &str| Diagnostic {
        rule,
        severity: rule.severity,
        message: message.into(),
        span,
        related: Vec::new(),
        hidden: Vec::new(),
        ids: rule.aliases,
        aside: false,
        fix: None,
    };
    let label = |span, message: &str| Label { span, message: message.into() };
    let mut diagnostics = Vec::new();

    let image = at(project, 0, "python");
    let mut untagged = diagnostic(&MOVED, image, "`python` has no tag, 100%: a, b | c <d> & \"e\"");
    untagged.related.push(label(at(project, 1, "api"), "it is built for this service"));
    untagged.related.push(label(at(project, 0, "FROM"), "this instruction"));
    let edits = vec![Edit { span: Span { start: image.end, ..image }, text: ":3.12".into() }];
    untagged.fix = Some(Fix { title: "Name the version".into(), safety: Safety::Safe, edits });
    diagnostics.push(untagged);

    let token = at(project, 0, "hunter2-hunter2");
    let mut secret =
        diagnostic(&TOLD, at(project, 0, "TOKEN"), "`TOKEN` is in the image for everyone to read");
    secret.hidden.push(token);
    diagnostics.push(secret);

    let all = at(project, 0, "ENV TOKEN=hunter2-hunter2 \\\n    HOME=/srv");
    let mut telling = diagnostic(&MOVED, all, "says hunter2-hunter2 aloud\nand \u{1b}[31mred");
    let edits = vec![Edit { span: all, text: "ENV TOKEN=hunter2-hunter2".into() }];
    telling.fix = Some(Fix { title: "Say hunter2-hunter2 again".into(), safety: Safety::Unsafe, edits });
    diagnostics.push(telling);

    diagnostics.push(diagnostic(
        &MOVED,
        at(project, 0, "RUN apt-get update \\\n    && apt-get install curl"),
        "long",
    ));

    let mut empty = diagnostic(&MOVED, at(project, 1, "{image: api}"), "the service has no user");
    let end = at(project, 1, "api").end;
    let edits = vec![Edit {
        span: Span::new(SourceId(1), end as usize, end as usize),
        text: ", user: \"1000\"".into(),
    }];
    empty.fix = Some(Fix { title: "Run as 1000".into(), safety: Safety::Manual, edits });
    empty.severity = Severity::Low;
    diagnostics.push(empty);

    diagnostics.push(diagnostic(&MOVED, at(project, 2, "RUN b"), "after a tab"));
    diagnostics.push(diagnostic(&MOVED, at(project, 2, "# caf\u{f78e9} \u{1b}[31m"), "bytes of any kind"));
    let end = project.parses()[2].source.text.len();
    diagnostics.push(diagnostic(&MOVED, Span::new(SourceId(2), end, end), "at the end"));
    diagnostics.push(diagnostic(&MOVED, at(project, 3, "\"here\""), "in a long line"));
    Report { diagnostics, suppressed: 2, ..Report::default() }
}

fn output(format: Format, color: bool) -> String {
    let project = project();
    let mut out = Vec::new();
    render(&report(&project), &project, format, color, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn hold(name: &str, output: &str) {
    assert!(!output.contains("hunter2"), "{name} tells a secret:\n{output}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, output).unwrap();
    } else if let Ok(held) = fs::read_to_string(path) {
        let diff = similar::TextDiff::from_lines(held.as_str(), output).unified_diff().to_string();
        assert!(diff.is_empty(), "{name}; `UPDATE=1` writes it:\n{diff}");
    } else {
        panic!("no {name}: `UPDATE=1` writes it");
    }
}

#[test]
fn every_format_is_as_it_was() {
    for format in Format::ALL {
        let extension = match format {
            Format::Text | Format::Concise | Format::Github => "txt",
            Format::Json | Format::Sarif | Format::Gitlab => "json",
            Format::Junit | Format::Checkstyle => "xml",
            Format::Markdown => "md",
        };
        hold(&format!("{}.{extension}", format.as_str()), &output(format, false));
        assert_eq!(Format::of(format.as_str()), Some(format));
    }
}

#[test]
fn colours_are_as_they_were() {
    hold("text.ansi.txt", &output(Format::Text, true));
    hold("concise.ansi.txt", &output(Format::Concise, true));
}

#[test]
fn nothing_for_people_reaches_the_terminal_as_a_command() {
    for format in [Format::Text, Format::Concise, Format::Markdown] {
        assert!(!output(format, false).contains('\u{1b}'), "{}", format.as_str());
    }
}

#[test]
fn statistics_count_rules() {
    let project = project();
    let mut out = Vec::new();
    statistics(&report(&project), false, &mut out).unwrap();
    hold("statistics.txt", &String::from_utf8(out).unwrap());
}

#[test]
fn a_clean_report_says_so() {
    let project = project();
    let clean = Report::default();
    assert_eq!(summary(&clean, &project), "No problems found in 4 files");
    for format in Format::ALL {
        render(&clean, &project, format, false, &mut Vec::new()).unwrap();
    }
}

#[test]
fn json_and_sarif_keep_their_schemas() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schemas = [
        (Format::Json, top.join("../../docs/report.schema.json")),
        (Format::Sarif, top.join("tests/formats/sarif-2.1.0.schema.json")),
    ];
    let project = project();
    for (format, path) in schemas {
        // As published, SARIF's schema has a pattern for languages that is no regular expression.
        let text = fs::read_to_string(path).unwrap().replace("{2}]?$", "{2}$");
        let schema = serde_json::from_str(&text).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for report in [report(&project), Report::default()] {
            let mut out = Vec::new();
            render(&report, &project, format, false, &mut out).unwrap();
            let value = serde_json::from_slice(&out).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", format.as_str());
        }
    }
}

#[test]
fn json_positions_are_those_of_the_file() {
    let value: serde_json::Value = serde_json::from_str(&output(Format::Json, false)).unwrap();
    let start = |n: usize| value["findings"][n]["start"].clone();
    let at = |offset, line, column| serde_json::json!({"offset": offset, "line": line, "column": column});
    assert_eq!(start(0), at(5, 1, 6));
    // `é` is one character and two bytes; a line end of two bytes counts as such.
    assert_eq!(start(4), at(19, 2, 8));
    // A byte that is no UTF-8 is one byte and one character.
    assert_eq!(start(5), at(21, 3, 2));
    assert_eq!(value["findings"][2]["fix"], serde_json::Value::Null, "its edits tell a secret");
    assert_eq!(value["summary"]["fixable"], 1);
}

#[test]
fn any_span_of_any_text_can_be_shown() {
    let long = format!("{}é\n{}", "x→".repeat(500), "y".repeat(700));
    let many = "a\r\n".repeat(20);
    let texts = [
        "",
        "\n",
        "\r",
        "a",
        "\u{feff}a\nb",
        "é\r\nb\rc\n\n",
        "漢字\t x\u{200d}\u{301}\u{1b}[2J",
        "\u{f78ff}z\n",
        &long,
        &many,
    ];
    for text in texts {
        let source = Source::new("a", Kind::Ignore, text);
        let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
        let places =
            [0, 1, 2, 3, 4, 7, 13, text.len() / 2, text.len().saturating_sub(1), text.len(), text.len() + 9];
        for (start, end) in
            places.iter().flat_map(|s| places.iter().map(move |e| (*s, *e))).filter(|(s, e)| s <= e)
        {
            let (first, last) = (Span::new(SourceId(0), start, end), Span::new(SourceId(0), 0, start));
            for (span, hidden) in [(first, last), (last, first)] {
                let related = vec![Label { span: hidden, message: "é\u{1b}".into() }];
                let edits = vec![Edit { span, text: "a".into() }];
                let fix = Some(Fix { title: "T".into(), safety: Safety::Safe, edits });
                let diagnostic = Diagnostic {
                    rule: &MOVED,
                    severity: Severity::Low,
                    message: "m".into(),
                    span,
                    related,
                    hidden: vec![hidden],
                    ids: &[],
                    aside: false,
                    fix,
                };
                let report = Report { diagnostics: vec![diagnostic], ..Report::default() };
                for format in Format::ALL {
                    render(&report, &project, format, true, &mut Vec::new()).unwrap();
                }
            }
        }
    }
}
