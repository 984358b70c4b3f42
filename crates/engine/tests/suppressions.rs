//! What comments and annotations silence, in the language of every tool: what is left, and how much was silenced.

use seaworthy_engine::{Config, Files, Kind, Project, Severity, Source, SourceId, check, parse, rules};

/// What three rules find, and that something silences nothing, as `line rule` each, and how many were silenced.
fn found(kind: Kind, text: &str) -> (Vec<String>, usize) {
    let names =
        ["privilege-escalation", "single-replica", "syntax-error", "untagged-base", "unused-suppression"];
    let config = Config {
        rules: rules::ALL.iter().copied().filter(|r| names.contains(&r.name)).collect(),
        severity: Severity::Low,
        ..Config::default()
    };
    let source = Source::new("file", kind, text);
    let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
    let report = check(&project, &config);
    let line = |start: u32| text[..start as usize].matches('\n').count() + 1;
    let lines =
        report.diagnostics.iter().map(|d| format!("{} {}", line(d.span.start), d.rule.name)).collect();
    (lines, report.suppressed)
}

fn assert_found(kind: Kind, text: &str, left: &[&str], suppressed: usize) {
    let (lines, silenced) = found(kind, text);
    assert_eq!(
        (lines.iter().map(String::as_str).collect::<Vec<_>>(), silenced),
        (left.to_vec(), suppressed),
        "{text}"
    );
}

#[test]
fn in_a_dockerfile() {
    let table: &[(&str, &[&str], usize)] = &[
        ("FROM a\n", &["1 untagged-base"], 0),
        // Ours.
        ("# seaworthy: ignore[untagged-base] for now\nFROM a\n", &[], 1),
        ("# seaworthy: ignore[DL3006]\nFROM a\n", &[], 1),
        ("# seaworthy: ignore[reliability]\nFROM a\n", &[], 1),
        ("# seaworthy: ignore\nFROM a\n", &[], 1),
        ("# seaworthy: ignore[untagged-base]\n\n# more\n\nFROM a\nFROM b\n", &["6 untagged-base"], 1),
        ("FROM a\nFROM b\n# seaworthy: ignore-file[untagged-base]\n", &[], 2),
        ("# seaworthy: ignore-file\nFROM a\nFROM b\n", &[], 2),
        ("# seaworthy: ignore[untagged-base]\nFROM a:1\n", &["1 unused-suppression"], 0),
        ("# seaworthy: ignore\nFROM a:1\n", &["1 unused-suppression"], 0),
        ("# seaworthy: ignore[untagged-bse]\nFROM a\n", &["1 unused-suppression", "2 untagged-base"], 0),
        ("# seaworthy: ignore[untagged-base, single-replica]\nFROM a\n", &["1 unused-suppression"], 1),
        ("FROM a:1\n# seaworthy: ignore[untagged-base]\n", &["2 unused-suppression"], 0),
        // hadolint.
        ("# hadolint ignore=DL3006\nFROM a\n", &[], 1),
        ("# hadolint ignore=DL3008,DL3006\nFROM a\nFROM b\n", &["3 untagged-base"], 1),
        ("# hadolint global ignore=DL3006\nFROM a\nFROM b\n", &[], 2),
        ("# hadolint ignore=DL3006\nFROM a:1\n", &["1 unused-suppression"], 0),
        // What a variable decides another tool may see otherwise.
        ("ARG A\n# hadolint ignore=DL3006\nFROM $A\n", &[], 0),
        // A rule of theirs that we do not have is none of our business.
        ("# hadolint ignore=DL9999\nFROM a:1\n", &[], 0),
        // BuildKit has no check that we know as this rule.
        ("# check=skip=all\nFROM a\n", &[], 1),
        ("# check=skip=StageNameCasing;error=true\nFROM a\n", &["2 untagged-base"], 0),
        // tally.
        ("# tally ignore=hadolint/DL3006;reason=ours\nFROM a\n", &[], 1),
        ("# tally global ignore=hadolint/DL3006\nFROM a\nFROM b\n", &[], 2),
        // Checkov.
        ("FROM a\n#checkov:skip=CKV_DOCKER_7:the base is ours\nRUN b\n", &[], 1),
        // Trivy and tfsec count for the stage below.
        ("#trivy:ignore:CKV_DOCKER_7\nFROM a\nFROM b\n", &["3 untagged-base"], 1),
        // KICS.
        ("# kics-scan ignore\nFROM a\nFROM b\n", &[], 2),
        ("# kics-scan ignore-line\nFROM a\nFROM b\n", &["3 untagged-base"], 1),
        // Semgrep.
        ("# nosemgrep: x.y.untagged-base\nFROM a\n", &[], 1),
        ("# nosemgrep\nFROM a\n", &[], 1),
        // Another tool never heard of a syntax error.
        ("# kics-scan ignore\nFORM a\n", &["2 syntax-error"], 0),
        ("# seaworthy: ignore-file\nFORM a\n", &[], 1),
    ];
    for (text, left, suppressed) in table {
        assert_found(Kind::Dockerfile, text, left, *suppressed);
        // Other line ends change nothing.
        assert_found(Kind::Dockerfile, &text.replace('\n', "\r\n"), left, *suppressed);
    }
}

