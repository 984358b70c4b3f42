use crate::project::dockerfile::Call;
use crate::project::{Found, Stage, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "ignored-readme",
    summary: "a Python project that is installed without the readme its manifest names",
    since: "0.1.0",
    docs: include_str!("ignored_readme.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if stage.role == StageRole::Aside || stage.copied().is_empty() {
        return;
    }
    for run in stage.runs(project) {
        let state = stage.state_at(run.index);
        let directory = state.workdir().value().map_or("/", String::as_str);
        if state.workdir().is_unknown() || project.text(run.instruction.span).contains("type=bind") {
            continue;
        }
        for call in run.calls().filter(|call| installs_project(*call)) {
            let at = |name: &str| project.in_image_at(stage, run.index, &format!("{directory}/{name}"));
            let Some(found @ Found::File(_)) = at("pyproject.toml") else { continue };
            let Some(readme) = found.text(project).and_then(readme) else { continue };
            let Found::File(manifest) = &found else { continue };
            let whole = manifest.with_file_name(&readme);
            // What is not in the repository either is made on the way, or missing for everyone.
            if at(&readme).is_some() || !project.files.is_file(&whole) {
                continue;
            }
            let ignored = project.build(stage.build).context().is_some_and(|c| c.ignores(&whole));
            let why = if ignored { "`.dockerignore` leaves it out" } else { "it is not copied before this" };
            ctx.report(
                call.command.span,
                format!("`pyproject.toml` names `{readme}` and {why}: building the project fails"),
            );
        }
    }
}

/// Whether a command builds the project of the working directory.
fn installs_project(call: Call<'_>) -> bool {
    let words: Vec<&str> = call.args.iter().filter(|w| !w.text.starts_with('-')).map(|w| &*w.text).collect();
    let own = || words.iter().any(|w| *w == "." || w.starts_with(".["));
    match (call.program, words.first().copied()) {
        ("uv", Some("sync")) => !call.has_option(&[
            "--no-install-project",
            "--no-install-workspace",
            "--only-group",
            "--only-dev",
        ]),
        ("uv", Some("pip")) => words.get(1) == Some(&"install") && own(),
        ("poetry", Some("install")) => !call.has_option(&["--no-root", "--no-directory"]),
        ("pip" | "pip3", Some("install" | "wheel")) => own(),
        (program, Some("pip")) if program.starts_with("python") => words.get(1) == Some(&"install") && own(),
        _ => false,
    }
}

/// The readme that a manifest names, where the project is built as a package.
fn readme(manifest: &str) -> Option<String> {
    let manifest: toml::Table = manifest.parse().ok()?;
    let at = |path: &[&str]| {
        path.iter()
            .try_fold(None::<&toml::Value>, |value, key| {
                let table = value.map_or(Some(&manifest), toml::Value::as_table)?;
                table.get(*key).map(Some)
            })
            .flatten()
    };
    let is_package = manifest.contains_key("build-system")
        && at(&["tool", "uv", "package"]).and_then(toml::Value::as_bool) != Some(false)
        && at(&["tool", "poetry", "package-mode"]).and_then(toml::Value::as_bool) != Some(false);
    // setuptools warns of a readme that is missing and goes on.
    let backend =
        at(&["build-system", "build-backend"]).and_then(toml::Value::as_str).unwrap_or("setuptools");
    let is_package = is_package && !backend.starts_with("setuptools");
    let readme = at(&["project", "readme"]).or_else(|| at(&["tool", "poetry", "readme"]))?;
    let file = readme.as_str().or_else(|| readme.as_table()?.get("file")?.as_str())?;
    is_package.then(|| file.to_owned())
}
