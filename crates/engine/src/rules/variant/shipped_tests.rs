use crate::project::dockerfile::{Stage, Step};
use crate::project::layout::{Context, local};
use crate::project::{Base, Project};
use crate::syntax::dockerfile::edit;
use crate::syntax::dockerfile::{Arguments, Command, CopySource, Instruction, Transfer};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shipped-tests",
    summary: "leaves tests and files of development out of what ships",
    since: "0.1.0",
    docs: include_str!("shipped_tests.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// Directories that hold tests or what only developers need.
const DIRECTORIES: [&str; 14] = [
    "tests",
    "test",
    "__tests__",
    "e2e",
    "integration_tests",
    "unit_tests",
    "cypress",
    ".github",
    ".gitlab",
    ".circleci",
    ".vscode",
    ".idea",
    ".husky",
    ".devcontainer",
];

/// Files that only tests and developers need.
const FILES: [&str; 20] = [
    "pytest.ini",
    "tox.ini",
    "conftest.py",
    "noxfile.py",
    ".coveragerc",
    ".flake8",
    ".pylintrc",
    "jest.config",
    "vitest.config",
    "karma.conf.js",
    "cypress.config",
    "playwright.config",
    ".eslintrc",
    "eslint.config",
    ".eslintignore",
    ".prettierrc",
    ".prettierignore",
    ".editorconfig",
    ".pre-commit-config.yaml",
    "phpunit.xml",
];

/// Programs that run tests, or that may read whatever lies in the directory they build.
const READERS: [&str; 25] = [
    "pytest",
    "tox",
    "nox",
    "jest",
    "mocha",
    "vitest",
    "cypress",
    "playwright",
    "phpunit",
    "rspec",
    "mvn",
    "mvnw",
    "gradle",
    "gradlew",
    "sbt",
    "cargo",
    "make",
    "cmake",
    "bazel",
    "dotnet",
    "rake",
    "ctest",
    "behave",
    "robot",
    "unittest",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(file) = project.dockerfile(stage.source) else { return };
    let steps: Vec<Step<'_>> = stage.walk(project).collect();
    for (index, step) in steps.iter().enumerate() {
        let Some(transfer) = local(step.instruction) else { continue };
        let later = &steps[index + 1..];
        for source in &transfer.sources {
            let CopySource::Path(word) = source else { continue };
            let Some(path) = word.expand(&step.before).ok().and_then(|e| e.value) else { continue };
            if path.trim_matches(['.', '/']).is_empty() {
                whole_context(stage, step.instruction, ctx);
                continue;
            }
            let name =
                path.trim_end_matches(['/', '*', '.']).rsplit('/').next().unwrap_or_default().to_owned();
            if !(is_for_tests(&name) && keeps_its_name(step, transfer, &name)) {
                continue;
            }
            if let Some(user) = reader(stage, later, &name, ctx) {
                ctx.report(word.span, format!("`{path}` stays: {user}"));
                continue;
            }
            let edit = if transfer.sources.len() == 1 {
                Some(edit::remove(file, step.instruction))
            } else {
                edit::remove_word(file, word.span).filter(|_| !transfer.json)
            };
            ctx.report(
                word.span,
                format!("`{path}` is for development: nothing that runs in the image needs it"),
            )
            .fix(Safety::Unsafe, format!("Leave `{path}` out"), edit);
        }
    }
}

fn is_for_tests(name: &str) -> bool {
    DIRECTORIES.contains(&name) || is_settings(name)
}

/// Whether it is one of [`FILES`], with whatever ending.
fn is_settings(name: &str) -> bool {
    FILES
        .iter()
        .any(|file| name.strip_prefix(file).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Whether it lies in the image under the name that it has in the context: `COPY test /app` may be an application.
fn keeps_its_name(step: &Step<'_>, transfer: &Transfer, name: &str) -> bool {
    let destination =
        transfer.destination.expand(&step.before).ok().and_then(|e| e.value).unwrap_or_default();
    let last = destination.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last == name || is_settings(name)
}

/// Who needs it after all: a later command, or what the image starts.
fn reader(stage: &Stage, later: &[Step<'_>], name: &str, ctx: &Ctx<'_>) -> Option<String> {
    let mentions = |text: &str| {
        let mut words = text.split(|c: char| c.is_whitespace() || "/\"'=,;:()[]".contains(c));
        words.any(|w| {
            w == name
                || READERS.contains(&w)
                || is_settings(name)
                    && matches!(w, "npm" | "npx" | "yarn" | "pnpm" | "bun" | "pip" | "uv" | "poetry")
        })
    };
    let texts = later.iter().filter_map(|s| match &s.instruction.arguments {
        Arguments::Run(Command::Shell(script)) => Some((s.instruction, script.text.to_string())),
        Arguments::Run(Command::Exec { words, .. }) => {
            Some((s.instruction, words.iter().map(|w| &*w.text).collect::<Vec<_>>().join(" ")))
        }
        _ => None,
    });
    for (instruction, text) in texts {
        if mentions(&text)
            || text.contains("npm test")
            || text.contains("yarn test")
            || text.contains("go test")
        {
            return Some(format!("`{}` may use it", instruction.keyword.value.as_str()));
        }
    }
    let started: Vec<String> =
        stage.launch(ctx.project).arguments().iter().map(|a| a.text.to_string()).collect();
    let started = started.join(" ");
    if mentions(&started) || started.split([' ', '/']).any(|w| w == "test") {
        return Some("what the image starts may use it".to_owned());
    }
    // Another stage may go on from this one or take it from here.
    let build = ctx.project.build(stage.build);
    let used = build.stages.iter().any(|s| {
        s.index != stage.index
            && (s.base == Base::Stage(stage.index)
                || s.uses.iter().any(|u| u.from == Base::Stage(stage.index)))
    });
    used.then(|| "another stage is built on this one".to_owned())
}

/// `COPY . .` ships what the `.dockerignore` does not leave out.
fn whole_context(stage: &Stage, instruction: &Instruction, ctx: &mut Ctx<'_>) {
    let Some(context) = ctx.project.build(stage.build).context() else { return };
    let lying = lying_around(context, ctx.project);
    if lying.is_empty() {
        return;
    }
    let file = match &context.ignore_file {
        Some(path) => format!("`{path}` does not leave them out"),
        None => "there is no `.dockerignore`".to_owned(),
    };
    let list = lying.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    ctx.report(instruction.keyword.span, format!("{list} of the context are shipped as well: {file}"));
}

/// What lies at the top of a context for development alone.
fn lying_around(context: &Context, project: &Project) -> Vec<String> {
    let exists = |name: &&str| {
        let path = context.directory.join(name);
        project.files.exists(&path) == Some(true) && !context.ignores(&path)
    };
    DIRECTORIES
        .iter()
        .chain(&["docs", "coverage", ".pytest_cache", ".mypy_cache"])
        .filter(|n| exists(n))
        .map(|n| (*n).to_owned())
        .collect()
}
