//! What is made from the rules is fresh: the list of rules, `docs/rules.md`, `docs/schema.json` and the
//! README's table. `UPDATE=1` writes it.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test that reads the checkout")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_engine::{Category, Check, Rule, config, rules};

/// Where the part of the README that is made begins and ends.
const MARKERS: [&str; 2] = ["<!-- rules: written by `cargo xtask bless` -->\n", "<!-- /rules -->"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Holds a file to what it should be, or writes it.
fn hold(path: &str, made: &str) {
    let file = root().join(path);
    if fs::read_to_string(&file).is_ok_and(|text| text == made) {
        return;
    }
    assert!(std::env::var_os("UPDATE").is_some(), "{path} is stale: run `cargo xtask bless`");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, made).unwrap();
}

/// The rule files, as `folder/name`.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in fs::read_dir(root().join("crates/engine/src/rules")).unwrap() {
        let folder = folder.unwrap();
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            if let Some(name) = file.strip_suffix(".rs") {
                files.insert(name.replace('_', "-"), folder.file_name().into_string().unwrap());
            }
        }
    }
    files
}

#[test]
fn every_rule_file_is_listed_by_its_name() {
    let files: Vec<String> = files().into_keys().collect();
    let mut listed: Vec<&str> = rules::ALL.iter().map(|r| r.name).collect();
    assert!(listed.is_sorted(), "rules::ALL is not sorted by name");
    listed.sort_unstable();
    assert_eq!(files, listed, "run `cargo xtask bless`; a rule's name is the name of its file");
}

#[test]
fn a_rule_lists_an_alias_once_and_none_is_a_name() {
    let names: BTreeSet<&str> = rules::ALL.iter().map(|r| r.name).collect();
    for rule in rules::ALL {
        let mut seen = BTreeSet::new();
        for alias in rule.aliases {
            assert!(seen.insert(alias.to_lowercase()), "{} lists {alias} twice", rule.name);
            assert!(!names.contains(alias), "{}: {alias} is the name of a rule", rule.name);
        }
    }
}

#[test]
fn docs_list_the_rules() {
    let files = files();
    let mut text = String::from(
        "# Rules\n\nA rule's name links to its page, which is also what `seaworthy explain` shows. The ids of other tools work\n\
         wherever a name does: in settings, in `--select`, and in comments that silence.\n",
    );
    let checks = |rule: &&&Rule| !rule.is_transformation() && !rule.is_measured();
    for category in Category::ALL {
        let rules: Vec<&&Rule> =
            rules::ALL.iter().filter(checks).filter(|r| r.category == category).collect();
        if rules.is_empty() {
            continue;
        }
        let heading = category.as_str();
        _ = writeln!(text, "\n## {}{}\n", heading[..1].to_uppercase(), &heading[1..]);
        text.push_str("| rule | what it finds | severity | fix | also known as |\n|---|---|---|---|---|\n");
        for rule in rules {
            let Rule { name, summary, .. } = rule;
            let page = format!("../crates/engine/src/rules/{}/{}.md", files[*name], name.replace('-', "_"));
            let off = if rule.default { "" } else { " (off by default)" };
            let aliases: Vec<String> = rule.aliases.iter().map(|a| format!("`{a}`")).collect();
            _ = writeln!(
                text,
                "| [`{name}`]({page}) | {}{off} | {} | {} | {} |",
                summary.replace('|', "\\|"),
                rule.severity.as_str(),
                rule.fix.as_str(),
                aliases.join(" "),
            );
        }
    }
    text.push_str(
        "\n## Transformations\n\nWhat `seaworthy variant` changes in a Dockerfile for Kubernetes. `check` and `fix` do not run them; a variant\n\
         also gets the fixes of rules above that it needs. Each can be left out by its name.\n\n\
         | transformation | what it does | category | also known as |\n|---|---|---|---|\n",
    );
    for rule in rules::ALL.iter().filter(|rule| rule.is_transformation()) {
        let Rule { name, summary, .. } = rule;
        let page = format!("../crates/engine/src/rules/{}/{}.md", files[*name], name.replace('-', "_"));
        let aliases: Vec<String> = rule.aliases.iter().map(|a| format!("`{a}`")).collect();
        let (summary, category) = (summary.replace('|', "\\|"), rule.category.as_str());
        _ = writeln!(text, "| [`{name}`]({page}) | {summary} | {category} | {} |", aliases.join(" "));
    }
    text.push_str(
        "\n## Measured\n\nWhat `seaworthy verify` says of containers that ran. `check` and `fix` do not run them; comments silence them as any other.\n\n\
         | rule | what it finds | category | severity | fix |\n|---|---|---|---|---|\n",
    );
    for rule in rules::ALL.iter().filter(|rule| rule.is_measured()) {
        let Rule { name, summary, .. } = rule;
        let page = format!("../crates/engine/src/rules/{}/{}.md", files[*name], name.replace('-', "_"));
        let (summary, category) = (summary.replace('|', "\\|"), rule.category.as_str());
        let (severity, fix) = (rule.severity.as_str(), rule.fix.as_str());
        _ = writeln!(text, "| [`{name}`]({page}) | {summary} | {category} | {severity} | {fix} |");
    }
    hold("docs/rules.md", &text);
}

