//! What lies in a context for tests and development alone, and who needs it after all.

use seaworthy_syntax::Span;
use seaworthy_syntax::dockerfile::{Arguments, Command, CopySource};

use crate::project::dockerfile::{Build, Stage, StageRole, Step};
use crate::project::layout::local;
use crate::project::{Base, Project};

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

/// What a Dockerfile that copies its whole context ships for development alone.
pub(crate) struct Aside {
    /// The first `COPY` of the whole context.
    pub(crate) span: Span,
    /// Directories of the context that nobody needs.
    pub(crate) free: Vec<&'static str>,
    /// Those that somebody needs, and who.
    pub(crate) needed: Vec<(&'static str, String)>,
}

/// What a Dockerfile that copies its whole context ships for development alone; `None` where it does not, or ships none.
pub(crate) fn of(project: &Project, build: &Build) -> Option<Aside> {
    let context = build.context()?;
    let exists = |name: &&&str| {
        let path = context.directory.join(name);
        project.files.exists(&path) == Some(true) && !project.files.is_file(&path) && !context.ignores(&path)
    };
    // A specification is no test.
    let has_tests = |name: &&&str| {
        **name != "spec"
            || project
                .files
                .below(&context.directory.join(name))
                .any(|file| file.file_name().is_some_and(|n| n.contains("_spec.") || n.contains(".spec.")))
    };
    let all = DIRECTORIES.iter().chain(&["spec"]).filter(exists).filter(has_tests);
    let names: Vec<&'static str> = all.copied().collect();
    if names.is_empty() {
        return None;
    }
    let mut span = None;
    // What the variant's own `.dockerignore` leaves out is missing in every stage.
    let mut readers: Vec<Option<String>> = vec![None; names.len()];
    for stage in build.stages.iter().filter(|s| s.role != StageRole::Aside) {
        let steps: Vec<Step<'_>> = stage.walk(project).collect();
        for (at, step) in steps.iter().enumerate() {
            let Some(transfer) = local(step.instruction) else { continue };
            for source in &transfer.sources {
                let CopySource::Path(word) = source else { continue };
                let Some(path) = word.expand(&step.before).ok().and_then(|e| e.value) else { continue };
                let whole = path.trim_matches(['.', '/']).is_empty();
                if whole && stage.role == StageRole::Final {
                    span = span.or(Some(step.instruction.keyword.span));
                }
                for (name, reader) in names.iter().zip(&mut readers).filter(|(_, reader)| reader.is_none()) {
                    let first = path.trim_start_matches(['.', '/']).split('/').next();
                    *reader = if whole {
                        reader_of_context(project, stage, &steps[at + 1..], name)
                    } else {
                        (first == Some(name)).then(|| format!("`{path}` is copied by name"))
                    };
                }
            }
        }
    }
    let (mut free, mut needed) = (Vec::new(), Vec::new());
    for (name, reader) in names.into_iter().zip(readers) {
        match reader {
            Some(reader) => needed.push((name, reader)),
            None => free.push(name),
        }
    }
    Some(Aside { span: span?, free, needed })
}

fn reader_of_context(project: &Project, stage: &Stage, later: &[Step<'_>], name: &str) -> Option<String> {
    if let Some(user) = reads(project, stage, later, name) {
        return Some(user);
    }
    let names = [format!("/{name}/"), format!("'{name}/"), format!("\"{name}/")];
    let modules = [format!("from {name}"), format!("import {name}")];
    let uses = |text: &str| {
        names.iter().any(|n| text.contains(n.as_str()))
            || modules.iter().any(|m| {
                text.match_indices(m.as_str()).any(|(at, _)| {
                    let behind = text[at + m.len()..].chars().next();
                    behind.is_none_or(|c| matches!(c, ' ' | '.' | '\n' | '\r'))
                })
            })
    };
    let code = project.code(stage).find(|code| uses(code.text))?;
    Some(format!("`{}` may use it", code.file))
}

pub(crate) fn is_for_tests(name: &str) -> bool {
    DIRECTORIES.contains(&name) || is_settings(name)
}

/// Whether it is one of [`FILES`], with whatever ending.
pub(crate) fn is_settings(name: &str) -> bool {
    FILES
        .iter()
        .any(|file| name.strip_prefix(file).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Who needs a file or directory of a name after all: a later command, what the image starts, or another stage.
pub(crate) fn reader(project: &Project, stage: &Stage, later: &[Step<'_>], name: &str) -> Option<String> {
    if let Some(user) = reads(project, stage, later, name) {
        return Some(user);
    }
    // Another stage may go on from this one or take it from here.
    let build = project.build(stage.build);
    let used = build.stages.iter().any(|s| {
        s.index != stage.index
            && (s.base == Base::Stage(stage.index)
                || s.uses.iter().any(|u| u.from == Base::Stage(stage.index)))
    });
    used.then(|| "another stage is built on this one".to_owned())
}

/// Which later command may need it, or whether what the image starts does.
fn reads(project: &Project, stage: &Stage, later: &[Step<'_>], name: &str) -> Option<String> {
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
    if stage.role != StageRole::Final {
        return None;
    }
    let started: Vec<String> = stage.launch(project).arguments().iter().map(|a| a.text.to_string()).collect();
    let started = started.join(" ");
    (mentions(&started) || started.split([' ', '/']).any(|w| w == "test"))
        .then(|| "what the image starts may use it".to_owned())
}
