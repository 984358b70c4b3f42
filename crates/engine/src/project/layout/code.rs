//! The program in an image, as far as the repository has its code: which paths it writes, and what it asks of where it runs.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::What;
use crate::project::dockerfile::{Stage, StageRole};
use crate::project::{Container, Project};

/// How many files of code are read of one image, and of all together.
const OF_IMAGE: usize = 400;
const OF_ALL: usize = 1_500;

/// What holds code that an image may run.
const CODE: [&str; 9] = ["py", "js", "mjs", "cjs", "ts", "go", "rb", "php", "sh"];

/// Directories whose code an image has and does not run.
const ASIDE: [&str; 11] = [
    "node_modules",
    "vendor",
    "test",
    "tests",
    "__tests__",
    "e2e",
    "docs",
    "examples",
    "migrations",
    "fixtures",
    "site-packages",
];

/// A file of code in an image.
#[derive(Clone, Debug)]
pub(crate) struct Code<'p> {
    /// The file in the repository.
    pub(crate) file: Utf8PathBuf,
    /// Its text.
    pub(crate) text: &'p str,
    /// The `COPY` that brings it, as an index into the Dockerfile's instructions.
    pub(crate) instruction: usize,
}

/// A path that a program writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The path: absolute.
    pub path: String,
    /// The file that says so.
    pub file: Utf8PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it is a directory that is made.
    pub directory: bool,
}

/// What writes the path in the string behind it.
const WRITERS: [&str; 12] = [
    "FileHandler(",
    "sqlite3.connect(",
    "os.makedirs(",
    "os.mkdir(",
    "mkdirSync(",
    "writeFileSync(",
    "appendFileSync(",
    "createWriteStream(",
    "os.MkdirAll(",
    "os.Create(",
    "TimedRotatingFileHandler(",
    "sqlite:///",
];

impl Project {
    /// The files of code that images have, so that rules may look for what they ask of where they run.
    pub(super) fn code_wanted(&self, wanted: &mut BTreeSet<Utf8PathBuf>) {
        let mut left = OF_ALL;
        // Where nothing says that an image runs in Kubernetes, or without root, there is nothing to ask.
        let hardened = |stage: &Stage| {
            stage.end().user().value().is_some_and(|user| user.uid != Some(0))
                || self.containers_of(stage).any(|c| c.read_only_root.is(&true))
        };
        for stage in self.builds.iter().flat_map(|b| &b.stages).filter(|s| s.role == StageRole::Final) {
            if left == 0 || self.workloads.is_empty() && !hardened(stage) {
                continue;
            }
            for (file, _) in self.code_files(stage) {
                if left > 0 && wanted.insert(file) {
                    left -= 1;
                }
            }
        }
    }

    /// The files of code of the images that ship, which tell what their programs write. A variant asks for them besides
    /// [`Project::reads`].
    pub fn code_reads(&self) -> Vec<Utf8PathBuf> {
        let mut wanted = BTreeSet::new();
        for stage in self.builds.iter().flat_map(|b| &b.stages).filter(|s| s.role == StageRole::Final) {
            wanted.extend(self.code_files(stage).into_iter().map(|(file, _)| file));
            if wanted.len() >= OF_ALL {
                break;
            }
        }
        wanted.into_iter().take(OF_ALL).filter(|path| !self.files.has_asked(path)).collect()
    }

    fn code_files(&self, stage: &Stage) -> Vec<(Utf8PathBuf, usize)> {
        let Some(context) = self.build(stage.build).context() else { return Vec::new() };
        let mut found = Vec::new();
        for copied in stage.copied() {
            match &copied.what {
                What::File(path) if is_code(path) => found.push((path.clone(), copied.instruction)),
                What::Directory(directory) => {
                    let aside = |path: &Utf8Path| {
                        let within = path.strip_prefix(directory).unwrap_or(path);
                        within
                            .components()
                            .any(|part| ASIDE.contains(&part.as_str()) || part.as_str().starts_with('.'))
                    };
                    let files = self.files.below(directory).filter(|path| is_code(path) && !aside(path));
                    let kept = files.filter(|path| !context.ignores(path));
                    found.extend(kept.take(OF_IMAGE).map(|path| (path, copied.instruction)));
                }
                _ => {}
            }
            if found.len() >= OF_IMAGE {
                break;
            }
        }
        found.truncate(OF_IMAGE);
        found.sort();
        found.dedup_by(|a, b| a.0 == b.0);
        found
    }

    /// The code of the image that a stage makes, as far as it was read.
    pub(crate) fn code(&self, stage: &Stage) -> impl Iterator<Item = Code<'_>> {
        self.code_files(stage).into_iter().filter_map(|(file, instruction)| {
            let text = &**self.files.text(&file)?;
            Some(Code { file, text, instruction })
        })
    }

    /// The paths that the code of a container's image is seen to write; there may be more.
    pub fn writes(&self, container: &Container) -> Vec<Write> {
        let Some(stage) = container.stage(self) else { return Vec::new() };
        let directory = container.workdir.value().map_or("/", String::as_str);
        self.writes_of(stage, if container.workdir.is_unknown() { None } else { Some(directory) })
    }

    /// The paths that the code of an image is seen to write; there may be more.
    pub(crate) fn writes_of(&self, stage: &Stage, directory: Option<&str>) -> Vec<Write> {
        let mut writes = Vec::new();
        for code in self.code(stage) {
            // Scripts in Python and JavaScript only: of others a string says less.
            for writer in WRITERS {
                for at in memchr::memmem::find_iter(code.text.as_bytes(), writer) {
                    let rest = &code.text[at + writer.len()..];
                    if is_comment(&code.text[..at]) {
                        continue;
                    }
                    let path = if writer == "sqlite:///" {
                        rest.split(['"', '\'', '`', '?', ' ', '\n']).next()
                    } else {
                        literal(rest)
                    };
                    let Some(path) = path.filter(|path| is_plain(path)) else { continue };
                    let path = match (path.starts_with('/'), directory) {
                        (true, _) => super::rooted(path),
                        (false, Some(within)) => super::rooted(&format!("{within}/{path}")),
                        (false, None) => continue,
                    };
                    let line = memchr::memchr_iter(b'\n', &code.text.as_bytes()[..at]).count() + 1;
                    let directory = writer.to_ascii_lowercase().contains("dir");
                    writes.push(Write { path, file: code.file.clone(), line, directory });
                }
            }
        }
        writes
    }
}

/// Whether a file is code that an image may run.
pub(crate) fn is_code(path: &Utf8Path) -> bool {
    path.extension().is_some_and(|e| CODE.contains(&e))
}

/// The text of a string at the beginning of arguments.
fn literal(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    rest[1..].split(quote).next()
}

fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 200
        && !path.contains(['{', '$', '%', '\n', '\\', ':', '*', '~', ' '])
        && !["/dev/", "/proc/", "/sys/"].iter().any(|d| path.starts_with(d))
        && path.contains(['/', '.'])
}

/// Whether the line that ends here has become a comment.
fn is_comment(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    line.starts_with('#') || line.starts_with("//") || line.starts_with('*')
}
