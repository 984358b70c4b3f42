use crate::project::{Found, Stage, StageRole};
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
    let lists = ["requirements.txt", "pyproject.toml"];
    let texts = stage.copied().iter().filter_map(|c| match &c.what {
        crate::project::What::File(path) if lists.iter().any(|l| path.file_name() == Some(l)) => {
            Found::File(path.clone()).text(project)
        }
        crate::project::What::Directory(directory) => {
            lists.iter().find_map(|l| Found::File(directory.join(l)).text(project))
        }
        _ => None,
    });
    let library = texts
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)))
        .find_map(|word| {
            LIBRARIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&word.replace('_', "-")))
        });
    if let Some((library, path)) = library {
        ctx.report(at, format!("`{user}` has no home: `{library}` writes to `{path}` and fails"));
    }
}
