//! What a command starts, as far as it names code: `module:attribute` of servers, `python -m module`, a script by its path.

use camino::Utf8Path;

use super::layout::Found;
use super::{Container, EnvValue, Project, Setting, Stage};
use crate::syntax::dockerfile::Value;

/// Code that a command names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `package.module:attribute`, as it is written.
    Attribute {
        written: String,
        module: String,
        attribute: String,
        /// Where modules are looked for besides the working directory.
        directory: Option<String>,
    },
    /// `python -m package.module`.
    Module(String),
    /// A file that a program reads or that is executed itself.
    File(String),
}

/// Where code is looked for: in the image of a stage, or in a container.
#[derive(Clone, Copy)]
pub(crate) enum Place<'p> {
    Image(&'p Stage),
    Container(&'p Container),
}

/// What a module comes to.
#[derive(Clone, Debug)]
pub(crate) enum Module<'p> {
    /// Its file.
    File(Found<'p>),
    /// The package that it should be in is there, and it is not.
    Missing,
    /// It may be installed, or made by a command.
    Unknown,
}

/// What makes the object that a server is given.
const APPLICATIONS: [&str; 12] = [
    "FastAPI(",
    "Flask(",
    "Starlette(",
    "Quart(",
    "Sanic(",
    "Litestar(",
    "Bottle(",
    "Falcon(",
    "ASGIApp(",
    "WSGIApp(",
    "get_asgi_application(",
    "get_wsgi_application(",
];

/// An attribute that a command names and its module has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MissingAttribute {
    /// The module's file.
    pub(crate) file: String,
    /// The name that the module gives to an application.
    pub(crate) application: Option<String>,
    /// The attribute of the module that a Compose service starts instead.
    pub(crate) started: Option<String>,
}

/// Servers that are given `module:attribute`.
const SERVERS: [&str; 5] = ["uvicorn", "gunicorn", "hypercorn", "daphne", "granian"];

/// Reads the words of a command: a program and its arguments, of which one may be a line of shell.
pub(crate) fn entries(argv: &[String]) -> Vec<Entry> {
    let words: Vec<&str> = argv
        .iter()
        .flat_map(|word| word.split(|c: char| c.is_whitespace() || "\"';&|".contains(c)))
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let program = word.rsplit('/').next().unwrap_or_default();
        let rest = &words[at + 1..];
        if SERVERS.contains(&program) {
            let directory = option(rest, &["--app-dir", "--chdir", "--working-dir"]);
            found.extend(rest.iter().find_map(|word| attribute(word, directory.clone())));
        } else if is_python(program) {
            found.extend(python(rest));
        } else if matches!(program, "node" | "bun" | "deno" | "ts-node" | "tsx") {
            let script = rest.iter().find(|w| !w.starts_with('-') && !matches!(**w, "run"));
            found.extend(script.filter(|w| is_script(w)).map(|w| Entry::File((*w).to_owned())));
        }
    }
    let first = argv.first().map(String::as_str).filter(|word| is_script(word) && word.contains('/'));
    found.extend(first.map(|word| Entry::File(word.to_owned())));
    found.dedup();
    found
}

fn is_python(program: &str) -> bool {
    program.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

fn python(rest: &[&str]) -> Option<Entry> {
    let at = rest.iter().position(|w| !w.starts_with('-') || matches!(*w, "-m" | "-c" | "-"))?;
    match rest[at] {
        "-m" => {
            let module = rest.get(at + 1).filter(|m| is_dotted(m))?;
            (!SERVERS.contains(module)).then(|| Entry::Module((*module).to_owned()))
        }
        file if file.ends_with(".py") => Some(Entry::File(file.to_owned())),
        _ => None,
    }
}

fn attribute(word: &str, directory: Option<String>) -> Option<Entry> {
    let (module, attribute) = word.split_once(':')?;
    let name = attribute.split(['(', '.']).next().unwrap_or_default();
    (is_dotted(module) && is_identifier(name) && attribute.len() <= name.len() + 2).then(|| {
        Entry::Attribute {
            written: word.to_owned(),
            module: module.to_owned(),
            attribute: name.to_owned(),
            directory,
        }
    })
}

fn option(words: &[&str], names: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
        Some((name, value)) => names.contains(&name).then(|| value.to_owned()),
        None => names.contains(word).then(|| words.get(at + 1).map(|w| (*w).to_owned()))?,
    })
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_dotted(word: &str) -> bool {
    word.split('.').all(is_identifier)
}

