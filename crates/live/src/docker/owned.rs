//! What a run makes on the engine: labelled, and gone when it ends, however it ends.
//!
//! A label names the run and the machine it runs on. While it runs it holds a lock on a file of its name, which the
//! operating system takes from it whatever happens: so the next run here knows which leftovers have no owner. Nothing
//! without the label is ever touched.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, io};

use bollard::Docker;
use bollard::errors::Error as Bollard;
use bollard::models::{
    ContainerCreateBody, NetworkCreateRequest, NetworkDisconnectRequest, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder,
};
use futures_util::future::join_all;

use crate::error::Error;

/// The label whose value is the run.
const RUN: &str = "dev.seaworthy.run";
/// The label whose value is the machine.
const MACHINE: &str = "dev.seaworthy.machine";
/// How the names of what it makes begin.
const NAME: &str = "seaworthy-";
/// After how long what a run on another machine made counts as left behind, in seconds.
const OLD: i64 = 6 * 60 * 60;
/// How long the end of a run may take.
const CLEANING: Duration = Duration::from_mins(1);
/// How often, and how far apart, something is tried to be removed that is used by something that is going.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// A run and what it made.
pub(super) struct Run {
    pub(super) docker: Docker,
    pub(super) id: String,
    machine: String,
    /// Held until the run ends.
    lock: (File, PathBuf),
    /// Requests to make something whose answer is not there yet.
    pending: Arc<AtomicUsize>,
    made: AtomicUsize,
}

impl Run {
    /// Begins a run.
    pub(super) fn begin(docker: Docker) -> Result<Self, Error> {
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
        Ok(Self {
            docker,
            id,
            machine,
            lock: (lock, path),
            pending: Arc::default(),
            made: AtomicUsize::new(0),
        })
    }

    /// The labels of all that it makes.
    pub(super) fn labels(&self) -> HashMap<String, String> {
        [(RUN.to_owned(), self.id.clone()), (MACHINE.to_owned(), self.machine.clone())].into()
    }

