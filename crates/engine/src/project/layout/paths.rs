//! Paths that code puts together: `os.path.join(os.path.dirname(__file__), "data")`, `BASE_DIR / "data"`,
//! `path.join(__dirname, "data")`.

use std::collections::HashMap;

use super::rooted;

/// How deep an expression may be, and how often a name may stand for another.
const DEPTH: usize = 24;

/// A file of code, as far as paths are put together in it.
pub(super) struct Script<'t> {
    pub(super) text: &'t str,
    /// Where it lies in the image.
    pub(super) path: String,
    /// Where the program starts, if that is known.
    directory: Option<&'t str>,
    /// The expressions that names at the top of the file stand for; `None` where a name stands for several.
    names: HashMap<&'t str, Option<&'t str>>,
}

/// What a variable of the environment is.
pub(super) enum Variable {
    Set(String),
    Unset,
    Unknown,
}

/// An expression that is being read.
struct Reader<'s, 't> {
    script: &'s Script<'t>,
    variable: &'s dyn Fn(&str) -> Variable,
    rest: &'t str,
    depth: usize,
}

impl<'t> Script<'t> {
    pub(super) fn new(text: &'t str, path: String, directory: Option<&'t str>) -> Self {
        let mut names: HashMap<&str, Option<&str>> = HashMap::new();
        for line in text.split_inclusive('\n') {
            let bare = line.trim_start();
            let bare = ["export ", "const ", "let ", "var "]
                .iter()
                .fold(bare, |l, w| l.strip_prefix(w).unwrap_or(l));
            let end = bare.find(|c: char| !is_name(c)).unwrap_or(bare.len());
            let (name, rest) = bare.split_at(end);
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            // An annotation is no value: `DATA: Path = …`.
            let rest = rest.trim_start();
            let rest = match rest.strip_prefix(':') {
                Some(annotated) => annotated.find('=').map_or("", |at| &annotated[at..]),
                None => rest,
            };
            let Some(value) = rest.strip_prefix('=').filter(|v| !v.starts_with(['=', '>'])) else { continue };
            let at = value.as_ptr() as usize - text.as_ptr() as usize;
            let whole = (!line.starts_with([' ', '\t'])).then(|| &text[at..]);
            names.entry(name).and_modify(|n| *n = None).or_insert(whole);
        }
        Self { text, path, directory, names }
    }

    /// The absolute path that an expression at the beginning of a piece of the file's text comes to, and what follows it.
    pub(super) fn path(
        &self,
        expression: &'t str,
        variable: &dyn Fn(&str) -> Variable,
    ) -> Option<(String, &'t str)> {
        let mut reader = Reader { script: self, variable, rest: expression, depth: 0 };
        let path = reader.expression()?;
        Some((self.absolute(&path)?, reader.rest))
    }

    /// The path of what a method is called on, which ends where the piece of text does: `(BASE_DIR / "data")` of
    /// `(BASE_DIR / "data").mkdir()`.
    pub(super) fn receiver(&self, end: usize, variable: &dyn Fn(&str) -> Variable) -> Option<String> {
        let bytes = self.text.as_bytes();
        let (mut at, mut open) = (end, 0_usize);
        while at > 0 && end - at < 200 {
            match bytes[at - 1] {
                b')' | b']' => open += 1,
                b'(' | b'[' if open == 0 => break,
                b'(' | b'[' => open -= 1,
                b'\n' if open == 0 => break,
                byte if open == 0 && !byte.is_ascii_alphanumeric() && !b"_.$".contains(&byte) => break,
                _ => {}
            }
            at -= 1;
        }
        let text = self.text.get(at..end).filter(|t| !t.is_empty())?;
        let mut reader = Reader { script: self, variable, rest: text, depth: 0 };
        let path = reader.expression()?;
        if reader.rest.trim().is_empty() { self.absolute(&path) } else { None }
    }

