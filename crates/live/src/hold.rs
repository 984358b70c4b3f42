//! A run that is known for as long as it lasts.
//!
//! What it makes carries labels that name the run and the machine it runs on. While it runs it holds a lock on a file of its
//! name, which the operating system takes from it whatever happens: so the next run here knows which leftovers have no owner.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, io};

use crate::error::Error;

/// The label whose value is the run.
pub(crate) const RUN: &str = "dev.seaworthy.run";
/// The label whose value is the machine.
const MACHINE: &str = "dev.seaworthy.machine";
/// After how long what a run on another machine made counts as left behind, in seconds.
const OLD: i64 = 6 * 60 * 60;

/// The name of a run, held until it is dropped.
pub(crate) struct Hold {
    pub(crate) id: String,
    machine: String,
    lock: (File, PathBuf),
}

impl Hold {
    /// Begins a run.
    pub(crate) fn begin() -> Result<Self, Error> {
        let fail = |error: io::Error, path: &Path| {
            Error::Message(format!(
                "cannot write {}: {error}; set XDG_CACHE_HOME to a place that can be",
                path.display()
            ))
        };
        let folder = folder();
        fs::create_dir_all(&folder).map_err(|e| fail(e, &folder))?;
        let machine = machine(&folder).map_err(|e| fail(e, &folder))?;
        let id = unique();
        let path = folder.join(format!("{id}.lock"));
        let lock = File::create(&path).map_err(|e| fail(e, &path))?;
        lock.lock().map_err(|e| fail(e, &path))?;
        Ok(Self { id, machine, lock: (lock, path) })
    }

    /// The labels of all that it makes.
    pub(crate) fn labels(&self) -> [(&'static str, &str); 2] {
        [(RUN, &self.id), (MACHINE, &self.machine)]
    }

    /// Whether what has these labels, and was made at this time in seconds since 1970, belongs to nobody any longer.
    pub(crate) fn is_left<'l>(&self, label: impl Fn(&str) -> Option<&'l str>, created: Option<i64>) -> bool {
        let (Some(run), Some(machine)) = (label(RUN), label(MACHINE)) else { return false };
        if machine == self.machine { !is_held(run) } else { created.is_some_and(|c| seconds() - c > OLD) }
    }

    /// Removes the files of runs that ended.
    pub(crate) fn sweep(&self) {
        for entry in fs::read_dir(folder()).into_iter().flatten().flatten() {
            let path = entry.path();
            let run = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
            // Another run may have made it a moment ago and not hold it yet.
            let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|m| m.elapsed().ok());
            let old = age.is_some_and(|age| age > Duration::from_mins(1));
            if old && path.extension().is_some_and(|e| e == "lock") && run != self.id && !is_held(run) {
                // A file that stays is empty and says nothing.
                let _ = fs::remove_file(&path);
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // The lock goes with the file's last handle; a file that stays is removed by the next run.
        let _ = self.lock.0.unlock();
        let _ = fs::remove_file(&self.lock.1);
    }
}

/// Where runs of this user leave their locks.
fn folder() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|c| !c.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| Some(env::home_dir()?.join(".cache"))).unwrap_or_else(env::temp_dir);
    cache.join("seaworthy").join("runs")
}

/// Whether the run of this name, on this machine, goes on.
fn is_held(run: &str) -> bool {
    // A label is what anybody may have written: only a name of ours names a file.
    if run.is_empty() || !run.bytes().all(|b| b.is_ascii_hexdigit()) {
        return true;
    }
    match File::open(folder().join(format!("{run}.lock"))) {
        Ok(file) => file.try_lock().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// The name of this machine, made once: whoever shares it shares the locks.
fn machine(folder: &Path) -> io::Result<String> {
    let path = folder.join("machine");
    match File::create_new(&path) {
        Ok(_) => fs::write(&path, unique())?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // Whoever made it a moment ago may not have written it yet.
    for _ in 0..50 {
        let name = fs::read_to_string(&path)?;
        if !name.is_empty() {
            return Ok(name);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let name = unique();
    fs::write(&path, &name)?;
    Ok(name)
}

/// A word that nobody else has: the time and the number of the process.
fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}{:x}", now.as_nanos() as u64, process::id())
}

fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_names_no_run_of_ours_is_held() {
        assert!(is_held("../../etc/passwd"));
        assert!(is_held(""));
    }
}
