//! Which Dockerfiles and which of their stages ship, and why the others do not.

use camino::Utf8Path;
use seaworthy_syntax::Span;

use super::name;
use crate::check::Part;
use crate::project::{Base, Build, ImageCommand, Project, Stage, StageRole};

/// Directories of what is there to work on the program, not to run it.
const WORKSHOPS: [&str; 6] = [".devcontainer", ".github", ".gitlab", ".circleci", ".gitpod", ".buildkite"];

/// Words in a Dockerfile's name that say it is for tests or for building, whatever lies beside it.
const TESTS: [&str; 11] = [
    "test",
    "tests",
    "testing",
    "e2e",
    "ci",
    "lint",
    "bench",
    "benchmark",
    "devcontainer",
    "gitpod",
    "unittest",
];

/// Words in a Dockerfile's name that say it is for developers, where one for production lies beside it.
const DEVELOPMENT: [&str; 6] = ["dev", "devel", "development", "develop", "local", "debug"];

/// Why a Dockerfile gets no variant, and the place that says so; `None` where it does.
pub(crate) fn left_out(project: &Project, build: &Build) -> Option<(Span, String)> {
    let parse = project.parse(build.source)?;
    let path = &parse.source.path;
    let at = build.last().and_then(|stage| stage.from_span(project))?;
    if let Some(error) = parse.errors().first() {
        return Some((error.span, format!("it cannot be read: {}", error.value)));
    }
    if name::is_for_kubernetes(path) {
        return Some((at, "its name says that it is for Kubernetes already".into()));
    }
    let mut ancestors = path.components().map(|c| c.as_str());
    if let Some(workshop) = ancestors.find(|name| WORKSHOPS.contains(name)) {
        return Some((
            at,
            format!("it lies in {workshop}: it is there to work on the program, not to run it"),
        ));
    }
    let words = words(path);
    if let Some(word) = words.iter().find(|word| TESTS.contains(&word.as_str())) {
        return Some((at, format!("its name says that it is not what ships: `{word}`")));
    }
    if let Some(word) = words.iter().find(|word| DEVELOPMENT.contains(&word.as_str()))
        && let Some(sibling) = sibling(project, build, path)
    {
        return Some((at, format!("its name says `{word}`, and {sibling} lies beside it")));
    }
    let mut reasons =
        build.stages.iter().filter(|stage| stage.role == StageRole::Final).map(|stage| stays(project, stage));
    // The last stage is what is built where nobody names another, so it says most.
    let last = reasons.next_back()?;
    if reasons.any(|reason| reason.is_none()) { None } else { last }
}

/// Why a stage that somebody builds is not what runs in a cluster.
pub(crate) fn stays(project: &Project, stage: &Stage) -> Option<(Span, String)> {
    let at = stage.from_span(project)?;
    if stage.windows {
        let what = "it makes an image for Windows, which has no such users, signals and programs";
        return Some((at, what.into()));
    }
    if let Some(image) = stage.image(project)
        && (image.repository.contains("devcontainers/") || image.repository.contains("vscode/devcontainers"))
    {
        return Some((at, format!("{} is an image to work in", image.repository)));
    }
    let end = stage.end();
    let commands = [end.entrypoint(), end.command()];
    let words: Vec<String> = commands.iter().filter_map(|c| c.value()).flat_map(words_of).collect();
    let reason = development(&words)?;
    let at = commands.iter().rev().find_map(|c| c.at).unwrap_or(at);
    Some((at, reason))
}

/// What each stage of a Dockerfile is to the images that ship.
pub(crate) fn parts(project: &Project, build: &Build) -> Vec<Part> {
    let mut parts = vec![Part::Apart; build.stages.len()];
    for stage in build.stages.iter().filter(|s| s.role == StageRole::Final && stays(project, s).is_none()) {
        parts[stage.index] = Part::Ships;
        let mut base = &stage.base;
        // A stage starts from an earlier one, so this ends.
        while let Base::Stage(below) = base {
            let Some(stage) = build.stages.get(*below) else { break };
            if parts[*below] == Part::Apart {
                parts[*below] = Part::Below;
            }
            base = &stage.base;
        }
    }
    parts
}

/// The words of a Dockerfile's name.
fn words(path: &Utf8Path) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    name.split(['.', '-', '_']).map(str::to_owned).collect()
}

/// Another Dockerfile of the directory that is for production: one of no such name.
fn sibling<'p>(project: &'p Project, build: &Build, path: &Utf8Path) -> Option<&'p Utf8Path> {
    project.builds.iter().filter(|other| other.id != build.id).find_map(|other| {
        let beside = &project.parse(other.source)?.source.path;
        let apart = |word: &String| TESTS.contains(&word.as_str()) || DEVELOPMENT.contains(&word.as_str());
        let production = beside.parent() == path.parent()
            && !name::is_for_kubernetes(beside)
            && !words(beside).iter().any(apart);
        production.then_some(beside.as_path())
    })
}

