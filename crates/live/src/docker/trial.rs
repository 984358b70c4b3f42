//! One container: started under some settings, waited for, looked at, and stopped.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use bollard::container::LogOutput;
use bollard::errors::Error as Bollard;
use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, EndpointSettings, HealthConfig, HealthStatusEnum,
    NetworkingConfig,
};
use bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptionsBuilder, LogsOptionsBuilder, StartContainerOptions,
    UploadToContainerOptionsBuilder,
};
use futures_util::StreamExt;
use seaworthy_engine::measured::{Health, Listener};

use super::inside;
use super::owned::Run;
use super::service::{Base, fresh, named};
use crate::error::{Error, is_full};

/// How often a container is looked at, at first and later.
const TICKS: (Duration, Duration) = (Duration::from_millis(80), Duration::from_millis(250));
/// How long it must stay up once it is.
const SETTLE: Duration = Duration::from_millis(400);
/// After how long one that neither listens nor has a health check counts as up.
const QUIET: Duration = Duration::from_secs(2);
/// How long after its last listener one that does not listen where it says counts as up nevertheless.
const DEAF: Duration = Duration::from_secs(15);
/// How often its health check runs in a trial.
const INTERVAL: i64 = 500_000_000;
/// How long a failing health check does not count: longer than any trial.
const PATIENCE: i64 = 3_600_000_000_000;

/// How many processes and threads a container may have that has no limit of its own.
pub(super) const MOST_PIDS: i64 = 2_048;

/// What a trial changes of what the project says. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    /// The user and the group.
    pub(super) user: Option<(u32, u32)>,
    pub(super) read_only: bool,
    /// Directories with empty scratch space, owned by the user that counts.
    pub(super) scratch: Vec<String>,
    /// Directories with a volume that is filled from the image.
    pub(super) volumes: Vec<String>,
    /// The only capabilities there are.
    pub(super) capabilities: Option<Vec<String>>,
    pub(super) no_new_privileges: bool,
    pub(super) pids: Option<i64>,
    pub(super) init: bool,
}

/// What is tried: an image, or a service.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) base: Base,
    /// Volumes by name that several services share, and what they are called in this run.
    pub(super) shared: HashMap<String, String>,
    pub(super) network: String,
    /// Whether its health is asked for by a check of its own.
    pub(super) has_check: bool,
    /// The TCP ports that it is said to listen on.
    pub(super) expected: Vec<u16>,
    pub(super) signal: String,
    pub(super) grace: Duration,
    /// How long it may take to become healthy.
    pub(super) limit: Duration,
    /// The most memory that it may take where it has no limit of its own, in bytes.
    pub(super) most_memory: Option<i64>,
    /// Values that are shown nowhere.
    pub(super) secrets: Vec<String>,
    /// Who it runs as without being told otherwise, where that is known and not root.
    pub(super) user: Cell<Option<(u32, u32)>>,
}

/// A container that is up, or how it failed to come up.
pub(super) struct Trial {
    pub(super) id: String,
    pub(super) seconds: f64,
    pub(super) state: State,
    pub(super) listens: Vec<Listener>,
    pub(super) health: Option<Health>,
    /// Its address in the run's network.
    pub(super) address: Option<String>,
    /// The first process as the engine's machine numbers it.
    pub(super) pid: i64,
}

/// What became of a container.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Up,
    /// It ran to its end, and well.
    Done,
    /// As half a sentence: "ends with 1 after 0.3 s".
    Failed(String),
}

impl Trial {
    pub(super) fn is_healthy(&self) -> bool {
        !matches!(self.state, State::Failed(_))
    }

    pub(super) fn problem(&self) -> &str {
        match &self.state {
            State::Failed(problem) => problem,
            _ => "",
        }
    }
}

