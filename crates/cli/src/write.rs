//! Writes files: each whole and atomically, and all of a run or none as far as the file system allows.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use rayon::prelude::*;
use seaworthy_engine::Source;
use tempfile::NamedTempFile;

use crate::discover::Tree;
use crate::error::Error;

/// A file that is written, but not yet in its place.
struct Staged<'s> {
    source: &'s Source,
    target: PathBuf,
    file: NamedTempFile,
    /// Nothing is there yet, and nothing may be when it gets its name.
    new: bool,
}

/// Replaces files and makes new ones. Each pair is what was read, if there was anything, and what is to be written.
///
/// Everything is written beside its target and made durable first; only then are the files renamed. A symbolic link
/// stays one: what it leads to is replaced, if that lies in the tree.
pub(crate) fn write(changes: &[(Option<&Source>, &Source)], tree: &Tree) -> Result<(), Error> {
    let failed = |source: &Source, error: io::Error, written: &[&Source]| Error::Write {
        path: source.path.clone(),
        error,
        written: written.iter().map(|s| s.path.clone()).collect::<Vec<Utf8PathBuf>>(),
    };
    // Most of the time is spent waiting for the disk.
    let staged: Vec<Result<Staged<'_>, Error>> = changes
        .par_iter()
        .map(|(old, new)| {
            let done = match old {
                Some(old) => stage(old, new, tree),
                None => stage_new(new, tree),
            };
            done.map_err(|error| failed(new, error, &[]))
        })
        .collect();
    let staged = staged.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let mut directories = BTreeSet::new();
    let mut written: Vec<&Source> = Vec::with_capacity(staged.len());
    for Staged { source, target, file, new } in staged {
        let done = if new { file.persist_noclobber(&target) } else { file.persist(&target) };
        done.map_err(|e| failed(source, e.error, &written))?;
        written.push(source);
        directories.extend(target.parent().map(Path::to_owned));
    }
    let directories: Vec<PathBuf> = directories.into_iter().collect();
    // The files have their names by now, whether or not the disk says that it knows.
    directories.par_iter().for_each(|directory| _ = sync_directory(directory));
    Ok(())
}

/// A file where none is, with the permissions that new files get.
fn stage_new<'s>(source: &'s Source, tree: &Tree) -> io::Result<Staged<'s>> {
    let outside = || io::Error::other("it does not lie in the directories that were read");
    let path = source.path.as_std_path();
    let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = tree.resolve(beside).ok_or_else(outside)?;
    let target = directory.join(path.file_name().ok_or_else(outside)?);
    if fs::symlink_metadata(&target).is_ok() {
        return Err(io::Error::other("it is there already, though it was not read"));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".seaworthy-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask takes from these what new files do not get.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(&source.to_bytes())?;
    file.as_file().sync_all()?;
    Ok(Staged { source, target, file, new: true })
}

fn stage<'s>(old: &Source, new: &'s Source, tree: &Tree) -> io::Result<Staged<'s>> {
    let outside = || io::Error::other("it does not lie in the directories that are fixed");
    let target = tree.resolve(old.path.as_std_path()).ok_or_else(outside)?;
    let meta = fs::metadata(&target)?;
    if meta.permissions().readonly() {
        return Err(io::Error::other("it is read-only; make it writable and run again"));
    }
    if fs::read(&target)? != old.to_bytes() {
        return Err(io::Error::other("it changed since it was read; run again"));
    }
    let directory = target.parent().ok_or_else(outside)?;
    let mut file = tempfile::Builder::new().prefix(".seaworthy-").tempfile_in(directory)?;
    file.write_all(&new.to_bytes())?;
    keep_rights(file.as_file(), file.path(), &meta)?;
    file.as_file().sync_all()?;
    Ok(Staged { source: new, target, file, new: false })
}

/// Gives the new file the owner and the permissions of the old.
fn keep_rights(file: &File, path: &Path, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            chown(path, Some(old.uid()), Some(old.gid()))
                .map_err(|_| io::Error::other("its owner cannot be kept; run as its owner"))?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    file.set_permissions(old.permissions())
}

/// Makes the renames in a directory durable.
fn sync_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = directory;
    Ok(())
}
