//! The newest version of a Python package that an image may get, as the files and commands of its build say.

use seaworthy_syntax::dockerfile::{Arguments, Command};

use crate::project::dockerfile::Build;
use crate::project::layout::What;
use crate::project::{Project, Stage};

/// The first two numbers of a version.
pub(crate) type Version = (u32, u32);

/// The newest version of a package that the build of a stage may install; `None` where nothing bounds it, as far as
/// the texts are known.
pub(crate) fn newest(project: &Project, stage: &Stage, package: &str) -> Option<Version> {
    let build: &Build = project.build(stage.build);
    let copied = build.stages.iter().flat_map(Stage::copied);
    let files = copied.filter_map(|c| match &c.what {
        What::File(path) => project.files.text(path).map(|text| &**text),
        _ => None,
    });
    let scripts =
        build.stages.iter().flat_map(|s| s.instructions(project)).filter_map(|i| match &i.arguments {
            Arguments::Run(Command::Shell(script)) => Some(&*script.text),
            _ => None,
        });
    files.chain(scripts).filter_map(|text| bound(text, package)).min()
}

/// The newest version that a text allows of a package.
fn bound(text: &str, package: &str) -> Option<Version> {
    let mut newest: Option<Version> = None;
    for (at, _) in text.match_indices(package) {
        let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let rest = &text[at + package.len()..];
        if text[..at].ends_with(word) || rest.starts_with(word) {
            continue;
        }
        let mut rest = rest.trim_start_matches(['"', '\'']);
        if rest.starts_with('[') {
            rest = rest.split_once(']').map_or("", |(_, behind)| behind);
        }
        let line = rest.split(['\n', '#', ';']).next().unwrap_or_default();
        // A lock file names the version in the next line.
        let next = rest.lines().nth(1).filter(|_| line.trim().is_empty()).map(str::trim);
        let locked = next.and_then(|n| n.strip_prefix("version = ")).and_then(|v| exact(v.trim_matches('"')));
        let found = locked.or_else(|| constrained(line));
        newest = match (newest, found) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    newest
}

/// What `==0.20.1`, `~=0.20.0`, `<0.22`, `= "^0.20"` and `= {version = "0.20.1"}` allow at most.
fn constrained(line: &str) -> Option<Version> {
    let at = line.find(['=', '~', '<', '>', '^', '!'])?;
    if !line[..at].trim().is_empty() && !line[..at].trim().starts_with(':') {
        return None;
    }
    let rest = line[at..].trim_start_matches([' ', '\t']);
    if let Some((_, upper)) = rest.split_once('<') {
        let inclusive = upper.starts_with('=');
        let (major, minor) = exact(upper.trim_start_matches(['=', ' ']))?;
        return Some(match (inclusive, minor) {
            (true, _) => (major, minor),
            (false, 0) => (major.checked_sub(1)?, u32::MAX),
            (false, minor) => (major, minor - 1),
        });
    }
    if rest.starts_with('>') || rest.starts_with('!') {
        return None;
    }
    let written = rest.find(|c: char| c.is_ascii_digit())?;
    let operator = &rest[..written];
    if operator.contains('>') {
        return None;
    }
    let version = exact(&rest[written..])?;
    // `^0.20` stays below 0.21, `^1.2` below 2.
    let wide = operator.contains('^') && version.0 > 0
        || operator.contains("~=") && rest[written..].matches('.').count() == 1;
    Some(if wide { (version.0, u32::MAX) } else { version })
}

/// The first two numbers of a version; the second is any where it is left open.
fn exact(text: &str) -> Option<Version> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    let major = numbers.next()?.ok()?;
    Some((major, numbers.next().and_then(Result::ok).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for (text, expected) in [
            ("uvicorn==0.20.0\n", Some((0, 20))),
            ("uvicorn[standard]==0.15.0  # why", Some((0, 15))),
            ("fastapi==0.1\nuvicorn", None),
            ("uvicorn>=0.24.0", None),
            ("\"uvicorn>=0.18,<0.20\",", Some((0, 19))),
            ("uvicorn = \"^0.18.0\"", Some((0, 18))),
            ("uvicorn = {extras = [\"standard\"], version = \"^0.22.0\"}", Some((0, 22))),
            ("uvicorn = \"*\"", None),
            ("uvicorn~=0.21.1", Some((0, 21))),
            ("name = \"uvicorn\"\nversion = \"0.34.0\"\n", Some((0, 34))),
            ("pip install uvicorn==0.11 gunicorn==20", Some((0, 11))),
            ("uvicorn-worker==0.2.0", None),
            ("CMD uvicorn app:app --port=80", None),
        ] {
            assert_eq!(bound(text, "uvicorn"), expected, "{text}");
        }
    }
}
