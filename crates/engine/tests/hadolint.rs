//! What hadolint's users bring along: every key of `.hadolint.yaml`, every variable, pragmas, and what reports say.

use std::sync::Arc;

use seaworthy_engine::config::{Layer, Settings, resolve};
use seaworthy_engine::render::{Format, render};
use seaworthy_engine::{Config, Files, Kind, Project, Report, Source, SourceId, check, parse};

/// What is found in a Dockerfile with these settings, as `line severity rule`, and whether each would fail the run.
fn found(settings: &Settings, text: &str) -> Vec<(String, bool)> {
    let (_, report, config) = checked(settings, text);
    let line = |start: u32| text[..start as usize].matches('\n').count() + 1;
    let shown = |d: &seaworthy_engine::Diagnostic| {
        format!("{} {} {}", line(d.span.start), d.severity.as_str(), d.rule.name)
    };
    report.diagnostics.iter().map(|d| (shown(d), config.fails(d))).collect()
}

fn checked(settings: &Settings, text: &str) -> (Project, Report, Config) {
    let project = Project::of(
        vec![parse(SourceId(0), Source::new("Dockerfile", Kind::Dockerfile, text))],
        Files::default(),
    );
    let asked = Layer::default();
    let scope = Arc::new(settings.scope(&asked, &[]));
    let config =
        Config { rules: resolve(&[&settings.layer, &asked]), scopes: vec![scope], ..Config::default() };
    let report = check(&project, &config);
    (project, report, config)
}

const FILE: &str = "FROM docker.io/library/debian\nLABEL version=x team=core\nRUN yum install -y a\n";

/// The findings of a few rules, without those that this is not about.
fn about(settings: &Settings, text: &str) -> Vec<String> {
    let rules = ["untagged-base", "label-schema", "untrusted-registry", "unpinned-packages", "shell-problem"];
    let wanted = |line: &String| rules.iter().any(|rule| line.ends_with(rule));
    found(settings, text).into_iter().map(|(line, _)| line).filter(wanted).collect()
}

#[test]
fn every_key_counts() {
    let table: &[(&str, &[&str])] = &[
        ("", &["1 medium untagged-base"]),
        ("ignored: [DL3006]", &[]),
        ("ignored:\n  - DL3006\n  - SC2086\n  - DL9999\n", &[]),
        ("override:\n  error: [DL3006]", &["1 high untagged-base"]),
        ("override:\n  warning: [DL3006]", &["1 medium untagged-base"]),
        ("override:\n  info: [DL3006]", &["1 low untagged-base"]),
        ("override:\n  style: [DL3006]", &["1 low untagged-base"]),
        // What is off until somebody grades it.
        ("override:\n  info: [DL3033]", &["1 medium untagged-base", "3 low unpinned-packages"]),
        ("trustedRegistries: [ghcr.io]", &["1 high untrusted-registry", "1 medium untagged-base"]),
        ("trustedRegistries: [docker.io, ghcr.io]", &["1 medium untagged-base"]),
        ("label-schema:\n  version: semver", &["1 medium untagged-base", "2 low label-schema"]),
        (
            "label-schema:\n  version: text\n  author: email",
            &["1 low label-schema", "1 medium untagged-base"],
        ),
        (
            "label-schema:\n  version: text\nstrict-labels: true",
            &["1 medium untagged-base", "2 low label-schema"],
        ),
        ("format: sarif\nno-color: true\nverbose: true", &["1 medium untagged-base"]),
        // What is no YAML says nothing.
        ("ignored: [", &["1 medium untagged-base"]),
        ("- ignored", &["1 medium untagged-base"]),
    ];
    for (yaml, expected) in table {
        let mut lines = about(&Settings::hadolint(yaml), FILE);
        lines.sort();
        assert_eq!(lines, *expected, "{yaml}");
    }
}

#[test]
fn thresholds_decide_what_fails() {
    let fails = |yaml: &str| {
        let found = found(&Settings::hadolint(yaml), FILE);
        found.iter().any(|(line, fails)| line.ends_with("untagged-base") && *fails)
    };
    for (yaml, expected) in [
        ("", true),
        ("failure-threshold: error", false),
        ("failure-threshold: warning", true),
        ("failure-threshold: info", true),
        ("failure-threshold: style", true),
        ("failure-threshold: ignore", true),
        ("failure-threshold: none", false),
        ("no-fail: true", false),
        ("no-fail: false", true),
        ("failure-threshold: error\noverride:\n  error: [DL3006]", true),
    ] {
        assert_eq!(fails(yaml), expected, "{yaml}");
    }
}

