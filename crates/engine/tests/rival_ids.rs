//! What is asked for by another tool's id is found where that tool's documentation says so, and nowhere else.
//!
//! `rival_ids.txt` has a block for some ids that mean the same: `[ids]`, behind it, where it matters, what the cases are put into.
//! A line with `+` is where each of the ids finds something, one with `-` where none does. A case is the `spec` of a pod, which
//! is tried as a pod and in the template of every kind of workload; whole objects, with ` --- ` between them; or a service.
#![expect(clippy::disallowed_methods, reason = "the list is a file of the checkout")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use seaworthy_engine::config::{Layer, Selector, Settings, resolve};
use seaworthy_engine::images::Day;
use seaworthy_engine::rule::Named;
use seaworthy_engine::{Config, Diagnostic, Files, Kind, Project, Source, SourceId, check, parse};

const KINDS: [&str; 9] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "List",
];

/// The object of a kind that runs pods of a `spec`.
fn workload(kind: &str, spec: &str) -> String {
    let labels = "metadata: {labels: {app: a}}";
    let template = format!("template: {{{labels}, spec: {spec}}}");
    let metadata = "metadata: {name: a, namespace: shop}";
    let (version, spec) = match kind {
        "Pod" => ("v1", spec.to_owned()),
        "ReplicationController" => ("v1", format!("{{selector: {{app: a}}, {template}}}")),
        "Job" => ("batch/v1", format!("{{{template}}}")),
        "CronJob" => {
            ("batch/v1", format!("{{schedule: '* * * * *', jobTemplate: {{spec: {{{template}}}}}}}"))
        }
        "List" => {
            let pod = workload("Pod", spec).replace('\n', ", ");
            return format!("apiVersion: v1\nkind: List\nitems:\n- {{{}}}\n", pod.trim_end_matches(", "));
        }
        _ => ("apps/v1", format!("{{selector: {{matchLabels: {{app: a}}}}, {template}}}")),
    };
    format!("apiVersion: {version}\nkind: {kind}\n{metadata}\nspec: {spec}\n")
}

/// What is found by some ids.
fn found(ids: &[&str], kind: Kind, text: &str) -> Vec<Diagnostic> {
    let selectors = ids.iter().filter_map(|id| Selector::of(id).ok()).collect();
    let asked = Layer { select: Some(selectors), ..Layer::default() };
    let config = Config {
        rules: resolve(&[&asked]),
        scopes: vec![Settings::default().scope(&asked, &[]).into()],
        today: Some(Day(20_778)),
        ..Config::default()
    };
    let source = Source::new(if kind == Kind::Compose { "compose.yaml" } else { "a.yaml" }, kind, text);
    let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
    check(&project, &config).diagnostics
}

#[test]
fn an_id_finds_what_its_tool_means() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rival_ids.txt");
    let text = fs::read_to_string(path).expect("the list is there");
    let (mut ids, mut into): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let (mut wrong, mut cases) = (String::new(), 0);
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some((head, kinds)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            ids = head.split(", ").collect();
            into = kinds.split_whitespace().collect();
            continue;
        }
        let Some((sign, case)) = line.split_once(' ') else {
            _ = writeln!(wrong, "no case: {line}");
            continue;
        };
        let (kind, texts) = if into == ["Compose"] {
            let whole = case.contains("services:");
            let text = if whole { case.to_owned() } else { format!("services: {{a: {case}}}") };
            (Kind::Compose, vec![("", text)])
        } else if case.contains("kind: ") {
            (Kind::Manifest, vec![("", case.replace(" --- ", "\n---\n"))])
        } else {
            let kinds = if into.is_empty() { &KINDS[..] } else { &into[..] };
            (Kind::Manifest, kinds.iter().map(|kind| (*kind, workload(kind, case))).collect())
        };
        for (within, text) in &texts {
            let found = found(&ids, kind, text);
            for id in &ids {
                cases += 1;
                let Some(named) = Named::of(id) else {
                    _ = writeln!(wrong, "{id} names no rule");
                    continue;
                };
                let meant = found.iter().filter(|finding| named.covers(finding));
                let messages: Vec<&str> = meant.map(|finding| finding.message.as_str()).collect();
                if messages.is_empty() != (sign == "-") {
                    _ = writeln!(wrong, "{id} {within} {line}\n    {messages:?}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(cases > 1_000, "only {cases} cases");
}
