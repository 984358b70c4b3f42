//! What a run makes on the engine: labelled, and gone when it ends, however it ends.
//!
//! Nothing without the labels of [`Hold`] is ever touched.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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
use crate::hold::{Hold, RUN};

/// How the names of what it makes begin.
const NAME: &str = "seaworthy-";
/// How long the end of a run may take.
const CLEANING: Duration = Duration::from_mins(1);
/// How often, and how far apart, something is tried to be removed that is used by something that is going.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// A run and what it made.
pub(super) struct Run {
    pub(super) docker: Docker,
    hold: Hold,
    /// Requests to make something whose answer is not there yet.
    pending: Arc<AtomicUsize>,
    made: AtomicUsize,
}

impl Run {
    /// Begins a run.
    pub(super) fn begin(docker: Docker) -> Result<Self, Error> {
        Ok(Self { docker, hold: Hold::begin()?, pending: Arc::default(), made: AtomicUsize::new(0) })
    }

    /// The labels of all that it makes.
    pub(super) fn labels(&self) -> HashMap<String, String> {
        self.hold.labels().map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    /// A name on the engine that nobody else has.
    fn name(&self, what: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let what: String = what.chars().map(plain).take(40).collect();
        format!("{NAME}{}-{}-{what}", self.hold.id, self.made.fetch_add(1, Ordering::Relaxed))
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
        let left = |labels: &HashMap<String, String>, created: Option<i64>| {
            self.hold.is_left(|key| labels.get(key).map(String::as_str), created)
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
        self.hold.sweep();
        Ok(swept)
    }

    /// Removes everything it made.
    pub(super) async fn end(&self) -> Result<(), Error> {
        let clean = async {
            // What is still being made appears a moment later.
            while self.pending.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let ours = [format!("{RUN}={}", self.hold.id)];
            while remove_all(&self.docker, &ours, |_, _| true).await? > 0 {}
            Ok::<(), Error>(())
        };
        tokio::time::timeout(CLEANING, clean)
            .await
            .map_err(|_| Error::Gone("it removes nothing".to_owned()))?
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
                tokio::time::sleep(PAUSE).await;
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
}