    /// A path from where the program starts.
    pub(super) fn absolute(&self, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return Some(rooted(path));
        }
        Some(rooted(&format!("{}/{path}", self.directory?)))
    }
}

impl<'t> Reader<'_, 't> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, text: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// `a / b`, `a + b`.
    fn expression(&mut self) -> Option<String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut left = self.term();
        loop {
            // A line break ends a statement, but a blank does not.
            let line = self.rest.trim_start_matches([' ', '\t']);
            if line.starts_with("//")
                || line.starts_with('\n') && !line.trim_start().starts_with(['/', '+', '.'])
            {
                break;
            }
            if self.eat("/") {
                let right = self.term()?;
                left = Some(join(&left?, &right));
            } else if self.eat("+") {
                let right = self.term()?;
                left = Some(left? + &right);
            } else if self.eat("||") || self.eat("??") {
                let right = self.term();
                left = left.or(right);
            } else {
                break;
            }
        }
        self.depth -= 1;
        left
    }

    /// A value with what is asked of it.
    fn term(&mut self) -> Option<String> {
        let mut value = self.value();
        loop {
            let before = self.rest;
            if !self.eat(".") {
                return value;
            }
            let method = self.name();
            let Some(path) = value else {
                // What follows an unknown value is read, so that the rest is.
                if self.eat("(") {
                    self.arguments()?;
                }
                continue;
            };
            value = match method {
                "parent" => Some(parent(&self.script.absolute(&path)?)),
                "parents" => {
                    let index = self.rest.strip_prefix('[')?;
                    let (index, rest) = index.split_once(']')?;
                    self.rest = rest;
                    let path = self.script.absolute(&path)?;
                    let index: usize = index.trim().parse().ok().filter(|n| *n < DEPTH)?;
                    Some((0..=index).fold(path, |path, _| parent(&path)))
                }
                "resolve" | "absolute" if self.eat("(") => {
                    self.arguments()?;
                    Some(self.script.absolute(&path)?)
                }
                "joinpath" if self.eat("(") => {
                    let parts = self.arguments()?;
                    parts.into_iter().try_fold(path, |path, part| Some(join(&path, &part?)))
                }
                "as_posix" | "toString" | "strip" | "trim" if self.eat("(") => {
                    self.arguments()?;
                    Some(path)
                }
                _ => {
                    self.rest = before;
                    return None;
                }
            };
        }
    }

    fn value(&mut self) -> Option<String> {
        self.skip();
        if self.eat("(") {
            let value = self.expression();
            return if self.eat(")") { value } else { None };
        }
        let prefix = self.rest.bytes().take_while(|b| b"rRfFbBuU".contains(b)).count();
        let behind = &self.rest[prefix..];
        if let Some(quote) = behind.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
            let formatted = self.rest[..prefix].contains(['f', 'F']) || quote == '`';
            let (text, rest) = behind[1..].split_once(quote)?;
            self.rest = rest;
            return if formatted { self.formatted(text) } else { plain(text) };
        }
        let name = self.dotted();
        if name.is_empty() {
            return None;
        }
        self.named(name)
    }

    /// What a name stands for, or a function gives.
    fn named(&mut self, name: &'t str) -> Option<String> {
        let directory = || self.script.directory.map(str::to_owned);
        match name {
            "__file__" | "__filename" => return Some(self.script.path.clone()),
            "__dirname" | "import.meta.dirname" => return Some(parent(&self.script.path)),
            "os.environ" | "process.env" => {
                let (name, rest) = self.rest.strip_prefix('[')?.split_once(']')?;
                self.rest = rest;
                return self.environment(name.trim().trim_matches(['"', '\'']), None);
            }
            _ => {}
        }
        if let Some(name) = name.strip_prefix("process.env.") {
            return self.environment(name, None);
        }
        if !self.rest.starts_with('(') {
            let expression = self.script.names.get(name).copied().flatten()?;
            let mut reader = Reader { rest: expression, depth: self.depth + 1, ..*self };
            return reader.expression();
        }
        self.rest = &self.rest[1..];
        let mut arguments = self.arguments()?.into_iter();
        let first = arguments.next();
        let last = name.rsplit('.').next().unwrap_or(name);
        match name {
            "os.getcwd" | "process.cwd" | "Path.cwd" | "pathlib.Path.cwd" => directory(),
            "os.environ.get" | "os.getenv" | "getenv" | "environ.get" => {
                self.environment(&first??, arguments.next().flatten())
            }
            "str" | "os.fspath" | "Path" | "pathlib.Path" | "PurePath" | "fileURLToPath" => {
                arguments.try_fold(first??, |path, part| Some(join(&path, &part?)))
            }
            _ => match last {
                "dirname" => Some(parent(&first??)),
                "abspath" | "realpath" => self.script.absolute(&first??),
                "normpath" => first?,
                "join" if !name.starts_with(['"', '\'']) => {
                    arguments.try_fold(first??, |path, part| Some(join(&path, &part?)))
                }
                "resolve" => {
                    let path = arguments.try_fold(first??, |path, part| Some(join(&path, &part?)))?;
                    self.script.absolute(&path)
                }
                _ => None,
            },
        }
    }

    fn environment(&self, name: &str, default: Option<String>) -> Option<String> {
        match (self.variable)(name) {
            Variable::Set(value) => plain(&value),
            Variable::Unset => default,
            Variable::Unknown => None,
        }
    }

    /// The arguments of a call, behind its parenthesis; `None` in the place of one that is no path.
    fn arguments(&mut self) -> Option<Vec<Option<String>>> {
        let mut arguments = Vec::new();
        loop {
            self.skip();
            if self.eat(")") {
                return Some(arguments);
            }
            let value = self.expression();
            self.skip();
            let known = self.rest.starts_with([',', ')']);
            if !known {
                self.pass()?;
            }
            arguments.push(value.filter(|_| known));
            if !self.eat(",") && !self.rest.starts_with(')') {
                return None;
            }
        }
    }

    /// Passes what is left of an argument.
    fn pass(&mut self) -> Option<()> {
        let (mut open, mut quote) = (0_usize, None);
        for (at, c) in self.rest.char_indices().take(500) {
            match (quote, c) {
                (Some(q), c) if q == c => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'' | '`') => quote = Some(c),
                (None, '(' | '[' | '{') => open += 1,
                (None, ',' | ')') if open == 0 => {
                    self.rest = &self.rest[at..];
                    return Some(());
                }
                (None, ')' | ']' | '}') => open = open.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }

    fn name(&mut self) -> &'t str {
        let end = self.rest.find(|c: char| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// A name with those that it belongs to, up to what is asked of a path: `os.path.join`, but `BASE_DIR` of
    /// `BASE_DIR.parent`.
    fn dotted(&mut self) -> &'t str {
        let whole = self.rest;
        let mut length = self.name().len();
        while let Some(behind) = self.rest.strip_prefix('.') {
            let known = self.script.names.contains_key(&whole[..length])
                || matches!(&whole[..length], "__file__" | "__dirname" | "__filename");
            if known || !behind.starts_with(is_name) {
                break;
            }
            self.rest = behind;
            length += 1 + self.name().len();
        }
        &whole[..length]
    }

    /// A text with expressions in braces.
    fn formatted(&self, text: &'t str) -> Option<String> {
        let (mut found, mut rest) = (String::new(), text);
        while let Some(at) = rest.find('{') {
            found.push_str(rest[..at].trim_end_matches('$'));
            let (inner, behind) = rest[at + 1..].split_once('}')?;
            let mut reader = Reader { rest: inner, depth: self.depth + 1, ..*self };
            found.push_str(&reader.expression()?);
            if !reader.rest.trim().is_empty() {
                return None;
            }
            rest = behind;
        }
        found.push_str(rest);
        plain(&found)
    }
}