#[test]
fn docs_say_what_other_tools_ids_become() {
    let mut text = String::from(
        "# From hadolint, BuildKit's checks or tally\n\n\
         | before | now |\n|---|---|\n\
         | `hadolint Dockerfile` | `seaworthy check Dockerfile` |\n\
         | `hadolint --ignore DL3008` | `seaworthy check --ignore DL3008` |\n\
         | `hadolint -f sarif` (`json`, `checkstyle`, `codeclimate`, `gitlab_codeclimate`) | `seaworthy check --format sarif` (`json`, `checkstyle`, `gitlab` for both of the last) |\n\
         | `.hadolint.yaml`, `HADOLINT_…` | read as they are, where there is no `seaworthy.toml`; `seaworthy import hadolint > seaworthy.toml` |\n\
         | `# hadolint ignore=DL3008`, `# hadolint global ignore=…` | the same comments |\n\
         | `docker build --check`, `# check=skip=JSONArgsRecommended` | `seaworthy check`, the same directive |\n\
         | `tally lint`, `tally lint --fix` | `seaworthy check`, `seaworthy fix` |\n\
         | `# tally ignore=…` | the same comments |\n\n\
         An id of another tool works wherever the name of a rule does. A rule judges by context: what a build stage leaves behind is not said,\n\
         for example. Who selects a rule by another tool's id, or `all`, is told what that tool tells too.\n",
    );
    for (title, own) in [
        ("hadolint", (|id| id.starts_with("DL")) as fn(&str) -> bool),
        ("BuildKit", |id| {
            id.starts_with(|c: char| c.is_ascii_uppercase())
                && !id.contains(|c: char| c.is_ascii_digit() || c == '-')
        }),
        ("tally and others' names", |id| {
            id.contains('-') && id.starts_with(|c: char| c.is_ascii_lowercase())
        }),
    ] {
        let mut ids: Vec<(&str, &Rule)> = Vec::new();
        for rule in rules::ALL.iter().filter(|r| matches!(r.check, Check::Stage(_) | Check::Engine)) {
            ids.extend(rule.aliases.iter().filter(|id| own(id)).map(|id| (*id, *rule)));
        }
        ids.sort_by_key(|(id, rule)| (*id, rule.name));
        _ = writeln!(text, "\n## {title}\n\n| id | rule | by default | fix |\n|---|---|---|---|");
        for (id, rule) in ids {
            let on = if rule.default { "on" } else { "off" };
            _ = writeln!(text, "| `{id}` | `{}` | {on} | {} |", rule.name, rule.fix.as_str());
        }
    }
    hold("docs/migration.md", &text);
}

#[test]
fn the_readme_counts_the_rules() {
    let Ok(readme) = fs::read_to_string(root().join("README.md")) else { return };
    let Some((before, rest)) = readme.split_once(MARKERS[0]) else { return };
    let (_, after) = rest.split_once(MARKERS[1]).expect("the README's marker is closed");
    let mut table = String::from("| | rules | with a fix | for example |\n|---|---:|---:|---|\n");
    for category in Category::ALL {
        let checks =
            |rule: &&&Rule| !rule.is_transformation() && !rule.is_measured() && rule.category == category;
        let rules: Vec<&&Rule> = rules::ALL.iter().filter(checks).collect();
        if rules.is_empty() {
            continue;
        }
        let mut examples = rules.clone();
        examples.sort_by_key(|r| (std::cmp::Reverse(r.severity), !r.has_fix(), r.name));
        let examples: Vec<String> = examples.iter().take(3).map(|r| format!("`{}`", r.name)).collect();
        _ = writeln!(
            table,
            "| {} | {} | {} | {} |",
            category.as_str(),
            rules.len(),
            rules.iter().filter(|r| r.has_fix()).count(),
            examples.join(", "),
        );
    }
    hold("README.md", &format!("{before}{}{table}{}{after}", MARKERS[0], MARKERS[1]));
}

#[test]
fn the_schema_of_settings_is_published() {
    let schema = config::schema();
    let held = fs::read_to_string(root().join("docs/schema.json")).unwrap_or_default();
    // The order of keys depends on how serde_json is built, so it is the value that counts.
    if serde_json::from_str::<serde_json::Value>(&held).ok().as_ref() != Some(&schema) {
        hold("docs/schema.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let cases = [
        (r#"select = ["untagged-base", "DL3006", "security", "all"]"#, true),
        (r#"ignore = ["untaged-base"]"#, false),
        ("severity = \"high\"\ntarget = \"kubernetes\"\nexclude = [\"vendor/\"]", true),
        ("severity = \"hihg\"", false),
        ("[rules.untagged-base]\nseverity = \"critical\"\n[per-file-ignores]\n\"a/**\" = [\"style\"]", true),
        ("[rules.untagged-base]\nlevel = \"critical\"", false),
        ("sellect = []", false),
    ];
    for (text, good) in cases {
        let (_, problems) = config::Settings::parse(text);
        assert_eq!(problems.is_empty(), good, "settings: {text}");
        let value: serde_json::Value = toml::from_str(text).unwrap();
        assert_eq!(validator.is_valid(&value), good, "schema: {text}");
    }
}