#[test]
fn every_variable_counts() {
    let table: &[(&[(&str, &str)], &[&str])] = &[
        (&[("IGNORE", "DL3006, DL3008")], &[]),
        (&[("OVERRIDE_ERROR", "DL3006")], &["1 high untagged-base"]),
        (&[("OVERRIDE_WARNING", "DL3006")], &["1 medium untagged-base"]),
        (&[("OVERRIDE_INFO", "DL3006")], &["1 low untagged-base"]),
        (&[("OVERRIDE_STYLE", "DL3006")], &["1 low untagged-base"]),
        (
            &[("TRUSTED_REGISTRIES", "ghcr.io,quay.io")],
            &["1 high untrusted-registry", "1 medium untagged-base"],
        ),
        (&[("REQUIRE_LABELS", "version:semver")], &["1 medium untagged-base", "2 low label-schema"]),
        (
            &[("REQUIRE_LABELS", "version:text"), ("STRICT_LABELS", "1")],
            &["1 medium untagged-base", "2 low label-schema"],
        ),
    ];
    for (variables, expected) in table {
        let mut settings = Settings::default();
        let value = |name: &str| {
            let name = name.strip_prefix("HADOLINT_")?;
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        assert!(settings.add_hadolint_variables(value), "{variables:?}");
        let mut lines = about(&settings, FILE);
        lines.sort();
        assert_eq!(lines, *expected, "{variables:?}");
    }
    let with = |name: &'static str, value: &'static str| {
        let mut settings = Settings::default();
        settings.add_hadolint_variables(|n| (n == name).then(|| value.to_owned()));
        found(&settings, FILE).iter().any(|(_, fails)| *fails)
    };
    assert!(with("HADOLINT_NOFAIL", "no"));
    assert!(!with("HADOLINT_NOFAIL", "true"));
    assert!(!with("HADOLINT_FAILURE_THRESHOLD", "none"));
    assert!(!Settings::default().add_hadolint_variables(|_| None));
}

#[test]
fn pragmas_count_unless_they_are_disabled() {
    let pragmas = "# hadolint ignore=DL3006\nFROM alpine AS a\nFROM debian:trixie-slim\n# hadolint ignore=SC3014 # why: dash knows it by now\nRUN apt-get update && [ \"$A\" == b ]\n";
    assert_eq!(about(&Settings::default(), pragmas), Vec::<String>::new());
    let disabled = Settings::hadolint("disable-ignore-pragma: true");
    let both = ["2 medium untagged-base", "5 medium shell-problem"];
    assert_eq!(about(&disabled, pragmas), both);
    // The shell that the base image has.
    let shell = "FROM debian:trixie\n# hadolint shell=bash\nRUN [[ $A == b ]] && echo -e 'a\\n'\n";
    assert_eq!(about(&Settings::default(), shell), Vec::<String>::new());
    // dash knows neither `[[`, its `==` nor `echo -e`.
    let dash = about(&Settings::default(), &shell.replace("# hadolint", "# of"));
    assert_eq!(dash, ["3 medium shell-problem"; 3]);
}

#[test]
fn imported_settings_mean_the_same() {
    let yaml = "ignored: [DL3059]\noverride:\n  error: [DL3006]\n  info: [DL3033]\ntrustedRegistries: [ghcr.io]\nfailure-threshold: warning\nlabel-schema:\n  version: semver\nstrict-labels: true\n";
    let first = Settings::hadolint(yaml);
    let toml = first.to_toml();
    let (second, problems) = Settings::parse(&toml);
    assert!(problems.is_empty(), "{toml}\n{problems:?}");
    assert_eq!(found(&first, FILE), found(&second, FILE), "{toml}");
}

/// hadolint says of a finding where it is, how bad, its id and what is wrong; so does each format that it has too.
#[test]
fn reports_say_as_much() {
    let text = "FROM debian\nRUN sudo apt-get install curl\nCMD echo $foo\n";
    let (project, report, _) = checked(&Settings::default(), text);
    assert!(report.diagnostics.len() > 3);
    for (format, parts) in [
        (Format::Sarif, ["\"ruleId\"", "\"startLine\"", "\"uri\"", "\"level\""]),
        (Format::Gitlab, ["\"check_name\"", "\"begin\"", "\"path\"", "\"fingerprint\""]),
        (Format::Checkstyle, ["source=", "line=", "name=", "severity="]),
        (Format::Json, ["\"rule\"", "\"line\"", "\"path\"", "\"severity\""]),
    ] {
        let mut out = Vec::new();
        render(&report, &project, format, false, &mut out).expect("memory can be written to");
        let out = String::from_utf8(out).expect("reports are text");
        for part in parts {
            assert!(
                out.matches(part).count() >= if part == "name=" { 1 } else { report.diagnostics.len() },
                "{part}: {out}"
            );
        }
        for diagnostic in &report.diagnostics {
            assert!(out.contains(diagnostic.rule.name), "{} in {out}", diagnostic.rule.name);
        }
    }
}
