//! Folders of files, read, compared and written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every file below a folder by its path from there, without version control and symbolic links.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let path = root.join(&folder);
        let say = |error: io::Error| format!("cannot read {}: {error}", path.display());
        for entry in fs::read_dir(&path).map_err(say)? {
            let entry = entry.map_err(say)?;
            let kind = entry.file_type().map_err(say)?;
            let name = folder.join(entry.file_name());
            if kind.is_dir() && entry.file_name() != ".git" {
                open.push(name);
            } else if kind.is_file() {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The bytes of every file below a folder.
pub(crate) fn read(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, String> {
    files(root)?
        .into_iter()
        .map(|name| {
            let path = root.join(&name);
            let bytes =
                fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok((name, bytes))
        })
        .collect()
}

/// Writes files below a folder; the permissions of those that exist stay.
pub(crate) fn write<'a>(
    root: &Path,
    files: impl IntoIterator<Item = (&'a PathBuf, &'a Vec<u8>)>,
) -> Result<(), String> {
    for (name, bytes) in files {
        let path = root.join(name);
        let say = |error: io::Error| format!("cannot write {}: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(say)?;
        }
        fs::write(&path, bytes).map_err(say)?;
    }
    Ok(())
}

/// What is read as a project of its own: the folder, or each folder in it.
pub(crate) fn projects(folder: &Path, each: bool) -> Result<Vec<PathBuf>, String> {
    if !each {
        return Ok(vec![folder.to_owned()]);
    }
    let entries =
        fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    Ok(found)
}
