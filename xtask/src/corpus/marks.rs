//! Copies of repositories in which every secret is a mark, so that one that gets anywhere is seen.
//!
//! What is a secret is told here without the engine's own rules: by what stands before a value, and by addresses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::tree;

/// What every mark holds, and nothing else does.
pub(super) const MARK: &str = "mkqzx";

const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "_pass",
];

/// What begins names that are compiled into pages for everybody.
const PUBLIC: [&str; 6] = ["VITE_", "NEXT_PUBLIC_", "REACT_APP_", "VUE_APP_", "NUXT_PUBLIC_", "EXPO_PUBLIC_"];

/// Files larger than this are no settings.
const LARGEST: usize = 1 << 20;

/// Gives out a mark for each value, one that is shaped like it: a plain word for a plain word.
#[derive(Default)]
pub(super) struct Marks {
    known: BTreeMap<String, String>,
}

impl Marks {
    /// How many values are marked.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// What a mark stands for.
    pub(super) fn meaning(&self, text: &str) -> Option<&str> {
        let rest = &text[text.find(MARK)?..];
        self.known.iter().find(|(_, mark)| rest.starts_with(mark.as_str())).map(|(value, _)| value.as_str())
    }

    fn of(&mut self, value: &str) -> String {
        let number = self.known.len();
        let is_word = value.len() < 14 && value.bytes().all(|b| b.is_ascii_lowercase());
        let letters: String = (0..4)
            .map(|at| char::from(b'a' + u8::try_from(number / 26_usize.pow(at) % 26).unwrap_or(0)))
            .collect();
        let mark = if is_word { format!("{MARK}{letters}") } else { format!("{MARK}7{number:05}q9") };
        self.known.entry(value.to_owned()).or_insert(mark).clone()
    }

