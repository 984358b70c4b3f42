//! What is found out of one subject: trials beside the container that runs as it is.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join, try_join_all};
use seaworthy_engine::measured::{Amount, Capabilities, Identity, Listener, Measured, ReadOnly, Start, Stop};
use tokio::sync::Semaphore;

use super::inside::{self, Processes};
use super::load::{self, Answer};
use super::owned::Run;
use super::trial::{self, Settings, State, Target, Trial};
use super::{Options, Step};
use crate::error::Error;

/// What Docker leaves a container that starts as root, but for what it gives everybody: a port under 1024 needs no right
/// there.
pub(super) const DEFAULT: [&str; 13] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "SETUID",
    "SETGID",
    "FOWNER",
    "KILL",
    "FSETID",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SYS_CHROOT",
    "SETFCAP",
    "AUDIT_WRITE",
];
/// How many of these, the first, are what a server that gives up root by itself takes.
const USUAL: usize = 6;
/// What the engine itself puts into every container.
const PUT_THERE: [&str; 9] = [
    "/.dockerenv",
    "/dev",
    "/proc",
    "/sys",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/sbin/docker-init",
    "/usr/sbin/docker-init",
];
/// A stop that takes longer is asked for again with an init process, in seconds.
const SLOW: f64 = 3.0;
/// How often paths that a log names are added.
const ROUNDS: usize = 4;

/// By how many processes and threads an idle program may grow before one looks on, and how often one does.
const GROWTH: u64 = 64;
const GROWING: u32 = 8;

/// A subject and what is known of it once it runs.
pub(super) struct Subject<'r> {
    pub(super) run: &'r Run,
    pub(super) target: &'r Target,
    pub(super) permits: &'r Semaphore,
    pub(super) options: &'r Options,
    pub(super) say: &'r dyn Fn(Step),
    /// The TCP ports that it listens on as it is.
    pub(super) wanted: Vec<u16>,
    /// What they answer.
    pub(super) answers: BTreeMap<u16, Answer>,
    /// Who runs in it.
    pub(super) processes: Processes,
    /// Whether its processes became more and more while nobody asked it for anything.
    grows: bool,
    /// The directories it writes.
    pub(super) written: Vec<String>,
    /// It runs to its end.
    pub(super) job: bool,
}

/// What came of a trial that is over.
pub(super) struct Outcome {
    pub(super) healthy: bool,
    /// Why not.
    pub(super) problem: String,
    /// What its log says was refused.
    pub(super) refused: Vec<String>,
}

/// Measures a subject whose container, as it is, is up or failed to come up; `ends` allows to stop that one.
pub(super) async fn measure(
    run: &Run,
    target: &Target,
    permits: &Semaphore,
    options: &Options,
    say: &dyn Fn(Step),
    up: &Trial,
    ends: bool,
) -> Result<Measured, Error> {
    let mut measured = Measured {
        start: Some(Start {
            healthy: up.is_healthy(),
            seconds: round(up.seconds),
            problem: up.problem().to_owned(),
            job: up.state == State::Done,
        }),
        health: up.health.clone().filter(|_| target.has_check),
        ..Measured::default()
    };
    if up.state == State::Up {
        measured.listens = Some(served(&up.listens, target));
    }
    if let State::Failed(_) = up.state {
        if !up.id.is_empty() {
            let log = trial::log(run, target, &up.id).await?;
            measured.refused = refusals(&log);
            // What is reached by a port and fails by its health check alone has something to say.
            let listens = served(&up.listens, target);
            measured.listens = Some(listens).filter(|l| !l.is_empty());
        }
        return Ok(measured);
    }
    let mut subject = Subject {
        run,
        target,
        permits,
        options,
        say,
        wanted: Vec::new(),
        answers: BTreeMap::new(),
        processes: Processes::default(),
        grows: false,
        written: Vec::new(),
        job: up.state == State::Done,
    };
    if !subject.job {
        subject.look(up, &mut measured).await?;
        if subject.forks_without_end(&measured) {
            run.remove(&up.id).await?;
            let seen = measured.pids.as_ref().map_or(0, |p| p.load);
            if let Some(start) = &mut measured.start {
                start.healthy = false;
                start.problem = if subject.grows {
                    format!(
                        "forks without end: it has {seen} processes and threads, more each time one looks"
                    )
                } else {
                    format!("forks without end: it has {seen} processes and threads, all that it may have")
                };
            }
            return Ok(measured);
        }
    }
    let log = trial::log(run, target, &up.id).await?;
    measured.refused = refusals(&log);
    subject.written = inside::written(run, &up.id, &subject.mounted().await?).await?;
    say(Step::Trying);
    let stop = async {
        match (subject.job, ends) {
            (true, _) => Ok(None),
            // What nobody waits for is stopped itself.
            (false, true) => subject.end(&up.id).await.map(Some),
            (false, false) => subject.stop(&Settings::default()).await,
        }
    };
    let (stop, ()) = Box::pin(try_join(stop, subject.restrain(&mut measured))).await?;
    if let Some(mut stop) = stop {
        if stop.code == 137 || stop.seconds > SLOW {
            let init = Settings { init: true, ..Settings::default() };
            let again = subject.stop(&init).await?;
            stop.with_init = again.filter(|again| again.code != 137).map(|again| again.seconds);
        }
        measured.stop = Some(stop);
    }
    if options.learn && !subject.job {
        say(Step::Learning);
        measured.strictest = Some(super::learn::learn(&subject, &measured).await?);
    }
    Ok(measured)
}

