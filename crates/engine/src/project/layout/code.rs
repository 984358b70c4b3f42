//! The program in an image, as far as the repository has its code: which paths it writes, and what it asks of where it runs.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use seaworthy_syntax::dockerfile::Value;

use super::What;
use super::paths::{Script, Variable};
use crate::project::dockerfile::{Stage, StageRole};
use crate::project::{Container, EnvValue, Project};

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
    /// Its path in the image.
    pub(crate) target: String,
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

/// What writes the path that is its first argument, and whether that is a directory.
const WRITERS: [(&str, bool); 20] = [
    ("FileHandler(", false),
    ("sqlite3.connect(", false),
    ("sqlite3.Database(", false),
    ("aiosqlite.connect(", false),
    ("os.makedirs(", true),
    ("os.mkdir(", true),
    ("mkdirSync(", true),
    ("fs.mkdir(", true),
    ("promises.mkdir(", true),
    ("writeFileSync(", false),
    ("appendFileSync(", false),
    ("fs.writeFile(", false),
    ("fs.appendFile(", false),
    ("createWriteStream(", false),
    ("os.MkdirAll(", true),
    ("os.Create(", false),
    ("MEDIA_ROOT =", true),
    ("UPLOAD_FOLDER =", true),
    ("[\"UPLOAD_FOLDER\"] =", true),
    ("['UPLOAD_FOLDER'] =", true),
];

/// What writes the path that it is called on, and whether that is a directory.
const METHODS: [(&str, bool); 3] = [(".mkdir(", true), (".write_text(", false), (".write_bytes(", false)];

