//! What files are for: what runs in the end, or the work on it.

use camino::Utf8Path;
use seaworthy_syntax::SourceId;

use super::Project;

/// Directories and parts of names of what is for developers and their tests alone.
const WORDS: [&str; 12] = [
    "dev",
    "devel",
    "develop",
    "development",
    "debug",
    "local",
    "test",
    "tests",
    "testing",
    "e2e",
    "ci",
    "devcontainer",
];

impl Project {
    /// Whether a file is for developers or their tests by where it lies or what it is called: `compose.dev.yaml`,
    /// `.devcontainer/Dockerfile`, `tests/docker-compose.yml`.
    pub fn is_for_development(&self, source: SourceId) -> bool {
        let Some(parse) = self.parse(source) else { return false };
        let path = parse.source.path.as_path();
        // What lies above the repository says nothing of it.
        let directory = path.parent().filter(|_| !path.is_absolute() && !path.starts_with(".."));
        let directory = directory.and_then(Utf8Path::file_name).unwrap_or_default();
        is_word(directory.trim_start_matches('.'))
            || path.file_name().is_some_and(|name| name.split(['.', '-', '_']).any(is_word))
    }

    /// Whether a file makes the container that an editor works in: who works in it must be able to do anything there.
    pub fn is_workbench(&self, source: SourceId) -> bool {
        self.parse(source)
            .is_some_and(|parse| parse.source.path.components().any(|c| c.as_str() == ".devcontainer"))
    }
}

fn is_word(word: &str) -> bool {
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}
