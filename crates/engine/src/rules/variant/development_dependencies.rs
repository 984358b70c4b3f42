use serde_json::Value;

use crate::project::dockerfile::{Call, Run};
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{Keyword, Value as Known};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "development-dependencies",
    summary: "leaves packages that only developers need out of what ships",
    since: "0.1.0",
    docs: include_str!("development_dependencies.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// What packages of npm that run no program begin with.
const TOOLS: [&str; 34] = [
    "@babel/",
    "@commitlint/",
    "@eslint/",
    "@testing-library/",
    "@types/",
    "@typescript-eslint/",
    "@vitejs/",
    "autoprefixer",
    "ava",
    "babel",
    "chai",
    "commitlint",
    "cypress",
    "eslint",
    "gulp",
    "grunt",
    "husky",
    "jest",
    "lint-staged",
    "mocha",
    "nodemon",
    "nyc",
    "playwright",
    "postcss",
    "prettier",
    "rimraf",
    "rollup",
    "sinon",
    "standard",
    "supertest",
    "tailwindcss",
    "typescript",
    "vite",
    "webpack",
];

/// Programs that may need them while the image is built.
const BUILDS: [&str; 14] = [
    "npm", "npx", "yarn", "pnpm", "tsc", "ng", "vite", "webpack", "next", "gulp", "grunt", "phpunit",
    "pytest", "artisan",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let runs = stage.runs(project);
    let calls: Vec<(&Run<'_>, Call<'_>)> =
        runs.iter().flat_map(|run| run.calls().map(move |c| (run, c))).collect();
    for (at, (run, call)) in calls.iter().enumerate() {
        let Some(verb) = call.verb() else { continue };
        let later = calls[at + 1..].iter().any(|(_, c)| {
            BUILDS.contains(&c.program) && !c.verb().is_some_and(|v| v.is("cache") || v.is("prune"))
                || c.args.iter().any(|w| w.is("artisan") || w.is("build"))
        });
        let option = match (call.program, verb.value.as_deref()) {
            ("npm", Some("install" | "ci" | "i")) => "--omit=dev",
            ("pnpm", Some("install" | "i")) => "--prod",
            ("poetry", Some("install")) => "--only main",
            ("bundle" | "bundler", Some("install")) => "BUNDLE_WITHOUT",
            ("composer", Some("install")) => "--no-dev",
            ("uv", Some("sync")) => "--no-dev",
            _ => continue,
        };
        let plain = call.args.iter().filter(|w| !w.text.starts_with('-')).count() == 1;
        let left_out = call.has_option(&[
            "--omit",
            "--omit=dev",
            "--production",
            "--only",
            "--only=production",
            "--only=prod",
            "--prod",
            "--no-dev",
            "--no-default-groups",
            "--without",
            "--only-root",
            "--with",
            "-P",
            "--only-group",
            "-g",
            "--global",
        ]);
        if left_out || !plain || later {
            continue;
        }
        let state = stage.state_at(run.index);
        let directory = state.workdir().value().map_or("/", String::as_str);
        let text = |name: &str| {
            project.in_image(stage, &format!("{directory}/{name}")).and_then(|f| f.text(project))
        };
        let needed = match call.program {
            "npm" | "pnpm" => match state.env("NODE_ENV") {
                Known::Set("production") => continue,
                _ => npm(stage, project, text("package.json")),
            },
            "composer" => match state.env("APP_ENV") {
                Known::Set("local" | "dev" | "development" | "test" | "testing") => continue,
                _ => Ok(true),
            },
            "poetry" => poetry(stage, text("pyproject.toml")),
            "bundle" | "bundler" => bundler(stage, project, text("Gemfile")),
            _ => uv(stage, project, text("pyproject.toml")),
        };
        let message = format!("`{} {}` installs what only developers need as well", call.program, verb.text);
        match needed {
            Ok(false) => {}
            // What is left out has to be so as well where the program starts.
            Ok(true) if option == "BUNDLE_WITHOUT" => {
                let Some(file) = project.dockerfile(stage.source) else { continue };
                let new = [New::new(Keyword::Env, "BUNDLE_WITHOUT=development:test")];
                ctx.report(call.command.span, message).fix(
                    Safety::Unsafe,
                    "Leave out what only developers need",
                    edit::insert_before(file, run.instruction, &new),
                );
            }
            Ok(true) => {
                ctx.report(call.command.span, message).fix(
                    Safety::Unsafe,
                    "Leave out what only developers need",
                    edit::insert_behind(verb.span, option),
                );
            }
            Err(why) => {
                ctx.report(call.command.span, format!("{message}; it stays: {why}"));
            }
        }
    }
}

/// Whether a package of npm can do without what is for its developers; `Ok(false)` where there is no such thing.
fn npm(stage: &Stage, project: &Project, package: Option<&str>) -> Result<bool, String> {
    let package = package.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let package = package.ok_or("`package.json` cannot be read here")?;
    let names = |key: &str| package.get(key).and_then(Value::as_object);
    let Some(development) = names("devDependencies").filter(|d| !d.is_empty()) else { return Ok(false) };
    let scripts = names("scripts");
    let hook = ["preinstall", "install", "postinstall", "prepare"]
        .into_iter()
        .find(|h| scripts.is_some_and(|s| s.contains_key(*h)));
    if let Some(hook) = hook {
        return Err(format!("its script `{hook}` may need them"));
    }
    let program = stage.launch(project).program().ok_or("what starts is not known")?;
    let script =
        program.args().iter().filter_map(|a| a.value.as_deref()).find(|a| !a.starts_with('-') && *a != "run");
    let line = match program.name.as_str() {
        "npm" | "yarn" | "pnpm" => {
            script.and_then(|s| scripts?.get(s)?.as_str()).ok_or("what starts is not known")?.to_owned()
        }
        _ => program.words.iter().map(|w| w.text.to_string()).collect::<Vec<_>>().join(" "),
    };
    if let Some(name) = development.keys().find(|name| line.contains(name.as_str())) {
        return Err(format!("`{name}`, which is one of them, starts the program"));
    }
    let starts = line.split_whitespace().next().unwrap_or_default();
    let starts = starts.rsplit('/').next().unwrap_or_default().to_owned();
    if starts != "node" && !names("dependencies").is_some_and(|d| d.contains_key(&starts)) {
        return Err(format!("`{starts}` starts the program and may be one of them"));
    }
    let tool = |name: &&String| {
        TOOLS.iter().any(|t| name.starts_with(t)) || name.contains("eslint") || name.starts_with("ts-")
    };
    match development.keys().find(|name| !tool(name)) {
        Some(name) => Err(format!("the program may need `{name}`, which is one of them")),
        None => Ok(true),
    }
}

/// Whether a project of uv has groups of packages for its developers, and does without.
fn uv(stage: &Stage, project: &Project, file: Option<&str>) -> Result<bool, String> {
    let file = file.ok_or("`pyproject.toml` cannot be read here")?;
    let file: toml::Table = file.parse().map_err(|_| "`pyproject.toml` cannot be read here")?;
    let groups = file.get("dependency-groups").and_then(|g| g.get("dev")).is_some();
    let own = file.get("tool").and_then(|t| t.get("uv")?.get("dev-dependencies")).is_some();
    if !groups && !own || stage.end().set_at("UV_NO_DEV").is_some() {
        return Ok(false);
    }
    let starts = stage.launch(project).program().is_some_and(|p| p.through.iter().any(|t| t == "uv run"));
    if starts {
        return Err("`uv run` would install them again when the container starts".to_owned());
    }
    Ok(true)
}

/// Whether a project of Poetry has groups of packages for its developers.
fn poetry(stage: &Stage, file: Option<&str>) -> Result<bool, String> {
    let file = file.ok_or("`pyproject.toml` cannot be read here")?;
    let file: toml::Table = file.parse().map_err(|_| "`pyproject.toml` cannot be read here")?;
    let own = file.get("tool").and_then(|t| t.get("poetry"));
    let developers = |name: &str| matches!(name, "dev" | "test" | "tests" | "lint" | "docs" | "typing");
    let groups = [own.and_then(|p| p.get("group")), file.get("dependency-groups")];
    let groups: Vec<&String> =
        groups.into_iter().flatten().filter_map(toml::Value::as_table).flat_map(toml::Table::keys).collect();
    if let Some(other) = groups.iter().find(|name| !developers(name)) {
        return Err(format!("the program may need the group `{other}`"));
    }
    let old = own.and_then(|p| p.get("dev-dependencies")).is_some();
    let end = stage.end();
    let said = end.set_at("POETRY_WITHOUT").is_some() || end.set_at("POETRY_ONLY").is_some();
    Ok((old || !groups.is_empty()) && !said)
}

/// Whether a Gemfile has groups for developers and tests, and the program does without.
fn bundler(stage: &Stage, project: &Project, file: Option<&str>) -> Result<bool, String> {
    let file = file.ok_or("the `Gemfile` cannot be read here")?;
    let groups = file.lines().map(str::trim).any(|line| {
        let group = line.starts_with("group ") || line.contains("group:") || line.contains("groups:");
        group && (line.contains(":development") || line.contains(":test"))
    });
    let said = stage.end().set_at("BUNDLE_WITHOUT").is_some()
        || stage.runs(project).iter().any(|r| project.text(r.instruction.span).contains("without"));
    if !groups || said {
        return Ok(false);
    }
    // Rails loads the group that its environment is called.
    let production =
        ["RAILS_ENV", "RACK_ENV"].iter().any(|name| stage.end().env(name) == Known::Set("production"));
    if !production && ["rails", "hanami", "Bundler.require"].iter().any(|word| file.contains(word)) {
        return Err("`RAILS_ENV` is not `production`, so that the program loads them".to_owned());
    }
    Ok(true)
}
