//! How what is made stands to the folder that it is made for: what is ours there, and what somebody edited.
//!
//! A list in the folder holds the digest of each file that was made, as `sha256sum` writes it: `sha256sum -c` names the
//! files that were edited since.

use std::collections::BTreeMap;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use seaworthy_syntax::{Kind, Source};

use crate::variant::{Output, Status, stamp};

/// The name of the list.
pub const LIST: &str = ".seaworthy.sha256";

/// What is to be done in a folder. Paths start in it.
#[derive(Debug)]
pub struct Folder {
    /// Each file that is made, how it is there, and what is to be done with it.
    pub files: Vec<Output>,
    /// Files that were made earlier and are no more: they are as they were made, so they go.
    pub gone: Vec<Source>,
    /// Files that were made earlier and are no more, and that somebody edited: they stay.
    pub kept: Vec<Utf8PathBuf>,
    /// The list as it is to be.
    pub list: Output,
}

/// The files that have to be read before [`compare`]: those that are made, and those of the list.
pub fn wanted(made: &[Source], list: Option<&str>) -> Vec<Utf8PathBuf> {
    let mut paths: Vec<Utf8PathBuf> = made.iter().map(|source| source.path.clone()).collect();
    paths.extend(list.map(read).unwrap_or_default().into_keys());
    paths.sort();
    paths.dedup();
    paths
}

/// Compares what is made with what is there.
pub fn compare(made: Vec<Source>, list: Option<Source>, mut there: BTreeMap<Utf8PathBuf, Source>) -> Folder {
    let mut listed = list.as_ref().map(|list| read(&list.text)).unwrap_or_default();
    let mut digests = BTreeMap::new();
    let mut files = Vec::new();
    for source in made {
        let digest = stamp::digest(&source);
        let known = listed.remove(&source.path);
        let existing = there.remove(&source.path);
        let status = match (&existing, known) {
            (None, _) => Status::New,
            (Some(existing), known) => match (stamp::digest(existing), known) {
                (now, _) if now == digest => Status::Current,
                (_, None) => Status::Foreign,
                (now, Some(known)) if now == known => Status::Stale,
                (_, Some(known)) if known == digest => Status::Edited,
                _ => Status::Conflict,
            },
        };
        digests.insert(source.path.clone(), digest);
        files.push(Output { source, existing, status });
    }
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for (path, digest) in listed {
        match there.remove(&path) {
            Some(source) if stamp::digest(&source) == digest => gone.push(source),
            Some(_) => kept.push(path),
            None => {}
        }
    }
    let text: String = digests.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect();
    let source = Source::new(LIST, Kind::Ignore, text);
    let status = match &list {
        None => Status::New,
        Some(list) if list.text == source.text => Status::Current,
        Some(_) => Status::Stale,
    };
    Folder { files, gone, kept, list: Output { source, existing: list, status } }
}

impl Folder {
    /// The files that somebody edited or wrote where others are to be written: nothing is written while there are some.
    pub fn refused(&self) -> impl Iterator<Item = &Output> {
        self.files.iter().filter(|file| matches!(file.status, Status::Conflict | Status::Foreign))
    }

    /// Whether the folder is not as it should be.
    pub fn changes(&self) -> bool {
        self.files.iter().any(|file| file.status.is_written())
            || !self.gone.is_empty()
            || self.list.status.is_written()
    }
}

/// The digests of a list by path. What is no line of ours, or leads out of the folder, says nothing.
fn read(list: &str) -> BTreeMap<Utf8PathBuf, String> {
    let inside = |path: &Utf8Path| {
        !path.as_str().is_empty() && path.components().all(|part| matches!(part, Utf8Component::Normal(_)))
    };
    let lines = list.lines().filter_map(|line| {
        let (digest, path) = line.split_once("  ")?;
        let valid = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        (valid && inside(Utf8Path::new(path))).then(|| (path.into(), digest.to_ascii_lowercase()))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| Source::new(*path, Kind::Manifest, *text)).collect()
    }

    fn there(files: &[(&str, &str)]) -> BTreeMap<Utf8PathBuf, Source> {
        made(files).into_iter().map(|source| (source.path.clone(), source)).collect()
    }

    #[test]
    fn what_somebody_edited_stays() {
        let before = [("a", "1\n"), ("b", "1\n"), ("c", "1\n"), ("d", "1\n"), ("e", "1\n"), ("f", "1\n")];
        let first = compare(made(&before), None, BTreeMap::new());
        assert!(first.files.iter().all(|file| file.status == Status::New));
        let list = first.list.source;
        let now = [("a", "1\n"), ("b", "2\n"), ("c", "2\n"), ("d", "1\n"), ("g", "2\n"), ("h", "1\n")];
        let found = [
            ("a", "1\r\n"),
            ("b", "1\n"),
            ("c", "mine\n"),
            ("d", "mine\n"),
            ("e", "1\n"),
            ("f", "mine\n"),
            ("g", "theirs\n"),
        ];
        let second = compare(made(&now), Some(list), there(&found));
        let status: Vec<&str> = second.files.iter().map(|file| file.status.as_str()).collect();
        assert_eq!(status, ["current", "stale", "conflict", "edited", "foreign", "new"]);
        assert_eq!(second.gone.iter().map(|s| s.path.as_str()).collect::<Vec<_>>(), ["e"]);
        assert_eq!(second.kept, ["f"]);
        assert_eq!(second.refused().count(), 2);
    }

    #[test]
    fn a_list_leads_nowhere_else() {
        let digest = "0".repeat(64);
        let list = format!("{digest}  ../a\n{digest}  /etc/passwd\n{digest}  a\nnonsense\nx  b\n");
        assert_eq!(read(&list).into_keys().collect::<Vec<_>>(), ["a"]);
    }
}