/// A text that may be a path.
fn plain(text: &str) -> Option<String> {
    let odd = ['{', '}', '$', '%', '\n', '\\', '*', '~', '<', '>', ':'];
    (text.len() < 200 && !text.contains(odd)).then(|| text.to_owned())
}

fn join(path: &str, part: &str) -> String {
    if part.starts_with('/') { part.to_owned() } else { format!("{}/{part}", path.trim_end_matches('/')) }
}

fn parent(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((parent, _)) => parent.to_owned(),
        None => String::new(),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::{Script, Variable};

    fn path(text: &str, expression: &str) -> Option<String> {
        let text = format!("{text}\nWANTED({expression})\n");
        let script = Script::new(&text, "/app/src/main.py".to_owned(), Some("/work"));
        let at = text.find("WANTED(")? + 7;
        let variable = |name: &str| match name {
            "DATA_DIR" => Variable::Set("/data".to_owned()),
            "HIDDEN" => Variable::Unknown,
            _ => Variable::Unset,
        };
        script.path(&text[at..], &variable).map(|(path, _)| path)
    }

    #[test]
    fn paths_are_put_together() {
        let base =
            "BASE_DIR = Path(__file__).resolve().parent.parent\nDATA: Path = BASE_DIR / \"data\"  # here";
        for (text, expression, wanted) in [
            ("", "'data'", Some("/work/data")),
            ("", "os.path.join(os.path.dirname(__file__), \"uploads\")", Some("/app/src/uploads")),
            ("", "os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'logs')", Some("/app/logs")),
            (base, "BASE_DIR / 'data' / \"db.sqlite3\"", Some("/app/data/db.sqlite3")),
            (base, "DATA / 'x', exist_ok=True", Some("/app/data/x")),
            (base, "str(BASE_DIR / f'log')", Some("/app/log")),
            (base, "os.path.join(BASE_DIR, 'media')", Some("/app/media")),
            (base, "f\"{BASE_DIR}/cache\"", Some("/app/cache")),
            (base, "f\"{other}/cache\"", None),
            ("", "Path(__file__).parents[1].joinpath('state')", Some("/app/state")),
            ("", "os.environ.get('DATA_DIR', 'x') + '/a'", Some("/data/a")),
            ("", "os.environ.get('OTHER', '/var/lib/x')", Some("/var/lib/x")),
            ("", "os.getenv('HIDDEN', '/var/lib/x')", None),
            ("", "os.environ['DATA_DIR']", Some("/data")),
            (
                "const dir = process.env.OTHER || path.join(__dirname, 'files');",
                "dir",
                Some("/app/src/files"),
            ),
            ("const dir = process.env.DATA_DIR || './files';", "`${dir}/a.log`", Some("/data/a.log")),
            ("", "path.resolve(process.cwd(), 'public', 'uploads')", Some("/work/public/uploads")),
            ("A = 'x'\nif y:\n    A = 'z'", "A", None),
            ("A = B\nB = A", "A", None),
            ("def f(name):\n    pass", "os.path.join(name, 'a')", None),
            ("", "open(x", None),
            ("", "((((((((((((((((((((((((((((((((((((((", None),
        ] {
            assert_eq!(path(text, expression).as_deref(), wanted, "{text} {expression}");
        }
    }

    #[test]
    fn what_a_method_is_called_on() {
        for (text, wanted) in [
            ("Path('data').mkdir", Some("/work/data")),
            ("x = 1\n(Path(__file__).parent / 'out').mkdir", Some("/app/src/out")),
            ("OUT = Path('/srv/out')\nif a: OUT.mkdir", Some("/srv/out")),
            ("OUT = Path('/srv/out')\nOUT.parent.mkdir", Some("/srv")),
            ("self.path.mkdir", None),
            ("mkdir", None),
        ] {
            let script = Script::new(text, "/app/src/main.py".to_owned(), Some("/work"));
            let end = text.rfind(".mkdir").unwrap_or(0);
            assert_eq!(script.receiver(end, &|_| Variable::Unset).as_deref(), wanted, "{text}");
        }
    }
}