/// The words of a command, those of a line of shell too.
fn words_of(command: &ImageCommand) -> Vec<String> {
    let argv = command.argv();
    let split = |word: &String| {
        let parts = word.split(|c: char| c.is_whitespace() || ";&|(){}\"'".contains(c));
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    argv.iter().flat_map(split).collect()
}

/// Programs that a developer runs: by their name, and by the word after it where they do other things too.
const PROGRAMS: [(&str, &[&str], &str); 35] = [
    ("nodemon", &[], DEVELOPERS),
    ("ts-node-dev", &[], DEVELOPERS),
    ("webpack-dev-server", &[], DEVELOPERS),
    ("webpack", &["serve"], DEVELOPERS),
    ("next", &["dev"], DEVELOPERS),
    ("nuxt", &["dev"], DEVELOPERS),
    ("nuxi", &["dev"], DEVELOPERS),
    ("astro", &["dev"], DEVELOPERS),
    ("remix", &["dev"], DEVELOPERS),
    ("vite", &["dev", "serve", "--host", "--port"], DEVELOPERS),
    ("ng", &["serve"], DEVELOPERS),
    ("vue-cli-service", &["serve"], DEVELOPERS),
    ("react-scripts", &["start"], DEVELOPERS),
    ("gatsby", &["develop"], DEVELOPERS),
    ("expo", &["start"], DEVELOPERS),
    ("air", &["-c"], DEVELOPERS),
    ("cargo", &["watch"], DEVELOPERS),
    ("dotnet", &["watch"], DEVELOPERS),
    ("tsx", &["watch"], DEVELOPERS),
    ("pytest", &[], TESTERS),
    ("py.test", &[], TESTERS),
    ("tox", &[], TESTERS),
    ("nox", &[], TESTERS),
    ("jest", &[], TESTERS),
    ("vitest", &[], TESTERS),
    ("rspec", &[], TESTERS),
    ("phpunit", &[], TESTERS),
    ("cypress", &[], TESTERS),
    ("unittest", &[], TESTERS),
    ("go", &["test"], TESTERS),
    ("cargo", &["test"], TESTERS),
    ("dotnet", &["test"], TESTERS),
    ("mvn", &["test"], TESTERS),
    ("gradle", &["test"], TESTERS),
    ("playwright", &["test"], TESTERS),
];

const DEVELOPERS: &str = "a server for developers";
const TESTERS: &str = "tests";

/// Why a command is nothing that runs in production.
fn development(words: &[String]) -> Option<String> {
    if let Some(word) = words.iter().find(|word| matches!(word.as_str(), "--reload" | "--watch")) {
        return Some(format!("it runs with `{word}`, which restarts the program under a developer's hands"));
    }
    for (n, word) in words.iter().enumerate() {
        let program = word.rsplit('/').next().unwrap_or(word);
        let next = words.get(n + 1).map(String::as_str);
        let after = words.get(n + 2).map(String::as_str);
        if matches!(program, "npm" | "yarn" | "pnpm" | "bun") {
            let run = next.filter(|next| matches!(*next, "run" | "run-script"));
            let Some(script) = (if run.is_some() { after } else { next }) else { continue };
            let run = run.map(|run| format!("{run} ")).unwrap_or_default();
            let mut parts = script.split(':');
            let what = match parts
                .find(|part| matches!(*part, "dev" | "develop" | "development" | "watch" | "test" | "e2e"))
            {
                Some("test" | "e2e") => TESTERS,
                Some(_) => DEVELOPERS,
                None => continue,
            };
            return Some(format!("it runs {what}: `{program} {run}{script}`"));
        }
        // A bare `vite` serves as well.
        if program == "vite" && n + 1 == words.len() {
            return Some(format!("it runs {DEVELOPERS}: `vite`"));
        }
        let program_is = |(name, seconds, _): &&(&str, &[&str], &str)| {
            *name == program && (seconds.is_empty() || next.is_some_and(|next| seconds.contains(&next)))
        };
        // A program is what is run, or what another runs: not the value of an option or a path that is called so.
        let runs =
            n == 0 || matches!(words[n - 1].as_str(), "-c" | "-m" | "exec" | "npx" | "run" | "bunx" | "--");
        if let Some((name, seconds, what)) = PROGRAMS.iter().find(|p| runs && program_is(p)) {
            let second = if seconds.is_empty() { "" } else { next.unwrap_or_default() };
            return Some(format!("it runs {what}: `{}`", format!("{name} {second}").trim_end()));
        }
    }
    let idle = match words {
        [tail, f, null] => tail == "tail" && f.starts_with('-') && null == "/dev/null",
        [sleep, time] => sleep == "sleep" && time == "infinity",
        _ => false,
    };
    idle.then(|| "it runs nothing: it only keeps a container open to work in".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let cases = [
            ("npm run dev", true),
            ("npm run start:dev", true),
            ("npm start", false),
            ("npm test", true),
            ("yarn dev --host 0.0.0.0", true),
            ("npm run build:watch", true),
            ("node server.js --dev", false),
            ("uvicorn app:app --host 0.0.0.0 --reload", true),
            ("uvicorn app:app --host 0.0.0.0", false),
            ("/bin/sh -c pytest -q", true),
            ("python -m pytest", true),
            ("python manage.py runserver 0.0.0.0:8000", false),
            ("nginx -g daemon off;", false),
            ("next start", false),
            ("npx next dev", true),
            ("vite preview", false),
            ("vite", true),
            ("tail -f /dev/null", true),
            ("sleep infinity", true),
            ("node --watch server.js", true),
            ("cat go test", false),
        ];
        for (line, apart) in cases {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(development(&words).is_some(), apart, "{line}");
        }
    }
}