    /// Copies a repository, its secrets as marks.
    pub(super) fn copy(&mut self, from: &Path, to: &Path) -> Result<(), String> {
        for name in tree::files(from)? {
            let (path, copy) = (from.join(&name), to.join(&name));
            let say = |error: std::io::Error| format!("cannot copy {}: {error}", path.display());
            fs::create_dir_all(copy.parent().unwrap_or(to)).map_err(say)?;
            let bytes = fs::read(&path).map_err(say)?;
            let end = name.extension().and_then(|end| end.to_str()).unwrap_or_default();
            let is_program = [
                "py", "js", "ts", "tsx", "jsx", "go", "rb", "php", "java", "rs", "cs", "md", "html", "css",
                "lock",
            ];
            match String::from_utf8(bytes) {
                Ok(text) if text.len() <= LARGEST && !is_program.contains(&end) => {
                    fs::write(&copy, self.text(&text)).map_err(say)?;
                }
                Ok(text) => fs::write(&copy, text).map_err(say)?,
                // No text, and so no settings: it only has to be there.
                Err(_) => fs::write(&copy, b"\0").map_err(say)?,
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> String {
        text.split_inclusive('\n')
            .map(|line| {
                let is_comment =
                    ["#", "//", ";", "--"].iter().any(|head| line.trim_start().starts_with(head));
                if is_comment { line.to_owned() } else { self.line(line) }
            })
            .collect()
    }

    fn line(&mut self, line: &str) -> String {
        let mut places = addresses(line);
        places.extend(named(line));
        places.sort_unstable();
        let (mut marked, mut done) = (String::new(), 0);
        for (from, to) in places {
            if from < done || is_nothing(&line[from..to]) {
                continue;
            }
            marked.push_str(&line[done..from]);
            marked.push_str(&self.of(&line[from..to]));
            done = to;
        }
        marked.push_str(&line[done..]);
        marked
    }
}

/// `://user:HERE@host`.
fn addresses(line: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    for (at, _) in line.match_indices("://") {
        let authority = &line[at + 3..];
        let end =
            authority.find(|c: char| c.is_whitespace() || "/\"'<>`,".contains(c)).unwrap_or(authority.len());
        let Some(host) = authority[..end].find('@') else { continue };
        let Some(colon) = authority[..host].find(':') else { continue };
        let from = at + 3 + colon + 1;
        places.extend(inner(line, from, at + 3 + host));
    }
    places
}

/// What follows a name of a secret and `:` or `=`, a flag of that name, or a flag of one letter of a program of databases.
fn named(line: &str) -> Vec<(usize, usize)> {
    let lower = line.to_ascii_lowercase();
    let mut places = Vec::new();
    for name in NAMES {
        for (at, _) in lower.match_indices(name) {
            let end = at + name.len();
            let start = line[..at]
                .rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
                .map_or(0, |n| n + 1);
            let is_flag = line[start..].starts_with("--");
            if PUBLIC.iter().any(|head| line[start..].starts_with(head))
                || line[..start].ends_with(['$', '{', '/'])
            {
                continue;
            }
            let rest = line[end..].trim_start_matches(['"', '\'', ']']);
            let rest = rest.trim_start_matches(' ');
            let value = match rest.strip_prefix("=>").or_else(|| rest.strip_prefix([':', '='])) {
                Some(value) => value,
                None if is_flag && line[end..].starts_with([' ', '"', '\'']) => {
                    rest.trim_start_matches([',', ' '])
                }
                None if rest.starts_with('>') && line[..start].contains('<') => &rest[1..],
                None => continue,
            };
            let value = value.trim_start_matches(' ').trim_start_matches(['"', '\'']);
            let from = line.len() - value.len();
            let to = value
                .find(|c: char| c.is_whitespace() || "\"'<>`,;&)]".contains(c))
                .map_or(line.len(), |n| from + n);
            places.extend(inner(line, from, to));
        }
    }
    for (program, flag) in [
        ("ldapsearch", " -w "),
        ("redis-cli", " -a "),
        ("sqlcmd", " -P "),
        ("mysqladmin", " -p"),
        ("mysql", " -p"),
        ("mongosh", " -p "),
        ("mongo", " -p "),
    ] {
        let Some(at) = line.find(program) else { continue };
        let Some(from) = line[at..].find(flag).map(|n| at + n + flag.len()) else { continue };
        let from = from + line[from..].find(|c| !"\"'".contains(c)).unwrap_or(0);
        let to = line[from..]
            .find(|c: char| c.is_whitespace() || "\"';&|)]".contains(c))
            .map_or(line.len(), |n| from + n);
        places.extend(inner(line, from, to));
    }
    places
}

/// What of a value is written out: of `${NAME:-default}` the default.
fn inner(line: &str, from: usize, to: usize) -> Option<(usize, usize)> {
    let value = line.get(from..to)?;
    if let Some(variable) = value.strip_prefix("${") {
        let mark = variable.find('-')?;
        let from = from + 2 + mark + 1;
        let to = from + line[from..].find('}')?;
        return (from < to && !line[from..to].contains(['$', '\n'])).then_some((from, to));
    }
    Some((from, to))
}

/// Whether a value says nothing, or where the secret is.
fn is_nothing(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.len() < 3
        || value.starts_with(['$', '%', '{', '<', '/', '.', '@', '!', '*', '&', '|', '(', '['])
        || value.contains(['$', '(', '{', '}'])
        || value.bytes().all(|b| b.is_ascii_digit())
        || ["true", "false", "yes", "null", "none", "string", "required", "optional", "enabled", "disabled"]
            .contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_become_marks() {
        let mut marks = Marks::default();
        for (line, marked) in [
            ("POSTGRES_PASSWORD: hunter22", "POSTGRES_PASSWORD: mkqzx700000q9"),
            ("- PW_TOKEN=${A:-hunter22}", "- PW_TOKEN=${A:-mkqzx700000q9}"),
            ("url: postgres://app:secret@db", "url: postgres://app:mkqzxbaaa@db"),
            ("command: redis-cli -a secret ping", "command: redis-cli -a mkqzxbaaa ping"),
            ("PASSWORD_FILE: /run/x", "PASSWORD_FILE: /run/x"),
            ("password: ${PW}", "password: ${PW}"),
        ] {
            assert_eq!(marks.line(line), marked);
        }
    }
}
