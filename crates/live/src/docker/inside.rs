//! What goes on in a container that runs: its processes, listeners, and what it takes.
//!
//! It is asked from outside wherever that can be: an image without a shell and without `ps` tells as much as any other.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::{ChangeType, ExecConfig};
use bollard::query_parameters::{ContainerArchiveInfoOptionsBuilder, StatsOptionsBuilder, TopOptionsBuilder};
use futures_util::StreamExt;
use seaworthy_engine::measured::Listener;

use super::listen;
use super::owned::Run;
use super::trial::Trial;
use crate::error::Error;

/// How long a program in a container may take to print a file.
const PRINT: Duration = Duration::from_secs(5);

/// What listens in a container; `None` where nothing tells.
pub(super) async fn listeners(run: &Run, trial: &Trial) -> Option<Vec<Listener>> {
    let mut found = BTreeSet::new();
    let mut any = false;
    if is_here(trial) {
        for name in ["tcp", "tcp6", "udp", "udp6"] {
            let Ok(text) = std::fs::read_to_string(format!("/proc/{}/net/{name}", trial.pid)) else {
                continue;
            };
            any = true;
            found.extend(listen::read(&text, &name[..3]));
        }
    }
    if !any {
        let files = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"];
        for (file, protocol) in files.into_iter().zip(["tcp", "tcp", "udp", "udp"]) {
            let Some(text) = print(run, &trial.id, file).await else { continue };
            any = true;
            found.extend(listen::read(&text, protocol));
        }
    }
    any.then(|| found.into_iter().collect())
}

/// Whether the first process of a container is one of this machine's.
fn is_here(trial: &Trial) -> bool {
    let groups = std::fs::read_to_string(format!("/proc/{}/cgroup", trial.pid)).unwrap_or_default();
    if trial.pid > 0 && groups.contains(&trial.id) {
        return true;
    }
    // A container with a cgroup namespace of its own still says so by what is mounted in it.
    let mounts = std::fs::read_to_string(format!("/proc/{}/mountinfo", trial.pid)).unwrap_or_default();
    trial.pid > 0 && mounts.contains(&trial.id)
}

/// A file as a program in the container prints it; `None` where there is no such program.
async fn print(run: &Run, id: &str, path: &str) -> Option<String> {
    let ask = async {
        let config = ExecConfig {
            cmd: Some(vec!["cat".to_owned(), path.to_owned()]),
            user: Some("0".to_owned()),
            attach_stdout: Some(true),
            ..ExecConfig::default()
        };
        let exec = run.docker.create_exec(id, config).await.ok()?.id;
        let started = run.docker.start_exec(&exec, None::<StartExecOptions>).await.ok()?;
        let StartExecResults::Attached { mut output, .. } = started else { return None };
        let mut text = Vec::new();
        while let Some(Ok(part)) = output.next().await {
            if let LogOutput::StdOut { message } = part {
                text.extend_from_slice(&message);
            }
        }
        let ended = run.docker.inspect_exec(&exec).await.ok()?;
        (ended.exit_code == Some(0)).then(|| String::from_utf8_lossy(&text).into_owned())
    };
    tokio::time::timeout(PRINT, ask).await.ok()?
}

/// Who runs in a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Processes {
    /// The user and group of its first process.
    pub(super) first: Option<(u32, u32)>,
    /// Those of the others, each once.
    pub(super) others: Vec<(u32, u32)>,
}

/// The processes of a container as the engine's machine lists them.
pub(super) async fn processes(run: &Run, trial: &Trial) -> Processes {
    let options = TopOptionsBuilder::default().ps_args("-eo pid,uid,gid,args").build();
    let Ok(top) = run.docker.top_processes(&trial.id, Some(options)).await else {
        return Processes::default();
    };
    let titles = top.titles.unwrap_or_default();
    let column = |name: &str| titles.iter().position(|t| t.eq_ignore_ascii_case(name));
    let (Some(pid), Some(uid), Some(gid)) = (column("PID"), column("UID"), column("GID")) else {
        return Processes::default();
    };
    let mut found = Processes::default();
    let mut others = BTreeSet::new();
    for row in top.processes.unwrap_or_default() {
        let number = |at: usize| row.get(at).and_then(|text| text.trim().parse::<u32>().ok());
        let Some(who) = number(uid).zip(number(gid)) else { continue };
        if number(pid).map(i64::from) == Some(trial.pid) {
            found.first = Some(who);
        } else {
            others.insert(who);
        }
    }
    found.others = others.into_iter().filter(|who| Some(*who) != found.first).collect();
    found
}

/// How many processes and threads a container has, and how much memory it takes without what is only cached.
pub(super) async fn usage(run: &Run, id: &str) -> Option<(u64, u64)> {
    let options = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
    let stats = Box::pin(run.docker.stats(id, Some(options))).next().await?.ok()?;
    let pids = stats.pids_stats.and_then(|p| p.current)?;
    let memory = stats.memory_stats?;
    let details = memory.stats.unwrap_or_default();
    let cached = details.get("total_inactive_file").or_else(|| details.get("inactive_file")).copied();
    Some((pids, memory.usage?.saturating_sub(cached.unwrap_or(0))))
}

/// The directories that a container writes in its own file system, as they are in its image: what lies below one of them
/// is said by it.
pub(super) async fn written(run: &Run, id: &str, mounted: &[String]) -> Result<Vec<String>, Error> {
    let changes = run.docker.container_changes(id).await?.unwrap_or_default();
    let added: BTreeSet<&str> =
        changes.iter().filter(|c| c.kind == ChangeType::_1).map(|c| c.path.as_str()).collect();
    let is_mounted = |path: &str| {
        mounted.iter().any(|m| path == m || path.strip_prefix(m.as_str()).is_some_and(|r| r.starts_with('/')))
            || mounted.iter().any(|m| m.strip_prefix(path).is_some_and(|r| r.starts_with('/')))
    };
    let mut directories = BTreeSet::new();
    for change in &changes {
        let path = change.path.as_str();
        let has_more = changes.iter().any(|c| c.path.strip_prefix(path).is_some_and(|r| r.starts_with('/')));
        if has_more || is_mounted(path) {
            continue;
        }
        let mut at = path;
        // What was changed and is a directory lost or got something; what was added lies in the first that was there.
        let is_directory = change.kind == ChangeType::_0 && is_directory(run, id, path).await;
        if !is_directory {
            at = parent(at);
        }
        while added.contains(at) {
            at = parent(at);
        }
        directories.insert(at.to_owned());
    }
    Ok(outermost(directories))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// Paths without those that lie below another.
fn outermost(paths: BTreeSet<String>) -> Vec<String> {
    let below = |path: &String| {
        paths.iter().any(|other| {
            other != "/" && path.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    paths.iter().filter(|path| !below(path)).cloned().collect()
}

async fn is_directory(run: &Run, id: &str, path: &str) -> bool {
    /// The bit of Go's file modes that says so.
    const DIRECTORY: u64 = 1 << 31;
    let options = ContainerArchiveInfoOptionsBuilder::default().path(path).build();
    let info = run.docker.get_container_archive_info(id, Some(options)).await;
    info.is_ok_and(|info| u64::from(info.file_mode) & DIRECTORY != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(parent("/a/b"), "/a");
        assert_eq!(parent("/a"), "/");
        let set = |paths: &[&str]| paths.iter().map(|p| (*p).to_owned()).collect();
        assert_eq!(outermost(set(&["/run", "/run/nginx", "/runs", "/"])), ["/", "/run", "/runs"]);
    }
}
