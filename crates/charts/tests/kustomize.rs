//! What overlays come to, and where each part of it was written. Every expected text is what Kustomize 5.8 builds.

use std::collections::BTreeMap;

use seaworthy_charts::helm::Cause;
use seaworthy_charts::kustomize::{Built, Files, build};
use seaworthy_charts::{Failure, FileId};

struct Tree(BTreeMap<String, (String, FileId)>);

impl Files for Tree {
    fn text(&self, path: &str) -> Option<(&str, Option<FileId>)> {
        self.0.get(path).map(|(text, id)| (text.as_str(), Some(*id)))
    }

    fn is_directory(&self, path: &str) -> bool {
        self.0.keys().any(|file| file.starts_with(&format!("{path}/")))
    }
}

fn built(files: &[(&str, &str)]) -> Result<Built, Failure> {
    let numbered = files.iter().enumerate();
    let tree = numbered
        .map(|(n, (path, text))| ((*path).to_owned(), ((*text).to_owned(), FileId(n as u32))))
        .collect();
    build(&Tree(tree), "over")
}

const BASE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: nginx:1\n        env:\n        - {name: A, value: \"1\"}\n      volumes:\n      - name: c\n        configMap: {name: cm}\n";
const OVER: &str = "resources: [../base]\nnamePrefix: dev-\nnamespace: prod\nimages:\n- name: nginx\n  newTag: \"2\"\nreplicas:\n- {name: web, count: 5}\npatches:\n- path: patch.yaml\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/template/spec/containers/0/tty\n      value: true\n";
const PATCH: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        securityContext:\n          privileged: true\n        env:\n        - {name: B, value: \"2\"}\n";

fn example() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "base/kustomization.yaml",
            "resources: [d.yaml]\nconfigMapGenerator:\n- name: cm\n  literals: [a=b, \"c='d'\"]\n",
        ),
        ("base/d.yaml", BASE),
        ("over/kustomization.yaml", OVER),
        ("over/patch.yaml", PATCH),
    ]
}

#[test]
fn overlays_come_to_what_kustomize_builds() {
    let built = built(&example()).unwrap();
    let expected = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: dev-web\n  namespace: prod\nspec:\n  replicas: 5\n  template:\n    spec:\n      containers:\n      - env:\n        - name: B\n          value: \"2\"\n        - name: A\n          value: \"1\"\n        image: nginx:2\n        name: a\n        securityContext:\n          privileged: true\n        tty: true\n      volumes:\n      - configMap:\n          name: dev-cm-fh478f99mk\n        name: c\n---\napiVersion: v1\ndata:\n  a: b\n  c: d\nkind: ConfigMap\nmetadata:\n  name: dev-cm-fh478f99mk\n  namespace: prod\n";
    assert_eq!(built.rendered.text.as_str(), expected);
}

#[test]
fn every_part_knows_its_base_or_its_patch() {
    let files = example();
    let built = built(&files).unwrap();
    let cause = |part: &str| {
        let at = built.rendered.text.as_str().find(part).unwrap();
        match built.rendered.cause(at..at + part.len(), false) {
            Cause::At(origin, _) => {
                let (path, text) = files[origin.file.0 as usize];
                format!("{path}: {}", &text[origin.start as usize..origin.end as usize])
            }
            other => format!("{other:?}"),
        }
    };
    assert_eq!(cause("privileged: true"), "over/patch.yaml: privileged: true");
    assert_eq!(cause("kind: Deployment"), "base/d.yaml: kind: Deployment");
}

#[test]
fn what_is_not_done_is_refused() {
    let cases = [
        ("resources: [https://example.org/x]\n", "nothing is fetched"),
        ("resources: [github.com/a/b//c?ref=v1]\n", "nothing is fetched"),
        ("resources: [../base/d.yaml]\n", "outside of the folder"),
        ("resources: [/etc/passwd]\n", "no path in the repository"),
        ("configMapGenerator:\n- name: a\n  files: [../../secret]\n", "outside of the folder"),
        ("resources: [missing.yaml]\n", "not there"),
        ("resources: [../over]\n", "take in each other"),
        ("helmCharts: [{name: x}]\n", "not supported"),
        ("vars: [{name: x}]\n", "not supported"),
        ("resources: [../base, ../base]\n", "twice"),
        (
            "resources: [../base]\npatches:\n- patch: |-\n    kind: Service\n    metadata: {name: x}\n",
            "not there",
        ),
        ("nosuch: 1\n", "unknown field"),
    ];
    for (text, expected) in cases {
        let mut files = example();
        files[2] = ("over/kustomization.yaml", text);
        let failure = built(&files).unwrap_err();
        assert!(failure.message.contains(expected), "{text}: {failure}");
    }
}