/// Whether a word names a script, by its name alone.
fn is_script(word: &str) -> bool {
    let known = ["sh", "bash", "py", "js", "mjs", "cjs", "ts"];
    !word.contains(['$', '*', '{', '=', ':'])
        && Utf8Path::new(word).extension().is_some_and(|extension| known.contains(&extension))
}

impl<'p> Place<'p> {
    /// What is known of an attribute that its module does not have; `None` where it has it, or may have.
    pub(crate) fn missing_attribute(
        self,
        project: &'p Project,
        module: &str,
        attribute: &str,
        directory: Option<&str>,
    ) -> Option<MissingAttribute> {
        let Module::File(found) = self.module(project, module, directory) else { return None };
        let text = found.text(project).filter(|text| lacks(text, attribute))?;
        Some(MissingAttribute {
            file: name_of(&found),
            application: application(text).map(str::to_owned),
            started: other_use(project, self, module, attribute),
        })
    }

    /// The file at an absolute path.
    pub(crate) fn at(self, project: &'p Project, path: &str) -> Option<Found<'p>> {
        match self {
            Self::Image(stage) => project.in_image(stage, path),
            Self::Container(container) => project.in_container(container, path),
        }
    }

    /// The stage whose image it is.
    pub(crate) fn stage(self, project: &'p Project) -> Option<&'p Stage> {
        match self {
            Self::Image(stage) => Some(stage),
            Self::Container(container) => container.stage(project),
        }
    }

    /// The directory it starts in; `None` where that is not known.
    pub(crate) fn workdir(self) -> Option<&'p str> {
        let workdir = match self {
            Self::Image(stage) => stage.end().workdir(),
            Self::Container(container) => &container.workdir,
        };
        if workdir.is_unknown() { None } else { Some(workdir.value().map_or("/", String::as_str)) }
    }

    /// A path from where it starts.
    pub(crate) fn absolute(self, path: &str) -> Option<String> {
        if path.starts_with('/') {
            Some(path.to_owned())
        } else {
            Some(format!("{}/{path}", self.workdir()?))
        }
    }

    /// A variable of its environment, where its value is written out.
    fn env(self, project: &'p Project, name: &str) -> Option<String> {
        if let Self::Container(container) = self
            && let Some(variable) = container.env.iter().rev().find(|v| v.name.value == name)
        {
            return match variable.value.value()? {
                EnvValue::Literal(value) => Some(value.clone()),
                _ => None,
            };
        }
        match self.stage(project)?.end().env(name) {
            Value::Set(value) => Some(value.to_owned()),
            _ => None,
        }
    }

    /// The directories in which Python looks for modules of its own.
    fn roots(self, project: &'p Project, directory: Option<&str>) -> Vec<String> {
        let mut roots: Vec<String> = directory.and_then(|d| self.absolute(d)).into_iter().collect();
        roots.extend(self.workdir().map(str::to_owned));
        let path = self.env(project, "PYTHONPATH").unwrap_or_default();
        roots.extend(path.split(':').filter(|p| !p.is_empty()).filter_map(|p| self.absolute(p)));
        roots
    }

    /// The file of a Python module.
    pub(crate) fn module(self, project: &'p Project, module: &str, directory: Option<&str>) -> Module<'p> {
        let path = module.replace('.', "/");
        let roots = self.roots(project, directory);
        for root in &roots {
            for file in [format!("{root}/{path}.py"), format!("{root}/{path}/__init__.py")] {
                if let Some(found) = self.at(project, &file) {
                    return Module::File(found);
                }
            }
        }
        // Only where its package is there, whole and once, is it known that it is not in it.
        let Some((package, _)) = path.rsplit_once('/') else { return Module::Unknown };
        let packages: Vec<Found<'_>> = roots
            .iter()
            .filter_map(|root| self.at(project, &format!("{root}/{package}/__init__.py")))
            .collect();
        match packages.as_slice() {
            [Found::File(_)] => Module::Missing,
            _ => Module::Unknown,
        }
    }
}

fn name_of(found: &Found<'_>) -> String {
    match found {
        Found::File(path) => path.to_string(),
        Found::Text(_) => "the file".to_owned(),
    }
}

/// Whether code neither names something nor may bind it unseen.
fn lacks(text: &str, name: &str) -> bool {
    let code = code_of(text);
    let hidden =
        ["import *", "globals(", "__getattr__", "setattr(", "exec("].iter().any(|sign| code.contains(sign));
    !hidden && !identifiers(&code).any(|word| word == name)
}

/// The name that code gives to an application at its top level.
fn application(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.split(':').next().unwrap_or_default().trim_end();
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (plain && APPLICATIONS.iter().any(|made| value.contains(made))).then_some(name)
    })
}

