//! A folder that holds what is made, and nothing else of ours.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use seaworthy_engine::convert::folder::{Folder, LIST, compare, wanted};
use seaworthy_engine::variant::Output;
use seaworthy_engine::{Kind, Source};

use crate::discover::Tree;
use crate::error::{Error, reason};
use crate::write::write;

/// The folder to write to.
pub(crate) struct Target<'a> {
    /// As it was named.
    folder: &'a Utf8Path,
}

impl<'a> Target<'a> {
    pub(crate) fn new(folder: &'a Utf8Path) -> Self {
        Self { folder }
    }

    /// How what is made stands to what is there.
    pub(crate) fn compare(&self, made: Vec<Source>) -> Result<Folder, Error> {
        match fs::metadata(self.folder) {
            Ok(meta) if !meta.is_dir() => {
                return Err(Error::message(format!("{} is no directory", self.folder)));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(compare(made, None, BTreeMap::new()));
            }
            Err(error) => return Err(self.unreadable(Utf8Path::new(""), &error)),
        }
        let tree = Tree::of(self.folder.as_std_path());
        let list = self.read(Utf8Path::new(LIST), &tree)?;
        let mut there = BTreeMap::new();
        for path in wanted(&made, list.as_ref().map(|list| &*list.text)) {
            if let Some(source) = self.read(&path, &tree)? {
                there.insert(path, source);
            }
        }
        Ok(compare(made, list, there))
    }

    /// A file of the folder; `None` where there is none.
    fn read(&self, path: &Utf8Path, tree: &Tree) -> Result<Option<Source>, Error> {
        let whole = self.folder.join(path);
        match fs::symlink_metadata(&whole) {
            Ok(_) => {}
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(self.unreadable(path, &error)),
        }
        let outside = || io::Error::other("it is no file of the folder");
        let real = tree.resolve(whole.as_std_path()).filter(|real| real.is_file());
        let bytes = real.ok_or_else(outside).and_then(fs::read);
        let bytes = bytes.map_err(|error| self.unreadable(path, &error))?;
        Ok(Some(Source::from_bytes(path, Kind::Manifest, bytes)))
    }

    fn unreadable(&self, path: &Utf8Path, error: &io::Error) -> Error {
        Error::message(format!("cannot read {}: {}", self.folder.join(path), reason(error)))
    }

    /// Files as they are and as they are to be, by the paths under which they are written.
    pub(crate) fn changes<'o>(
        &self,
        outputs: impl Iterator<Item = &'o Output>,
    ) -> Vec<(Option<Source>, Source)> {
        let here = |source: &Source| {
            let mut source = source.clone();
            source.path = self.folder.join(&source.path);
            source
        };
        outputs.map(|output| (output.existing.as_ref().map(here), here(&output.source))).collect()
    }

    /// Writes what is to be written and removes what is made no more.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Error> {
        let written = folder.files.iter().chain([&folder.list]).filter(|file| file.status.is_written());
        let changes = self.changes(written);
        for (_, new) in &changes {
            self.make_directory(&new.path)?;
        }
        let tree = Tree::of(self.folder.as_std_path());
        let pairs: Vec<_> = changes.iter().map(|(old, new)| (old.as_ref(), new)).collect();
        write(&pairs, &tree)?;
        for source in &folder.gone {
            self.remove(source, &tree)?;
        }
        Ok(())
    }

    /// Makes the directory of a file, where no link on the way leads out of the folder.
    fn make_directory(&self, file: &Utf8Path) -> Result<(), Error> {
        let failed = |directory: &Utf8Path, why: &str| {
            Error::message(format!("cannot make the directory {directory}: {why}"))
        };
        let below = file.strip_prefix(self.folder).ok().and_then(Utf8Path::parent);
        let mut directory = self.folder.to_owned();
        fs::create_dir_all(&directory).map_err(|e| failed(&directory, &reason(&e)))?;
        let tree = Tree::of(self.folder.as_std_path());
        for part in below.into_iter().flat_map(Utf8Path::components) {
            directory.push(part.as_str());
            match fs::create_dir(&directory) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed(&directory, &reason(&e))),
            }
            if tree.resolve(directory.as_std_path()).is_none_or(|real| !real.is_dir()) {
                return Err(failed(&directory, "something else of this name is there"));
            }
        }
        Ok(())
    }

    /// Removes a file that is still as it was read, and the directories that are empty then.
    fn remove(&self, source: &Source, tree: &Tree) -> Result<(), Error> {
        let path = self.folder.join(&source.path);
        let failed = |error: &io::Error| Error::message(format!("cannot remove {path}: {}", reason(error)));
        let as_read = |real: &PathBuf| fs::read(real).is_ok_and(|bytes| bytes == source.to_bytes());
        let Some(real) = tree.resolve(path.as_std_path()).filter(as_read) else {
            return Err(failed(&io::Error::other("it changed since it was read; run again")));
        };
        fs::remove_file(&real).map_err(|error| failed(&error))?;
        let top = self.folder.as_std_path().canonicalize().unwrap_or_default();
        for directory in real.ancestors().skip(1).take_while(|directory| *directory != top) {
            if !is_below(directory, &top) || fs::remove_dir(directory).is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn is_below(directory: &Path, top: &Path) -> bool {
    directory.starts_with(top) && directory != top
}