/// The settings of Django that name the file of a database.
const DATABASES: [&str; 2] = ["\"NAME\":", "'NAME':"];

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
            for (file, ..) in self.code_files(stage) {
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
            wanted.extend(self.code_files(stage).into_iter().map(|(file, ..)| file));
            if wanted.len() >= OF_ALL {
                break;
            }
        }
        wanted.into_iter().take(OF_ALL).filter(|path| !self.files.has_asked(path)).collect()
    }

    /// The files of code of an image: each in the repository, the `COPY` that brings it, and where it lies in the image.
    fn code_files(&self, stage: &Stage) -> Vec<(Utf8PathBuf, usize, String)> {
        let Some(context) = self.build(stage.build).context() else { return Vec::new() };
        let mut found = Vec::new();
        for copied in stage.copied() {
            match &copied.what {
                What::File(path) if is_code(path) => {
                    found.push((path.clone(), copied.instruction, copied.target.clone()));
                }
                What::Directory(directory) => {
                    let aside = |path: &Utf8Path| {
                        let within = path.strip_prefix(directory).unwrap_or(path);
                        within
                            .components()
                            .any(|part| ASIDE.contains(&part.as_str()) || part.as_str().starts_with('.'))
                    };
                    let files = self.files.below(directory).filter(|path| is_code(path) && !aside(path));
                    let kept = files.filter(|path| !context.ignores(path));
                    found.extend(kept.take(OF_IMAGE).map(|path| {
                        let within = path.strip_prefix(directory).unwrap_or(&path);
                        let target = format!("{}/{within}", copied.target.trim_end_matches('/'));
                        (path, copied.instruction, target)
                    }));
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
        self.code_files(stage).into_iter().filter_map(|(file, instruction, target)| {
            let text = &**self.files.text(&file)?;
            Some(Code { file, text, instruction, target })
        })
    }

    /// The paths that the code of a container's image is seen to write; there may be more.
    pub fn writes(&self, container: &Container) -> Vec<Write> {
        let Some(stage) = container.stage(self) else { return Vec::new() };
        let directory = container.workdir.value().map_or("/", String::as_str);
        let variable = |name: &str| {
            let Some(variable) = container.env.iter().rev().find(|v| v.name.value == name) else {
                let whole = container.env.iter().any(|v| v.name.value.is_empty());
                return if whole { Variable::Unknown } else { Variable::Unset };
            };
            match variable.value.value() {
                Some(EnvValue::Literal(value)) => Variable::Set(value.clone()),
                _ => Variable::Unknown,
            }
        };
        let variable = |name: &str| match variable(name) {
            Variable::Unset => variable_of(stage, name),
            told => told,
        };
        self.writes_with(
            stage,
            if container.workdir.is_unknown() { None } else { Some(directory) },
            &variable,
        )
    }

    /// The paths that the code of an image is seen to write; there may be more.
    pub(crate) fn writes_of(&self, stage: &Stage, directory: Option<&str>) -> Vec<Write> {
        self.writes_with(stage, directory, &|name| variable_of(stage, name))
    }

    fn writes_with(
        &self,
        stage: &Stage,
        directory: Option<&str>,
        variable: &dyn Fn(&str) -> Variable,
    ) -> Vec<Write> {
        let mut writes = Vec::new();
        for code in self.code(stage) {
            let mut script = None;
            let text = code.text;
            for at in candidates(text) {
                if is_comment(&text[..at]) {
                    continue;
                }
                let script = script.get_or_insert_with(|| Script::new(text, code.target.clone(), directory));
                let Some((path, directory)) = written(script, at, variable) else { continue };
                let odd = ["/dev/", "/proc/", "/sys/"].iter().any(|d| path.starts_with(d)) || path.len() < 2;
                if odd || path.contains(' ') || writes.iter().any(|w: &Write| w.path == path) {
                    continue;
                }
                let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
                writes.push(Write { path, file: code.file.clone(), line, directory });
            }
        }
        writes
    }
}

impl Project {
    /// The variable that the code of an image takes its port from, where it is this one unless that is set, and the image
    /// does not set it: `process.env.PORT || 80`.
    pub(crate) fn port_variable(&self, stage: &Stage, port: u16) -> Option<String> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for code in self.code(stage) {
            for at in memchr::memmem::find_iter(code.text.as_bytes(), "PORT") {
                let before = &code.text[..at];
                let begin =
                    before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
                let asked = before[..begin].trim_end_matches(['"', '\'', '[', '(']);
                let asks = ["process.env.", "process.env", "environ.get", "getenv", "ENV", "ENV.fetch"];
                if asks.iter().any(|end| asked.ends_with(end))
                    && !is_comment(before)
                    && default_of(&code.text[at + 4..]) == Some(port)
                {
                    found.insert(&code.text[begin..at + 4]);
                }
            }
        }
        let name = found.pop_first().filter(|_| found.is_empty())?;
        matches!(variable_of(stage, name), Variable::Unset).then(|| name.to_owned())
    }
}

/// The port behind the name of a variable that is taken where the variable is not set: `', '80'))`, ` || 80`.
fn default_of(rest: &str) -> Option<u16> {
    let rest = rest.trim_start_matches(['"', '\'', ']', ')', ' ']);
    let rest = ["||", "??", ",", "or "].iter().find_map(|operator| rest.strip_prefix(operator))?;
    let rest = rest.trim_start_matches([' ', '"', '\'']);
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    (!rest[end..].starts_with(['.', '_'])).then(|| rest[..end].parse().ok())?
}

/// What an image says of a variable.
fn variable_of(stage: &Stage, name: &str) -> Variable {
    match stage.end().env(name) {
        Value::Set(value) => Variable::Set(value.to_owned()),
        Value::Unset => Variable::Unset,
        // Public images set variables of their own kind.
        Value::Unknown if stage.facts.is_some() => Variable::Unset,
        Value::Unknown => Variable::Unknown,
    }
}

/// The places of a text where something may be written.
fn candidates(text: &str) -> Vec<usize> {
    let names = WRITERS.iter().chain(&METHODS).map(|(name, _)| *name);
    let names = names.chain(DATABASES).chain(["sqlite:///", "open("]);
    let mut places: Vec<usize> =
        names.flat_map(|name| memchr::memmem::find_iter(text.as_bytes(), name)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// The path that is written at a place of a script, and whether it is a directory.
fn written(script: &Script<'_>, at: usize, variable: &dyn Fn(&str) -> Variable) -> Option<(String, bool)> {
    let here = &script.text[at..];
    let begins = |name: &str| here.strip_prefix(name);
    let inside = script.text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if let Some(rest) = begins("sqlite:///") {
        let path = rest.split(['"', '\'', '`', '?', ' ', '\n']).next()?;
        let plain =
            !path.is_empty() && path.len() < 200 && !path.contains(['{', '$', '%', '\\', ':', '*', '~']);
        return Some((script.absolute(path).filter(|_| plain)?, false));
    }
    if let Some(rest) = begins("open(").filter(|_| !inside) {
        let opens =
            script.text[..at].strip_suffix('.').is_none_or(|b| b.ends_with("io") || b.ends_with("aiofiles"));
        let (path, rest) = script.path(rest, variable).filter(|_| opens)?;
        let mode = rest.trim_start().strip_prefix(',')?.trim_start();
        let mode = mode.strip_prefix("mode=").unwrap_or(mode).get(1..)?;
        let mode: String = mode.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '+').collect();
        // A script that writes beside itself is one that people run, not the program.
        let beside = path.rsplit_once('/')?.0 == script.path.rsplit_once('/')?.0;
        return (mode.len() < 4 && mode.contains(['w', 'a', 'x', '+']) && !beside).then_some((path, false));
    }
    if let Some(name) = DATABASES.iter().find(|name| here.starts_with(**name)) {
        let (path, _) = script.path(&here[name.len()..], variable)?;
        let other =
            ["postgres", "mysql", "dj_database_url", "DATABASE_URL"].iter().any(|w| script.text.contains(w));
        let file = [".sqlite3", ".sqlite", ".db"].iter().any(|end| path.ends_with(end));
        return (file && !other).then_some((path, false));
    }
    if let Some((_, directory)) = METHODS.iter().find(|(name, _)| here.starts_with(*name)) {
        return Some((script.receiver(at, variable)?, *directory));
    }
    let (name, directory) = WRITERS.iter().find(|(name, _)| here.starts_with(*name))?;
    // `RotatingFileHandler(` writes as well; another program's `my_os.mkdir(` may not.
    if inside && !name.starts_with("FileHandler") && !name.ends_with("Sync(") && !name.starts_with("create") {
        return None;
    }
    let (path, _) = script.path(&here[name.len()..], variable)?;
    // One word is more often the name of something else than a path.
    let named = path.contains('.') || *directory || path.matches('/').count() > 1;
    named.then_some((path, *directory))
}

/// Whether a file is code that an image may run.
pub(crate) fn is_code(path: &Utf8Path) -> bool {
    path.extension().is_some_and(|e| CODE.contains(&e))
}

/// Whether the line that ends here has become a comment.
fn is_comment(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    line.starts_with('#') || line.starts_with("//") || line.starts_with('*')
}

#[cfg(test)]
mod tests {
    use super::default_of;

    #[test]
    fn ports_by_default() {
        for (rest, port) in [
            (" || 80;", Some(80)),
            ("', '80'))", Some(80)),
            ("\", 443)", Some(443)),
            ("'] ?? 80)", Some(80)),
            (" || 80.5;", None),
            (" || other;", None),
            (") {", None),
            ("", None),
        ] {
            assert_eq!(default_of(rest), port, "{rest}");
        }
    }
}