/// The attribute of the same module that a Compose service starts instead.
fn other_use(project: &Project, place: Place<'_>, module: &str, attribute: &str) -> Option<String> {
    let stage = place.stage(project)?;
    let commands =
        project.containers_of(stage).flat_map(|c| [&c.entrypoint, &c.command]).filter_map(Setting::value);
    commands.flat_map(|argv| entries(argv)).find_map(|entry| match entry {
        Entry::Attribute { module: m, attribute: a, .. } if m == module && a != attribute => Some(a),
        _ => None,
    })
}

/// Python code without comments and the insides of strings.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'#' => at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at),
            b'"' | b'\'' => {
                let long = bytes.get(at..at + 3) == Some(&[byte; 3]);
                let width = if long { 3 } else { 1 };
                at += width;
                while let Some(&inner) = bytes.get(at) {
                    if inner == b'\\' {
                        at += 2;
                    } else if inner == byte && (!long || bytes.get(at..at + 3) == Some(&[byte; 3])) {
                        at += width;
                        break;
                    } else if inner == b'\n' && !long {
                        break;
                    } else {
                        at += 1;
                    }
                }
                code.push_str("\"\"");
            }
            _ => {
                // Whole characters: those of more bytes hold none of the bytes above.
                let width = text[at..].chars().next().map_or(1, char::len_utf8);
                code.push_str(&text[at..at + width]);
                at += width;
            }
        }
    }
    code
}

/// The words of code that may be names.
pub(crate) fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let attribute = |module: &str, attribute: &str, directory: Option<&str>| Entry::Attribute {
            written: format!("{module}:{attribute}"),
            module: module.to_owned(),
            attribute: attribute.to_owned(),
            directory: directory.map(str::to_owned),
        };
        let module = |name: &str| Entry::Module(name.to_owned());
        let file = |name: &str| Entry::File(name.to_owned());
        for (words, expected) in [
            (vec!["uvicorn", "app.main:app", "--host", "0.0.0.0"], vec![attribute("app.main", "app", None)]),
            (
                vec!["sh", "-c", "exec python -m uvicorn src.server.main:socket_app --port ${PORT:-80}"],
                vec![attribute("src.server.main", "socket_app", None)],
            ),
            (
                vec!["gunicorn", "--chdir", "/srv", "-b", "0.0.0.0:80", "x:y"],
                vec![attribute("x", "y", Some("/srv"))],
            ),
            (vec!["uvicorn", "--app-dir=src", "a:b"], vec![attribute("a", "b", Some("src"))]),
            (vec!["python", "-u", "-m", "src.server"], vec![module("src.server")]),
            (vec!["python3.12", "main.py"], vec![file("main.py")]),
            (vec!["node", "--enable-source-maps", "dist/main.js"], vec![file("dist/main.js")]),
            (vec!["/entrypoint.sh"], vec![file("/entrypoint.sh")]),
            (vec!["entrypoint.sh"], vec![]),
            (vec!["node", "$FILE.js"], vec![]),
            (vec!["python", "-c", "import x"], vec![]),
            (vec!["nginx", "-g", "daemon off;"], vec![]),
        ] {
            let argv: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            assert_eq!(entries(&argv), expected, "{words:?}");
        }
    }

    #[test]
    fn code() {
        let text = "a = 1 # app\n'''app\n''' ; b = 'it\\'s app'\n\"\"\"x\"\"\"\nc = f\"app\"";
        assert_eq!(code_of(text), "a = 1 \n\"\" ; b = \"\"\n\"\"\nc = f\"\"");
        assert_eq!(code_of("x = 'é' # é\né = \"\\"), "x = \"\" \né = \"\"");
    }
}
