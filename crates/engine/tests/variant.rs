//! Variants: what is made of Dockerfiles, and how it is told.
#![expect(clippy::disallowed_methods, reason = "a test that reads the checkout")]

use std::path::Path;

use camino::Utf8PathBuf;
use seaworthy_engine::render::variant::{Format, render};
use seaworthy_engine::variant::{Made, Status, variant, wanted};
use seaworthy_engine::{Config, Files, Kind, Parse, Project, Source, SourceId, parse};

fn project(files: &[(&str, &str)]) -> Project {
    let names = files.iter().map(|(path, _)| Utf8PathBuf::from(path)).collect();
    let mut listed = Files::new(vec![Utf8PathBuf::new()], names);
    let sources = files.iter().filter(|(path, _)| path.contains("ockerfile") && !path.ends_with("ignore"));
    let parses: Vec<Parse> = sources
        .enumerate()
        .map(|(n, (path, text))| parse(SourceId(n as u32), Source::new(*path, Kind::Dockerfile, *text)))
        .collect();
    let text = |path: &Utf8PathBuf| files.iter().find(|(p, _)| path == p).map(|(_, text)| (*text).into());
    for path in Project::wanted(&parses, &listed) {
        let text = text(&path);
        listed.add_text(path, text);
    }
    let mut project = Project::of(parses, listed);
    for path in wanted(&project) {
        let text = text(&path);
        project.files.add_text(path, text);
    }
    project
}

fn made(files: &[(&str, &str)]) -> Made {
    variant(project(files), &Config::default())
}

fn statuses(made: &Made) -> Vec<(String, Status)> {
    let outputs = made.variants.iter().flat_map(|v| &v.outputs);
    outputs.map(|o| (o.source.path.to_string(), o.status)).collect()
}

const SERVER: &str = "FROM python:3.13-slim\nENV TOKEN=hunter2secret\nHEALTHCHECK CMD curl -f http://localhost/\nUSER 1001:1001\nCMD python -m app\n";

#[test]
fn json_keeps_its_contract() {
    let made = made(&[
        ("a/Dockerfile", SERVER),
        ("a/Dockerfile.dockerignore", "*\n"),
        ("b/Dockerfile", SERVER),
        ("b/Dockerfile.k8s", "FROM python:3.12-slim\nUSER 1001:1001\nCMD [\"python\", \"-m\", \"app\"]\n"),
        ("c/Dockerfile.dev", "FROM node:22\nCMD npm run dev\n"),
    ]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/variant.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut out = Vec::new();
    render(&made, Format::Json, false, true, &mut out).unwrap();
    let report = serde_json::from_slice(&out).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{report:#}");
    assert_eq!(report["summary"]["by_status"]["foreign"], 1);
    assert!(!report["variants"][1]["drift"].as_array().unwrap().is_empty());
    for format in [Format::Text, Format::Markdown, Format::Json] {
        let mut out = Vec::new();
        render(&made, format, false, true, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(!shown.contains("hunter2secret"), "{shown}");
        assert!(shown.contains("c/Dockerfile.dev") || shown.contains("c/Dockerfile\\.dev"), "{shown}");
    }
}

#[test]
fn what_is_made_is_current_and_what_is_edited_stays() {
    let first = made(&[("Dockerfile", SERVER), ("Dockerfile.dockerignore", "*\n")]);
    let texts: Vec<(String, String)> = first.variants[0]
        .outputs
        .iter()
        .map(|o| (o.source.path.to_string(), o.source.text.to_string()))
        .collect();
    let with = |source: &str, edit: &dyn Fn(&str) -> String| {
        let edited: Vec<(&str, String)> = texts.iter().map(|(p, t)| (p.as_str(), edit(t))).collect();
        let mut files = vec![("Dockerfile", source), ("Dockerfile.dockerignore", "*\n")];
        files.extend(edited.iter().map(|(p, t)| (*p, t.as_str())));
        made(&files)
    };
    let of = |made: &Made| statuses(made).into_iter().map(|(_, status)| status).collect::<Vec<_>>();
    assert_eq!(of(&with(SERVER, &str::to_owned)), [Status::Current, Status::Current]);
    // Git may change line ends.
    assert_eq!(of(&with(SERVER, &|t| t.replace('\n', "\r\n"))), [Status::Current, Status::Current]);
    let other = format!("{SERVER}EXPOSE 80\n");
    assert_eq!(of(&with(&other, &str::to_owned)), [Status::Stale, Status::Current]);
    let edit = |t: &str| format!("{t}# mine\n");
    assert_eq!(of(&with(SERVER, &edit)), [Status::Edited, Status::Edited]);
    assert_eq!(of(&with(&other, &edit)), [Status::Conflict, Status::Edited]);
}

#[test]
fn tests_of_the_whole_context_are_left_out_by_its_dockerignore() {
    const APP: &str =
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nUSER 1001:1001\nCMD [\"python\", \"-m\", \"app\"]\n";
    let ignore = |files: &[(&str, &str)]| {
        let made = made(files);
        let of = |(_, path): &(_, String)| path.ends_with("ignore");
        let outputs = made.variants[0].outputs.iter().map(|o| (o, o.source.path.to_string()));
        outputs
            .filter(of)
            .map(|(o, _)| o.source.text.lines().skip(2).map(|l| format!("{l}\n")).collect::<String>())
            .next()
    };
    let base = [("Dockerfile", APP), ("tests/test_app.py", ""), (".github/workflows/ci.yaml", "")];
    let left_out = "# What only tests and developers need.\ntests\n.github\n";
    assert_eq!(ignore(&base).as_deref(), Some(left_out));
    let with = |more: &[(&'static str, &'static str)]| ignore(&[&base[..], more].concat());
    assert_eq!(with(&[(".dockerignore", "*.pyc")]), Some(format!("*.pyc\n{left_out}")));
    assert_eq!(with(&[(".dockerignore", "tests\n.github\n")]), None);
    // What a command or the code needs stays.
    let pytest = APP.replace("USER", "RUN pytest\nUSER");
    assert_eq!(ignore(&[("Dockerfile", pytest.as_str()), ("tests/test_app.py", "")]), None);
    assert_eq!(ignore(&[("Dockerfile", &APP.replace("COPY . .", "COPY src .")), ("tests/a.py", "")]), None);
    // A second run finds what the first one wrote.
    let first = made(&base);
    let written: Vec<(String, String)> = first.variants[0]
        .outputs
        .iter()
        .map(|o| (o.source.path.to_string(), o.source.text.to_string()))
        .collect();
    let mut files = base.to_vec();
    files.extend(written.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    assert_eq!(statuses(&made(&files)).iter().map(|s| s.1).collect::<Vec<_>>(), [Status::Current; 2]);
}

#[test]
fn a_change_points_at_the_line_of_the_dockerfile() {
    let text = "FROM python:3.13-slim\nRUN apt-get update && apt-get install -y curl\nHEALTHCHECK CMD curl -f http://localhost/\nUSER 1001:1001\nCMD python -m app\n";
    let made = made(&[("Dockerfile", text)]);
    for change in &made.variants[0].changes {
        let line = text[..change.span.start as usize].matches('\n').count() + 1;
        assert!(matches!(line, 1..=5), "{change:?}");
        if change.rule == "exec-command" {
            assert_eq!(line, 5, "{change:?}");
        }
    }
    assert_eq!(made.project.source_text(SourceId(0)), text);
}