    /// A name on the engine that nobody else has.
    fn name(&self, what: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let what: String = what.chars().map(plain).take(40).collect();
        format!("{NAME}{}-{}-{what}", self.id, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a container; it is not started.
    pub(super) async fn container(
        &self,
        what: &str,
        mut body: ContainerCreateBody,
    ) -> Result<String, Bollard> {
        body.labels.get_or_insert_default().extend(self.labels());
        let options = CreateContainerOptionsBuilder::default().name(&self.name(what)).build();
        let docker = self.docker.clone();
        let made = self.to_the_end(async move { docker.create_container(Some(options), body).await }).await?;
        Ok(made.id)
    }

    /// Makes a network.
    pub(super) async fn network(&self, what: &str) -> Result<String, Error> {
        let request = NetworkCreateRequest {
            name: self.name(what),
            driver: Some("bridge".to_owned()),
            labels: Some(self.labels()),
            ..Default::default()
        };
        let (docker, name) = (self.docker.clone(), request.name.clone());
        self.to_the_end(async move { docker.create_network(request).await }).await?;
        Ok(name)
    }

    /// Makes a volume.
    pub(super) async fn volume(&self, what: &str) -> Result<String, Error> {
        let name = self.name(what);
        let request = VolumeCreateRequest {
            name: Some(name.clone()),
            labels: Some(self.labels()),
            ..Default::default()
        };
        let docker = self.docker.clone();
        self.to_the_end(async move { docker.create_volume(request).await }).await?;
        Ok(name)
    }

    /// Waits for a request also where nobody waits for its answer any longer: what it makes must be known to be removed.
    async fn to_the_end<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T, Bollard>> + Send + 'static,
    ) -> Result<T, Bollard> {
        let pending = Arc::clone(&self.pending);
        pending.fetch_add(1, Ordering::SeqCst);
        let task = tokio::spawn(async move {
            let answer = request.await;
            pending.fetch_sub(1, Ordering::SeqCst);
            answer
        });
        task.await.map_err(|error| Bollard::IOError { err: io::Error::other(error) })?
    }

    /// Removes one of its containers with its anonymous volumes. One that is gone already is fine.
    pub(super) async fn remove(&self, container: &str) -> Result<(), Error> {
        remove(&self.docker, container).await
    }

    /// Removes what runs of this machine left that nobody owns any longer, and what is too old to be anybody's. Returns how
    /// many things there were.
    pub(super) async fn sweep(&self) -> Result<usize, Error> {
        let now = seconds();
        let left = |labels: &HashMap<String, String>, created: Option<i64>| {
            let (Some(run), Some(machine)) = (labels.get(RUN), labels.get(MACHINE)) else { return false };
            if *machine == self.machine { !is_held(run) } else { created.is_some_and(|c| now - c > OLD) }
        };
        let mut swept = 0;
        // What the engine was still making for a run that was killed appears a moment later.
        for _ in 0..3 {
            let removed = remove_all(&self.docker, &[RUN.to_owned()], left).await?;
            swept += removed;
            if removed == 0 {
                break;
            }
        }
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
        Ok(swept)
    }

    /// Removes everything it made.
    pub(super) async fn end(&self) -> Result<(), Error> {
        let clean = async {
            // What is still being made appears a moment later.
            while self.pending.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let ours = [format!("{RUN}={}", self.id)];
            while remove_all(&self.docker, &ours, |_, _| true).await? > 0 {}
            Ok::<(), Error>(())
        };
        tokio::time::timeout(CLEANING, clean)
            .await
            .map_err(|_| Error::Gone("it removes nothing".to_owned()))?
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // The lock goes with the file's last handle; a file that stays is removed by the next run.
        let _ = self.lock.0.unlock();
        let _ = fs::remove_file(&self.lock.1);
    }
}

/// Removes containers, then networks and volumes, that carry these labels and are wanted gone. Returns how many there were.
async fn remove_all(
    docker: &Docker,
    labels: &[String],
    gone: impl Fn(&HashMap<String, String>, Option<i64>) -> bool,
) -> Result<usize, Error> {
    let filters = HashMap::from([("label".to_owned(), labels.to_vec())]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let containers = docker.list_containers(Some(options)).await?;
    let containers: Vec<String> = containers
        .into_iter()
        .filter(|c| gone(c.labels.as_ref().unwrap_or(&HashMap::new()), c.created))
        .filter_map(|c| c.id)
        .collect();
    let mut removed = containers.len();
    // An engine does not become faster by being asked for everything at once.
    for some in containers.chunks(8) {
        for result in join_all(some.iter().map(|id| remove(docker, id))).await {
            result?;
        }
    }
    let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
    for network in docker.list_networks(Some(options)).await? {
        let created = network.created.as_deref().and_then(epoch);
        if gone(network.labels.as_ref().unwrap_or(&HashMap::new()), created)
            && let Some(id) = network.id
        {
            removed += 1;
            remove_network(docker, &id).await?;
        }
    }
    let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
    for volume in docker.list_volumes(Some(options)).await?.volumes.unwrap_or_default() {
        let created = volume.created_at.as_deref().and_then(epoch);
        if gone(&volume.labels, created) {
            removed += 1;
            remove_volume(docker, &volume.name).await?;
        }
    }
    Ok(removed)
}

async fn remove(docker: &Docker, container: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    absent_is_fine(docker.remove_container(container, Some(options)).await)?;
    // Somebody else may be removing it, and until that is done it holds its network and volumes.
    for _ in 0..TRIES {
        match docker.inspect_container(container, None).await {
            Ok(_) => tokio::time::sleep(PAUSE).await,
            Err(error) => return absent_is_fine::<()>(Err(error)),
        }
    }
    Ok(())
}

/// Removes a network. A run that was killed may have left a container half started, whose end the engine finds on the
/// network where it lists no such container any longer.
async fn remove_network(docker: &Docker, network: &str) -> Result<(), Error> {
    for _ in 0..TRIES {
        let refused = match docker.remove_network(network).await {
            Err(error @ Bollard::DockerResponseServerError { status_code: 403 | 409, .. }) => error,
            other => return absent_is_fine(other),
        };
        let attached = match docker.inspect_network(network, None).await {
            Ok(inspected) => inspected.containers.unwrap_or_default(),
            Err(error) => return absent_is_fine::<()>(Err(error)),
        };
        let of_others = |name: &Option<String>| !name.as_deref().unwrap_or_default().starts_with(NAME);
        if attached.values().any(|container| of_others(&container.name)) {
            return absent_is_fine::<()>(Err(refused));
        }
        for (container, _) in attached {
            let request = NetworkDisconnectRequest { container, force: Some(true) };
            // It may be gone by now; the network tells.
            let _ = docker.disconnect_network(network, request).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    absent_is_fine(docker.remove_network(network).await)
}

async fn remove_volume(docker: &Docker, volume: &str) -> Result<(), Error> {
    let force = || RemoveVolumeOptionsBuilder::default().force(true).build();
    for _ in 0..TRIES {
        match docker.remove_volume(volume, Some(force())).await {
            Err(Bollard::DockerResponseServerError { status_code: 409, .. }) => {
                tokio::time::sleep(PAUSE).await
            }
            other => return absent_is_fine(other),
        }
    }
    absent_is_fine(docker.remove_volume(volume, Some(force())).await)
}

/// What is gone, or going, is as good as removed.
fn absent_is_fine<T>(result: Result<T, Bollard>) -> Result<(), Error> {
    match result {
        Err(Bollard::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
        Err(Bollard::DockerResponseServerError { status_code: 409, message })
            if message.contains("already in progress") =>
        {
            Ok(())
        }
        other => other.map(drop).map_err(Error::from),
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

/// The seconds since 1970 of an engine's time, `2026-11-21T17:30:00.1Z`; its offset from UTC does not matter in hours.
fn epoch(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Days since 1970 by the calendar that counts years from March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + number(11..13)? * 3_600 + number(14..16)? * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(epoch("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(epoch("2026-11-21T17:30:59.123456789Z"), Some(1_795_282_200));
        assert_eq!(epoch("2024-02-29T00:00:00+02:00"), Some(1_709_164_800));
        assert_eq!(epoch("soon"), None);
    }

    #[test]
    fn a_label_that_names_no_run_of_ours_is_held() {
        assert!(is_held("../../etc/passwd"));
        assert!(is_held(""));
    }
}