/// Starts a container and waits until it is up. `wanted` are the ports that it has to listen on, where that is known;
/// `aliased` gives it the names by which others call it.
pub(super) async fn start(
    run: &Run,
    target: &Target,
    what: &str,
    settings: &Settings,
    wanted: Option<&[u16]>,
    aliased: bool,
) -> Result<Trial, Error> {
    let body = body(target, settings, aliased);
    let mut trial = Trial {
        id: String::new(),
        seconds: 0.0,
        state: State::Up,
        listens: Vec::new(),
        health: None,
        address: None,
        pid: 0,
    };
    trial.id = match run.container(&format!("{}-{what}", target.name), body).await {
        Ok(id) => id,
        Err(error) => {
            trial.state = refused(error)?;
            return Ok(trial);
        }
    };
    for (source, to) in &target.base.copies {
        copy(run, &trial.id, source, to).await?;
    }
    let started = Instant::now();
    if let Err(error) = run.docker.start_container(&trial.id, None::<StartContainerOptions>).await {
        trial.state = refused(error)?;
        return Ok(trial);
    }
    wait(run, target, &mut trial, started, wanted).await?;
    trial.seconds = started.elapsed().as_secs_f64();
    Ok(trial)
}

/// The failure of a container that the engine cannot start; other failures are the run's.
fn refused(error: Bollard) -> Result<State, Error> {
    match error {
        Bollard::DockerResponseServerError { status_code: 400 | 500, message } if !is_full(&message) => {
            let last = message.rsplit("OCI runtime create failed: ").next().unwrap_or(&message);
            Ok(State::Failed(format!("cannot be started: {}", last.trim().replace('\n', " "))))
        }
        other => Err(other.into()),
    }
}

/// What the engine is asked for.
fn body(target: &Target, settings: &Settings, aliased: bool) -> bollard::models::ContainerCreateBody {
    let mut body = target.base.body.clone();
    let host = body.host_config.get_or_insert_default();
    let mounts = host.mounts.get_or_insert_default();
    for (volume, at, is_read_only) in &target.base.named {
        mounts.push(match target.shared.get(volume) {
            Some(shared) => named(shared, at, *is_read_only),
            None => fresh(at),
        });
    }
    let user = settings.user.or(target.user.get());
    let mounted: Vec<String> = mounts.iter().filter_map(|m| m.target.clone()).collect();
    let free = |path: &&String| !mounted.contains(path);
    mounts.extend(settings.volumes.iter().filter(free).map(|path| fresh(path)));
    let owner = user
        .filter(|(uid, _)| *uid != 0)
        .map_or_else(String::new, |(uid, gid)| format!("uid={uid},gid={gid}"));
    let scratch = settings.scratch.iter().filter(free).map(|path| (path.clone(), owner.clone()));
    host.tmpfs.get_or_insert_default().extend(scratch);
    if settings.read_only {
        host.readonly_rootfs = Some(true);
    }
    if let Some(kept) = &settings.capabilities {
        host.cap_drop = Some(vec!["ALL".to_owned()]);
        host.cap_add = Some(kept.clone());
    }
    if settings.no_new_privileges {
        let options = host.security_opt.get_or_insert_default();
        options.retain(|o| !o.starts_with("no-new-privileges"));
        options.push("no-new-privileges".to_owned());
    }
    // A container without limits is given some: a trial must not take the machine with it.
    let pids = settings.pids.or(host.pids_limit.filter(|pids| *pids > 0));
    host.pids_limit = Some(pids.unwrap_or(MOST_PIDS));
    host.memory = host.memory.filter(|memory| *memory > 0).or(target.most_memory);
    if settings.init {
        host.init = Some(true);
    }
    if let Some((uid, gid)) = settings.user {
        body.user = Some(format!("{uid}:{gid}"));
    }
    let network = target.network.clone();
    host.network_mode = Some(network.clone());
    if target.has_check {
        let check = body.healthcheck.get_or_insert_default();
        *check = HealthConfig {
            test: check.test.take(),
            timeout: check.timeout,
            interval: Some(INTERVAL),
            start_period: Some(PATIENCE),
            ..HealthConfig::default()
        };
    }
    let aliases = aliased.then(|| target.base.aliases.clone()).filter(|a| !a.is_empty());
    let endpoint = EndpointSettings { aliases, ..EndpointSettings::default() };
    body.networking_config =
        Some(NetworkingConfig { endpoints_config: Some(HashMap::from([(network, endpoint)])) });
    body
}