/// A deployment behind a Service, with lines before it, annotations, and what stands around a container and behind its name.
fn deployment(before: &str, annotations: &str, above: &str, behind: &str) -> String {
    let annotations =
        if annotations.is_empty() { String::new() } else { format!("  annotations:\n    {annotations}\n") };
    format!(
        "{before}apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n{annotations}spec:\n  replicas: 1\n  \
         selector:\n    matchLabels: {{app: api}}\n  template:\n    metadata:\n      labels: {{app: api}}\n    spec:\n      \
         containers:\n{above}        - name: api{behind}\n          image: a:1\n        - name: b\n          image: b:1\n\
         ---\napiVersion: v1\nkind: Service\nmetadata: {{name: api}}\nspec: {{selector: {{app: api}}, ports: [{{port: 80}}]}}\n"
    )
}

#[test]
fn in_a_manifest() {
    let both = ["6 single-replica", "14 privilege-escalation", "16 privilege-escalation"];
    assert_found(Kind::Manifest, &deployment("", "", "", ""), &both, 0);
    // Above an item it is for all of the item, above the first key for all of the document.
    let above = "        # seaworthy: ignore[privilege-escalation] it starts others\n";
    assert_found(
        Kind::Manifest,
        &deployment("", "", above, ""),
        &["6 single-replica", "17 privilege-escalation"],
        1,
    );
    let behind = " # seaworthy: ignore[CKV_K8S_20]";
    assert_found(
        Kind::Manifest,
        &deployment("", "", "", behind),
        &["6 single-replica", "16 privilege-escalation"],
        1,
    );
    let before = "# seaworthy: ignore[privilege-escalation]\n";
    assert_found(Kind::Manifest, &deployment(before, "", "", ""), &["7 single-replica"], 2);
    assert_found(
        Kind::Manifest,
        &deployment(&format!("{before}---\n"), "", "", ""),
        &["8 single-replica"],
        2,
    );
    let two = format!("{}---\n{}", deployment(before, "", "", ""), deployment("", "", "", ""));
    assert_eq!(found(Kind::Manifest, &two).1, 2, "one document does not speak for the next");

    let table: &[(&str, &[&str], usize)] = &[
        ("ignore-check.kube-linter.io/privilege-escalation-container: why", &["8 single-replica"], 2),
        (
            "ignore-check.kube-linter.io/no-such-check: why",
            &["8 single-replica", "16 privilege-escalation", "18 privilege-escalation"],
            0,
        ),
        ("kube-linter.io/ignore-all: why", &[], 3),
        (
            "kube-score/ignore: pod-probes, minimum-three-replicas",
            &["16 privilege-escalation", "18 privilege-escalation"],
            1,
        ),
        (
            "polaris.fairwinds.com/deploymentMissingReplicas-exempt: \"true\"",
            &["16 privilege-escalation", "18 privilege-escalation"],
            1,
        ),
        (
            "polaris.fairwinds.com/deploymentMissingReplicas-exempt: \"false\"",
            &["8 single-replica", "16 privilege-escalation", "18 privilege-escalation"],
            0,
        ),
        ("polaris.fairwinds.com/exempt: \"true\"", &[], 3),
        ("checkov.io/skip1: CKV_K8S_20=it starts others", &["8 single-replica"], 2),
    ];
    for (annotation, left, suppressed) in table {
        assert_found(Kind::Manifest, &deployment("", annotation, "", ""), left, *suppressed);
    }

    let clean =
        "# seaworthy: ignore[privilege-escalation]\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    assert_found(Kind::Manifest, clean, &["1 unused-suppression"], 0);
}

#[test]
fn in_a_compose_file() {
    let text = "services:\n  # seaworthy: ignore[privilege-escalation]\n  a:\n    image: a:1\n  b:\n    image: b:1\n";
    assert_found(Kind::Compose, text, &["5 privilege-escalation"], 1);
    let text = "# dclint disable-file\nservices:\n  a:\n    image: a:1\n";
    assert_found(Kind::Compose, text, &[], 1);
    let text = "services:\n  a: # dclint disable-line\n    image: a:1\n  b:\n    image: b:1\n";
    assert_found(Kind::Compose, text, &["4 privilege-escalation"], 1);
    let text = "services:\n  # kics-scan ignore-block\n  a:\n    image: a:1\n  b:\n    image: b:1\n";
    assert_found(Kind::Compose, text, &["5 privilege-escalation"], 1);
}
