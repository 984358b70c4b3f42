//! What Compose projects become, in each output.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test that reads the checkout")]

use std::collections::BTreeMap;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::convert::folder::compare;
use seaworthy_engine::convert::{self, Asked, Options, Ready, To, manifests};
use seaworthy_engine::render::convert::{Conversion, Format, render};
use seaworthy_engine::syntax::yaml::Yaml;
use seaworthy_engine::{Config, SourceId};

use crate::plans::project;

fn ready(files: &[(&str, &str)]) -> Ready {
    let chains = convert::chains(&project(files, Vec::new()), Asked::Directory(Utf8Path::new(""))).unwrap();
    let project = project(files, chains.all().cloned().collect());
    assert!(chains.are_in(&project));
    Ready::new(project, &Config::default(), chains, "app")
}

fn made(ready: &Ready, to: To) -> BTreeMap<String, String> {
    let options = Options::default();
    let plan = ready.plan(&ready.chains.whole, &options).unwrap();
    let files = ready.files(&plan, &options, to, true);
    files.iter().map(|file| (file.path.to_string(), file.text.to_string())).collect()
}

const SHOP: &str = "\
name: shop
services:
  web:
    image: nginx:1.27
    ports: ['8080:8080']
    environment:
      ODD: 'off'
      TEMPLATE: '{{ .Values }} $$HOME'
      LEVEL: ${LEVEL:-info}
      PASSWORD: ${PASSWORD}
    command: ['nginx', '-g', \"daemon off;\"]
  tools:
    image: busybox:1.37
    profiles: [dev]
";

const PROD: &str = "\
services:
  web:
    image: nginx:1.28
    environment:
      LEVEL: ${LEVEL:-warn}
    privileged: true
  cache:
    image: redis:7
";

#[test]
fn json_keeps_its_contract() {
    let ready = ready(&[("compose.yaml", SHOP), ("compose.override.yaml", PROD)]);
    let options = Options::default();
    let plan = ready.plan(&ready.chains.whole, &options).unwrap();
    let folder = compare(ready.files(&plan, &options, To::Manifests, false), None, BTreeMap::new());
    let conversion = Conversion {
        project: &ready.project,
        plan: &plan,
        problems: ready.problems(&ready.chains.whole),
        to: To::Manifests,
        platform: options.platform,
        folder: Some(&folder),
        done: true,
        verbose: true,
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/convert.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut out = Vec::new();
    render(&conversion, Format::Json, false, &mut out).unwrap();
    let report = serde_json::from_slice(&out).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{report:#}");
    assert_eq!(report["project"], "shop");
    for format in [Format::Text, Format::Markdown] {
        let mut out = Vec::new();
        render(&conversion, format, false, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("services.web.privileged"), "{shown}");
        assert!(shown.contains("PASSWORD"), "{shown}");
    }
}

#[test]
fn manifests_are_yaml_and_the_same_each_time() {
    let files = [("compose.yaml", SHOP)];
    let ready = ready(&files);
    let first = made(&ready, To::Manifests);
    assert_eq!(first, made(&self::ready(&files), To::Manifests));
    assert_eq!(first.keys().next().map(String::as_str), Some("00-namespace.yaml"));
    assert!(!first.contains_key("tools.yaml"), "nobody asked for its profile");
    let plan = ready.plan(&ready.chains.whole, &Options::default()).unwrap();
    let stream = manifests::stream(&plan, true);
    let yaml = Yaml::parse(SourceId(0), &stream.as_str().into());
    assert!(yaml.errors().is_empty(), "{stream}");
    assert_eq!(yaml.documents().count(), stream.matches("\nkind: ").count());
}

#[test]
fn overlays_come_from_override_files_and_components_from_profiles() {
    let ready = ready(&[("compose.yaml", SHOP), ("compose.override.yaml", PROD)]);
    let made = made(&ready, To::Kustomize);
    let has = |path: &str| assert!(made.contains_key(path), "{path}: {:?}", made.keys());
    has("base/web.yaml");
    has("overlays/override/cache.yaml");
    has("overlays/override/web-deployment.yaml");
    has("components/dev/tools.yaml");
    let base = &made["base/kustomization.yaml"];
    assert!(base.contains("LEVEL=info") && !base.contains("cache.yaml"), "{base}");
    let overlay = &made["overlays/override/kustomization.yaml"];
    assert!(overlay.contains("behavior: replace") && overlay.contains("LEVEL=warn"), "{overlay}");
    let patch = &made["overlays/override/web-deployment.yaml"];
    assert!(patch.contains("nginx:1.28") && !patch.contains("daemon off"), "{patch}");
}

#[test]
fn charts_keep_variables_and_what_looks_like_a_template() {
    let ready = ready(&[("compose.yaml", SHOP)]);
    let made = made(&ready, To::Helm);
    let web = &made["templates/web.yaml"];
    assert!(web.contains("{{ \"{{\" }} .Values }} $"), "{web}");
    assert!(web.contains(".Values.variables.LEVEL | quote"), "{web}");
    let values = &made["values.yaml"];
    assert!(values.contains("LEVEL: info") && !values.contains("PASSWORD"), "{values}");
    assert!(values.contains("enabled: false"), "{values}");
    serde_json::from_str::<serde_json::Value>(&made["values.schema.json"]).unwrap();
    assert!(made["templates/NOTES.txt"].contains("--from-literal=PASSWORD=..."));
    let kind = |text: &String| text.contains("kind: Namespace");
    assert!(!made.values().any(kind), "a release cannot make its own namespace");
}

#[test]
fn which_project_is_meant_is_asked_where_there_are_several() {
    let several = [("a/compose.yaml", SHOP), ("b/compose.yaml", SHOP)];
    let chains =
        |path: &str| convert::chains(&project(&several, Vec::new()), Asked::Directory(Utf8Path::new(path)));
    let error = chains("").unwrap_err();
    assert!(error.contains("a/compose.yaml") && error.contains("b/compose.yaml"), "{error}");
    assert_eq!(chains("b").unwrap().whole, ["b/compose.yaml"]);
    assert!(chains("c").is_err());
    let files: Vec<Utf8PathBuf> = vec!["a/compose.yaml".into(), "b/compose.yaml".into()];
    let chains = convert::chains(&project(&several, Vec::new()), Asked::Chain(&files)).unwrap();
    assert_eq!((chains.base.len(), chains.overlays.len()), (1, 1));
    assert!(convert::chains(&project(&several, Vec::new()), Asked::Chain(&["x".into()])).is_err());
}

/// The schema that editors complete `x-seaworthy` by is that of the table that checks it. `UPDATE=1` writes it.
#[test]
fn the_schema_of_overrides_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/x-seaworthy.schema.json");
    let schema = serde_json::to_string_pretty(&convert::overrides::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), schema);
}