/// Puts a copy of a directory of this machine into a container that is not started yet.
async fn copy(run: &Run, id: &str, source: &str, to: &str) -> Result<(), Error> {
    let source = source.to_owned();
    let packed = tokio::task::spawn_blocking(move || {
        let mut archive = tar::Builder::new(Vec::new());
        archive.follow_symlinks(false);
        archive.append_dir_all(".", &source).and_then(|()| archive.into_inner())
    });
    let packed = packed.await.map_err(|e| Error::Message(e.to_string()))?;
    // A socket or a file that cannot be read is no reason to try nothing.
    let Ok(packed) = packed else { return Ok(()) };
    let options = UploadToContainerOptionsBuilder::default().path(to).build();
    run.docker.upload_to_container(id, Some(options), bollard::body_full(packed.into())).await?;
    Ok(())
}

/// What the engine says of a container.
pub(super) async fn inspect(run: &Run, id: &str) -> Result<ContainerInspectResponse, Error> {
    Ok(run.docker.inspect_container(id, None::<InspectContainerOptions>).await?)
}

async fn wait(
    run: &Run,
    target: &Target,
    trial: &mut Trial,
    started: Instant,
    wanted: Option<&[u16]>,
) -> Result<(), Error> {
    let mut up_since: Option<Instant> = None;
    let mut changed = started;
    loop {
        let seen = inspect(run, &trial.id).await?;
        let state = seen.state.unwrap_or_default();
        let networks = seen.network_settings.and_then(|n| n.networks).unwrap_or_default();
        let address = networks.into_values().find_map(|n| n.ip_address).filter(|a| !a.is_empty());
        trial.address = address.or(trial.address.take());
        let elapsed = started.elapsed();
        let ended =
            matches!(state.status, Some(ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD));
        if ended {
            let code = state.exit_code.unwrap_or(-1);
            // What is to listen does not end well before it is told to.
            let serves = !wanted.unwrap_or(&target.expected).is_empty();
            trial.state = if code == 0 && !serves {
                State::Done
            } else {
                let memory = if state.oom_killed == Some(true) { ", out of memory" } else { "" };
                let said = last_words(run, target, &trial.id).await?;
                State::Failed(format!("ends with {code} after {:.1} s{memory}{said}", elapsed.as_secs_f64()))
            };
            return Ok(());
        }
        trial.pid = state.pid.unwrap_or(0);
        let health = state.health.as_ref().filter(|_| target.has_check);
        if let Some(health) = health {
            let last = health.log.as_ref().and_then(|log| log.last());
            trial.health = last.map(|last| Health {
                passes: health.status == Some(HealthStatusEnum::HEALTHY),
                code: last.exit_code.unwrap_or(-1),
                output: target.mask(first_line(last.output.as_deref().unwrap_or_default())),
            });
        }
        let ready = match (health, wanted) {
            (Some(health), _) => health.status == Some(HealthStatusEnum::HEALTHY),
            (None, Some(wanted)) => {
                trial.listens = inside::listeners(run, trial).await.unwrap_or_default();
                let open = |port: &u16| trial.listens.iter().any(|l| l.port == *port && l.protocol == "tcp");
                wanted.iter().all(open) && (!wanted.is_empty() || elapsed > QUIET)
            }
            (None, None) => match inside::listeners(run, trial).await {
                Some(listens) => {
                    if listens != trial.listens {
                        changed = Instant::now();
                        trial.listens = listens;
                    }
                    let open =
                        |port: &u16| trial.listens.iter().any(|l| l.port == *port && l.protocol == "tcp");
                    if target.expected.is_empty() {
                        elapsed > QUIET || !trial.listens.is_empty() && elapsed > QUIET / 2
                    } else {
                        target.expected.iter().all(open) || changed.elapsed() > DEAF
                    }
                }
                None => elapsed > QUIET,
            },
        };
        if !ready {
            up_since = None;
            // A check whose program is not there never passes.
            let hopeless = trial.health.as_ref().is_some_and(|h| h.code == -1 || h.code == 127)
                && elapsed > QUIET
                && health.and_then(|h| h.log.as_ref()).is_some_and(|log| log.len() > 2);
            if elapsed > target.limit || hopeless {
                trial.listens = inside::listeners(run, trial).await.unwrap_or_default();
                let said = match &trial.health {
                    Some(health) if !health.output.is_empty() => {
                        format!(": its health check ends with {}, {}", health.code, health.output)
                    }
                    Some(health) => format!(": its health check ends with {}", health.code),
                    None => last_words(run, target, &trial.id).await?,
                };
                trial.state =
                    State::Failed(format!("is not healthy after {:.0} s{said}", elapsed.as_secs_f64()));
                return Ok(());
            }
        } else if up_since.get_or_insert_with(Instant::now).elapsed() >= SETTLE {
            trial.listens = inside::listeners(run, trial).await.unwrap_or_default();
            return Ok(());
        }
        tokio::time::sleep(if elapsed < TICKS.0 * 20 { TICKS.0 } else { TICKS.1 }).await;
    }
}