impl Subject<'_> {
    /// Looks at the container that runs as it is.
    async fn look(&mut self, up: &Trial, measured: &mut Measured) -> Result<(), Error> {
        (self.say)(Step::Loading);
        self.processes = inside::processes(self.run, up).await;
        if let Some(who) = self.processes.first.filter(|(uid, _)| *uid != 0) {
            self.target.user.set(Some(who));
        }
        measured.user = self.processes.first.map(|(uid, gid)| Identity {
            uid,
            gid,
            others: {
                let mut others: Vec<u32> =
                    self.processes.others.iter().map(|o| o.0).filter(|o| *o != uid).collect();
                others.dedup();
                others
            },
        });
        let listens = measured.listens.clone().unwrap_or_default();
        self.wanted = listens.iter().filter(|l| l.protocol == "tcp").map(|l| l.port).collect();
        self.wanted.sort_unstable();
        self.wanted.dedup();
        let start = inside::usage(self.run, &up.id).await;
        let address = up.address.as_deref().filter(|_| self.options.reachable);
        if let Some(address) = address {
            self.answers = load::ask_all(address, &load::open_ports(&listens)).await;
            let mut most = start.unwrap_or_default();
            let pressing = load::press(address, &self.answers);
            tokio::pin!(pressing);
            loop {
                tokio::select! {
                    _ = &mut pressing => break,
                    () = tokio::time::sleep(std::time::Duration::from_millis(150)) => {
                        if let Some((pids, memory)) = inside::usage(self.run, &up.id).await {
                            most = (most.0.max(pids), most.1.max(memory));
                        }
                    }
                }
            }
            if let Some((pids, memory)) = inside::usage(self.run, &up.id).await {
                most = (most.0.max(pids), most.1.max(memory));
            }
            // Without anybody who asks it for anything a program has soon started all that it needs.
            let idle = self.answers.is_empty() && start.is_some_and(|start| most.0 > start.0 + GROWTH);
            for n in 0..GROWING {
                if !idle {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                let Some((pids, memory)) = inside::usage(self.run, &up.id).await else { break };
                if pids <= most.0 {
                    break;
                }
                most = (pids, most.1.max(memory));
                self.grows = n + 1 == GROWING;
            }
            if let Some(start) = start {
                measured.pids = Some(Amount { start: start.0, load: most.0, limit: self.limit().0 });
                measured.memory = Some(Amount { start: start.1, load: most.1, limit: self.limit().1 });
            }
        } else if let Some(start) = start {
            measured.pids = Some(Amount { start: start.0, load: start.0, limit: self.limit().0 });
            measured.memory = Some(Amount { start: start.1, load: start.1, limit: self.limit().1 });
        }
        Ok(())
    }

    /// Whether it takes all processes that there are for it, of which there is no lack.
    fn forks_without_end(&self, measured: &Measured) -> bool {
        let own = self.limit().0;
        let most = own.unwrap_or(trial::MOST_PIDS.unsigned_abs());
        self.grows || most >= 256 && measured.pids.as_ref().is_some_and(|p| p.load >= most - most / 64)
    }

    /// Its own limits: of processes, and of memory.
    fn limit(&self) -> (Option<u64>, Option<u64>) {
        let host = self.target.base.body.host_config.as_ref();
        let positive = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
        (positive(host.and_then(|h| h.pids_limit)), positive(host.and_then(|h| h.memory)))
    }

    /// Where something is mounted in its containers.
    async fn mounted(&self) -> Result<Vec<String>, Error> {
        let image = self.target.base.body.image.clone().unwrap_or_default();
        let config = self.run.docker.inspect_image(&image).await?.config.unwrap_or_default();
        let base = &self.target.base;
        let host = base.body.host_config.clone().unwrap_or_default();
        let mut mounted = config.volumes.unwrap_or_default();
        mounted.extend(host.mounts.unwrap_or_default().into_iter().filter_map(|m| m.target));
        mounted.extend(host.tmpfs.unwrap_or_default().into_keys());
        mounted.extend(base.named.iter().map(|(_, at, _)| at.clone()));
        mounted.extend(PUT_THERE.map(String::from));
        Ok(mounted)
    }

    /// Starts a container under some settings, sees whether it does what it does as it is, and removes it.
    pub(super) async fn attempt(&self, what: &str, settings: &Settings) -> Result<Outcome, Error> {
        let permit = self.permits.acquire().await;
        let wanted = (!self.job).then_some(&self.wanted[..]);
        let up = trial::start(self.run, self.target, what, settings, wanted, false).await?;
        let mut problem = up.problem().to_owned();
        if self.job && up.state == State::Up {
            "goes on running".clone_into(&mut problem);
        }
        let mut refused = Vec::new();
        if !up.id.is_empty() {
            let log = trial::log(self.run, self.target, &up.id).await?;
            refused = refusals(&log);
            // A server may serve on with half of its workers.
            if let Some(line) = log.iter().find(|line| settings.pids.is_some() && lacks_processes(line)) {
                problem.clone_from(line);
            }
            if let Some(address) =
                up.address.as_deref().filter(|_| problem.is_empty() && self.options.reachable)
            {
                let ports: Vec<u16> = self.answers.keys().copied().collect();
                for (port, answer) in load::ask_all(address, &ports).await {
                    let before = self.answers.get(&port).copied().unwrap_or(Answer::Closed);
                    if !answer.is_as_good_as(before) {
                        problem = format!("no longer serves port {port} as before");
                    }
                }
                let after = trial::inspect(self.run, &up.id).await?.state.unwrap_or_default();
                if !self.job && after.running != Some(true) && problem.is_empty() {
                    problem = format!("ends with {} once it is asked", after.exit_code.unwrap_or(-1));
                }
            }
            self.run.remove(&up.id).await?;
        }
        drop(permit);
        Ok(Outcome { healthy: problem.is_empty(), problem, refused })
    }

    /// Takes rights away: all at once, and where that breaks it one after the other.
    async fn restrain(&self, measured: &mut Measured) -> Result<(), Error> {
        let scratch: Vec<String> = self.written.iter().filter(|p| *p != "/").cloned().collect();
        let quiet = Settings { no_new_privileges: true, ..Settings::default() };
        let all = Settings {
            read_only: true,
            scratch: scratch.clone(),
            capabilities: Some(Vec::new()),
            ..quiet.clone()
        };
        if self.attempt("strict", &all).await?.healthy {
            measured.no_new_privileges = Some(true);
            measured.read_only = Some(ReadOnly { healthy: true, scratch, ..ReadOnly::default() });
            measured.capabilities = Some(Capabilities { healthy: true, ..Capabilities::default() });
            return Ok(());
        }
        let (quiet, (read_only, capabilities)) = Box::pin(try_join(
            self.attempt("no-new-privileges", &quiet),
            try_join(self.read_only(), self.fewest_capabilities(&Settings::default())),
        ))
        .await?;
        // What goes one by one must also go together, since that is how it is applied.
        let mut read_only = read_only;
        if read_only.healthy && capabilities.healthy {
            let all = Settings {
                read_only: true,
                scratch: read_only.scratch.clone(),
                volumes: read_only.volumes.clone(),
                capabilities: Some(capabilities.needs.clone()),
                no_new_privileges: quiet.healthy,
                ..Settings::default()
            };
            let together = self.attempt("together", &all).await?;
            if !together.healthy {
                read_only.healthy = false;
                read_only.problem =
                    format!("{}, without capabilities that it does not need", together.problem);
            }
        }
        measured.no_new_privileges = Some(quiet.healthy);
        measured.read_only = Some(read_only);
        measured.capabilities = Some(capabilities);
        Ok(())
    }

    /// Stops a container that is up.
    async fn end(&self, id: &str) -> Result<Stop, Error> {
        let stopped = trial::stop(self.run, self.target, id).await?;
        Ok(Stop {
            seconds: round(stopped.seconds),
            code: stopped.code,
            signal: self.target.signal.clone(),
            grace: self.target.grace.as_secs(),
            with_init: None,
        })
    }

    /// Starts a container and stops it; `None` where it does not come up.
    async fn stop(&self, settings: &Settings) -> Result<Option<Stop>, Error> {
        let permit = self.permits.acquire().await;
        let up = trial::start(self.run, self.target, "stop", settings, Some(&self.wanted), false).await?;
        let mut stop = None;
        if up.state == State::Up {
            stop = Some(self.end(&up.id).await?);
        }
        if !up.id.is_empty() {
            self.run.remove(&up.id).await?;
        }
        drop(permit);
        Ok(stop)
    }

    /// Which directories it must be able to write.
    async fn read_only(&self) -> Result<ReadOnly, Error> {
        let mut paths: Vec<String> = self.written.iter().filter(|p| *p != "/").cloned().collect();
        let mut last = String::new();
        for _ in 0..ROUNDS {
            let scratch = Settings { read_only: true, scratch: paths.clone(), ..Settings::default() };
            let outcome = self.attempt("read-only", &scratch).await?;
            if outcome.healthy {
                return Ok(ReadOnly { healthy: true, scratch: paths, ..ReadOnly::default() });
            }
            last = outcome.problem;
            if !paths.is_empty()
                && let Some(found) =
                    self.with_volumes(&paths, &Settings { read_only: true, ..Settings::default() }).await?
            {
                return Ok(found);
            }
            let more: Vec<String> = outcome.refused.iter().filter_map(|line| named_directory(line)).collect();
            let before = paths.len();
            for path in more {
                let known = |p: &String| {
                    path == *p || path.strip_prefix(p.as_str()).is_some_and(|r| r.starts_with('/'))
                };
                if !paths.iter().any(known) {
                    paths.push(path);
                }
            }
            if paths.len() == before && !paths.iter().any(|p| p == "/tmp") {
                // What is written and removed again leaves no trace.
                paths.push("/tmp".to_owned());
            }
            if paths.len() == before {
                break;
            }
        }
        Ok(ReadOnly { healthy: false, scratch: paths, problem: last, ..ReadOnly::default() })
    }

    /// The directories among `paths` whose content it needs, where scratch space at all of them does not do.
    pub(super) async fn with_volumes(
        &self,
        paths: &[String],
        settings: &Settings,
    ) -> Result<Option<ReadOnly>, Error> {
        let with = |scratch: Vec<String>| {
            let volumes = paths.iter().filter(|p| !scratch.contains(p)).cloned().collect();
            Settings { scratch, volumes, ..settings.clone() }
        };
        if !self.attempt("volumes", &with(Vec::new())).await?.healthy {
            return Ok(None);
        }
        let one = paths.iter().map(async |path| {
            let outcome = self.attempt("scratch", &with(vec![path.clone()])).await?;
            Ok::<_, Error>(outcome.healthy.then(|| path.clone()))
        });
        let mut scratch: Vec<String> = try_join_all(one).await?.into_iter().flatten().collect();
        while !scratch.is_empty() && !self.attempt("scratch", &with(scratch.clone())).await?.healthy {
            scratch.pop();
        }
        let Settings { scratch, volumes, .. } = with(scratch);
        Ok(Some(ReadOnly { healthy: true, scratch, volumes, problem: String::new() }))
    }

    /// The fewest capabilities that it comes up with under some settings.
    pub(super) async fn fewest_capabilities(&self, settings: &Settings) -> Result<Capabilities, Error> {
        let with = |kept: &[String]| Settings { capabilities: Some(kept.to_vec()), ..settings.clone() };
        let none = self.attempt("no-capabilities", &with(&[])).await?;
        if none.healthy {
            return Ok(Capabilities { healthy: true, ..Capabilities::default() });
        }
        let mut all: Vec<String> = DEFAULT.iter().map(|c| (*c).to_owned()).collect();
        let added = self.target.base.body.host_config.as_ref().and_then(|h| h.cap_add.clone());
        let dropped = self.target.base.body.host_config.as_ref().and_then(|h| h.cap_drop.clone());
        let plain = |names: Option<Vec<String>>| -> Vec<String> {
            names
                .unwrap_or_default()
                .iter()
                .map(|c| c.trim_start_matches("CAP_").to_ascii_uppercase())
                .collect()
        };
        let (added, dropped) = (plain(added), plain(dropped));
        if dropped.iter().any(|c| c == "ALL") {
            all.clear();
        }
        all.retain(|c| !dropped.contains(c));
        all.extend(added.into_iter().filter(|c| c != "ALL"));
        let usual: Vec<String> =
            all.iter().filter(|c| DEFAULT[..USUAL].contains(&c.as_str())).cloned().collect();
        let mut enough = None;
        for kept in [usual, all] {
            let outcome = self.attempt("capabilities", &with(&kept)).await?;
            if outcome.healthy {
                enough = Some(kept);
                break;
            }
        }
        let Some(enough) = enough else {
            return Ok(Capabilities { healthy: false, problem: none.problem, needs: Vec::new() });
        };
        let needs = self.fewest(&enough, |kept| with(kept)).await?;
        Ok(Capabilities { healthy: true, needs, problem: String::new() })
    }

    /// The fewest of some things that it comes up with, each tried alone first: none of them can be left out of the result.
    pub(super) async fn fewest(
        &self,
        all: &[String],
        with: impl Fn(&[String]) -> Settings,
    ) -> Result<Vec<String>, Error> {
        let without = |n: usize, kept: &[String]| -> Vec<String> {
            kept.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, one)| one.clone()).collect()
        };
        let tried = (0..all.len()).map(|n| {
            let settings = with(&without(n, all));
            async move { self.attempt("fewer", &settings).await }
        });
        let tried = join_all(tried).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let needed: Vec<String> =
            all.iter().zip(&tried).filter(|(_, o)| !o.healthy).map(|(one, _)| one.clone()).collect();
        if self.attempt("fewest", &with(&needed)).await?.healthy {
            return Ok(needed);
        }
        // One of several will do: leave out one after the other.
        let mut kept = all.to_vec();
        let mut n = 0;
        while n < kept.len() {
            let fewer = without(n, &kept);
            if !needed.contains(&kept[n]) && self.attempt("fewer", &with(&fewer)).await?.healthy {
                kept = fewer;
            } else {
                n += 1;
            }
        }
        Ok(kept)
    }
}

