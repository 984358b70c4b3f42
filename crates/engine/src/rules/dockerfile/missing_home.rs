use std::collections::BTreeSet;

use crate::project::{Project, Stage, StageRole, What};
use crate::syntax::dockerfile::Value;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-home",
    summary: "a user without a home, and a library that writes to it",
    since: "0.1.0",
    docs: include_str!("missing_home.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// Libraries that make directories in the home of whoever runs them, and fail where they cannot.
const LIBRARIES: [(&str, &str); 7] = [
    ("crawl4ai", "~/.crawl4ai"),
    ("transformers", "~/.cache/huggingface"),
    ("sentence-transformers", "~/.cache/torch"),
    ("huggingface-hub", "~/.cache/huggingface"),
    ("nltk", "~/nltk_data"),
    ("easyocr", "~/.EasyOCR"),
    ("streamlit", "~/.streamlit"),
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let end = stage.end();
    let home = matches!(end.env("HOME"), Value::Set(_)) || end.set_at("HOME").is_some();
    let Some(user) = end.user().value().and_then(|u| u.name.clone()).filter(|n| n != "root") else { return };
    if stage.role != StageRole::Final || stage.windows || home {
        return;
    }
    let runs = stage.runs(project);
    let made = runs.iter().find_map(|run| {
        run.calls()
            .find(|call| call.program == "useradd" && call.args.last().is_some_and(|w| w.is(&user)))
            .map(|call| {
                let without = !call.has_option(&[
                    "-m",
                    "--create-home",
                    "-d",
                    "--home-dir",
                    "--home",
                    "-b",
                    "--base-dir",
                    "-D",
                ]);
                (call.command.span, without)
            })
    });
    let Some((at, true)) = made else { return };
    let mentions = |text: &str| {
        text.contains(&format!("/home/{user}"))
            || text.contains("/home") && text.contains("chmod")
            || text.contains("HF_HOME")
            || text.contains("_CACHE")
    };
    if stage.instructions(project).iter().any(|i| mentions(project.text(i.span))) {
        return;
    }
    let library = packages(project, stage).into_iter().find_map(|package| {
        LIBRARIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&package.replace('_', "-")))
    });
    if let Some((library, path)) = library {
        ctx.report(at, format!("`{user}` has no home: `{library}` writes to `{path}` and fails"));
    }
}

/// The packages that the stages of an image install, as far as files that are copied name them.
fn packages(project: &Project, stage: &Stage) -> Vec<String> {
    let mut names = Vec::new();
    let mut groups = Vec::new();
    let mut manifests = BTreeSet::new();
    for stage in project.build(stage.build).stages.iter().filter(|s| s.role != StageRole::Aside) {
        for run in stage.runs(project) {
            for call in run.calls() {
                let words = call.args.windows(2).filter(|pair| pair[0].is("--group"));
                groups.extend(words.filter_map(|pair| pair[1].value.as_deref().map(str::to_owned)));
            }
        }
        for copied in stage.copied() {
            match &copied.what {
                What::File(path)
                    if matches!(path.file_name(), Some("requirements.txt" | "pyproject.toml")) =>
                {
                    manifests.insert(path.clone());
                }
                What::Directory(directory) => {
                    manifests.extend(["requirements.txt", "pyproject.toml"].map(|name| directory.join(name)));
                }
                _ => {}
            }
        }
    }
    for manifest in manifests {
        let Some(text) = project.files.text(&manifest) else { continue };
        if manifest.file_name() == Some("requirements.txt") {
            names.extend(text.lines().map(name_of));
        } else if let Ok(table) = text.parse::<toml::Table>() {
            let list = |value: Option<&toml::Value>| -> Vec<String> {
                let items = value.and_then(toml::Value::as_array).into_iter().flatten();
                items.filter_map(|item| item.as_str().map(name_of)).collect()
            };
            if groups.is_empty() {
                names.extend(list(table.get("project").and_then(|p| p.get("dependencies"))));
            }
            for group in &groups {
                names.extend(list(table.get("dependency-groups").and_then(|g| g.get(group))));
            }
        }
    }
    names
}

/// The name that a requirement begins with.
fn name_of(requirement: &str) -> String {
    let requirement = requirement.trim_start();
    requirement.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect()
}