/// How a container stopped.
pub(super) struct Stopped {
    pub(super) seconds: f64,
    pub(super) code: i64,
}

/// Sends a container its stop signal, and kills it once its time is up.
pub(super) async fn stop(run: &Run, target: &Target, id: &str) -> Result<Stopped, Error> {
    let kill = async |signal: &str| {
        let options = KillContainerOptionsBuilder::default().signal(signal).build();
        match run.docker.kill_container(id, Some(options)).await {
            // It ended by itself a moment ago.
            Err(Bollard::DockerResponseServerError { status_code: 409, .. }) => Ok(()),
            other => other.map_err(Error::from),
        }
    };
    kill(&target.signal).await?;
    let told = Instant::now();
    let mut killed = false;
    loop {
        let state = inspect(run, id).await?.state.unwrap_or_default();
        if state.running != Some(true) {
            return Ok(Stopped {
                seconds: told.elapsed().as_secs_f64(),
                code: state.exit_code.unwrap_or(-1),
            });
        }
        if told.elapsed() > target.grace && !killed {
            killed = true;
            kill("SIGKILL").await?;
        }
        if told.elapsed() > target.grace + Duration::from_secs(30) {
            return Err(Error::Gone(format!("it does not kill {id}")));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The last lines that a container wrote, oldest first.
pub(super) async fn log(run: &Run, target: &Target, id: &str) -> Result<Vec<String>, Error> {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("200").build();
    let mut stream = Box::pin(run.docker.logs(id, Some(options)));
    let mut text = Vec::new();
    while let Some(part) = stream.next().await {
        match part {
            Ok(
                LogOutput::StdErr { message }
                | LogOutput::StdOut { message }
                | LogOutput::Console { message },
            ) => text.extend_from_slice(&message),
            Ok(LogOutput::StdIn { .. }) => {}
            // A log that cannot be read says nothing.
            Err(Bollard::DockerResponseServerError { .. } | Bollard::DockerStreamError { .. }) => break,
            Err(error) => return Err(error.into()),
        }
        if text.len() > 1 << 20 {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().map(|line| target.mask(line.trim())).filter(|l| !l.is_empty()).collect())
}

/// The line of its log that says best why it ended, as the end of a sentence.
async fn last_words(run: &Run, target: &Target, id: &str) -> Result<String, Error> {
    let lines = log(run, target, id).await?;
    let telling = lines.iter().rev().find(|line| is_refusal(line));
    let words = telling.or_else(|| lines.last()).map(|line| shorten(line));
    Ok(words.map_or_else(String::new, |line| format!(": {line}")))
}

/// Whether a line tells that something was refused.
pub(super) fn is_refusal(line: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "permission denied",
        "read-only file system",
        "operation not permitted",
        "eacces",
        "erofs",
        "eperm",
        "permissionerror",
        "accessdenied",
    ];
    let line = line.to_ascii_lowercase();
    SIGNS.iter().any(|sign| line.contains(sign))
}

/// A line that fits a screen, without what a terminal would obey.
pub(super) fn shorten(line: &str) -> String {
    const LONGEST: usize = 160;
    let plain: String = line.chars().filter(|c| !c.is_control()).take(LONGEST + 1).collect();
    if plain.chars().count() > LONGEST {
        plain.chars().take(LONGEST).collect::<String>() + "…"
    } else {
        plain
    }
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

impl Target {
    /// A line without the values that are shown nowhere.
    fn mask(&self, line: &str) -> String {
        let line = self.secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret, "…"));
        shorten(&line)
    }
}