/// What it serves on: what it is said to listen on, and every port that is not one of those given to whoever asks.
fn served(listens: &[Listener], target: &Target) -> Vec<Listener> {
    let serves = |l: &&Listener| l.port < 32_768 || target.expected.contains(&l.port);
    listens.iter().filter(serves).cloned().collect()
}

/// The lines of a log that tell of something refused, each once.
fn refusals(log: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in log.iter().filter(|line| trial::is_refusal(line)) {
        if lines.len() < 8 && !lines.contains(line) {
            lines.push(line.clone());
        }
    }
    lines
}

/// Whether a line tells that a process or a thread could not be started.
fn lacks_processes(line: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "resource temporarily unavailable",
        "cannot fork",
        "can't fork",
        "fork() failed",
        "can't start new thread",
        "unable to create native thread",
    ];
    let line = line.to_ascii_lowercase();
    SIGNS.iter().any(|sign| line.contains(sign))
}

/// The directory of the last path that a line names.
fn named_directory(line: &str) -> Option<String> {
    let ends = |c: char| c.is_whitespace() || "'\"`(),;:[]<>".contains(c);
    let path = line.split(ends).rfind(|w| w.len() > 2 && w.starts_with('/') && !w.contains("//"))?;
    let path = path.trim_end_matches(['.', '/']);
    let (directory, name) = path.rsplit_once('/')?;
    // A path of one part is a directory already.
    let directory = if directory.is_empty() { path } else { directory };
    (!name.is_empty()).then(|| directory.to_owned())
}

/// Seconds as people read them.
pub(super) fn round(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_logs_name() {
        let cases = [
            ("OSError: [Errno 30] Read-only file system: '/app/data/x.db'", Some("/app/data")),
            (
                "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)",
                Some("/var/cache/nginx"),
            ),
            ("Error: EROFS: read-only file system, open '/data'", Some("/data")),
            ("permission denied", None),
        ];
        for (line, directory) in cases {
            assert_eq!(named_directory(line).as_deref(), directory, "{line}");
        }
    }
}
