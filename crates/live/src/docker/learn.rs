//! The strictest settings that a container stays healthy under, found by trial.
//!
//! Who it runs as comes first, since it decides what else is needed; then what it writes, what it may do, and how many
//! processes it takes. What is found is started ten times, and each step further is seen to break a start.

use futures_util::future::join_all;
use seaworthy_engine::measured::{Measured, Strictest};

use super::measure::Subject;
use super::trial::Settings;
use crate::error::Error;

/// How many starts prove the result.
const STARTS: u32 = 10;
/// Somebody who is nobody, where a container has only root.
const STRANGER: (u32, u32) = (10_001, 10_001);
/// How often a result that does not hold is loosened, by one process each time.
const LOOSENED: usize = 16;

/// Finds them.
pub(super) async fn learn(subject: &Subject<'_>, measured: &Measured) -> Result<Strictest, Error> {
    let mut found = Strictest::default();
    let written: Vec<String> = {
        let known = measured.read_only.iter().flat_map(|r| r.scratch.iter().chain(&r.volumes));
        let mut all: Vec<String> = known.cloned().collect();
        all.sort();
        all.dedup();
        all
    };

    let mut settings = Settings::default();
    who(subject, &mut settings, &written, &mut found).await?;

    if measured.no_new_privileges == Some(true) {
        settings.no_new_privileges = true;
    } else {
        found.breaks.push("no process may gain rights".to_owned());
    }
    let user = settings.user.or(subject.target.user.get()).filter(|(uid, _)| *uid != 0);
    if user.is_some()
        && subject
            .attempt("no-capabilities", &Settings { capabilities: Some(Vec::new()), ..settings.clone() })
            .await?
            .healthy
    {
        settings.capabilities = Some(Vec::new());
    }

    // A user of its own may need what root did not, and the other way round: both are tried anew.
    let read_only = Settings { read_only: true, scratch: written.clone(), ..settings.clone() };
    if subject.attempt("read-only", &read_only).await?.healthy {
        settings = read_only;
    } else if let Some(volumes) = subject
        .with_volumes(&written, &Settings { read_only: true, scratch: Vec::new(), ..settings.clone() })
        .await?
    {
        settings =
            Settings { read_only: true, scratch: volumes.scratch, volumes: volumes.volumes, ..settings };
    } else {
        let outcome = subject.attempt("read-only", &read_only).await?;
        found.breaks.push(format!("a read-only root: {}", outcome.problem));
    }
    if settings.read_only {
        let base = settings.clone();
        settings.scratch = subject
            .fewest(&base.scratch.clone(), |kept| Settings { scratch: kept.to_vec(), ..base.clone() })
            .await?;
        let base = settings.clone();
        settings.volumes = subject
            .fewest(&base.volumes.clone(), |kept| Settings { volumes: kept.to_vec(), ..base.clone() })
            .await?;
    }
    if settings.capabilities.is_none() {
        let fewest = subject.fewest_capabilities(&settings).await?;
        if fewest.healthy {
            settings.capabilities = Some(fewest.needs);
        } else {
            found.breaks.push(format!("dropped capabilities: {}", fewest.problem));
        }
    }
    settings.pids = pids(subject, &settings, measured).await?;
    let fewer = prove(subject, &mut settings, &mut found).await?;
    further(subject, &settings, fewer, &mut found).await?;

    (found.uid, found.gid) = settings.user.or(subject.target.user.get()).unzip();
    found.read_only = settings.read_only;
    found.scratch = settings.scratch;
    found.volumes = settings.volumes;
    found.capabilities = settings.capabilities.unwrap_or_default();
    found.no_new_privileges = settings.no_new_privileges;
    found.pids = settings.pids;
    found.memory = measured.memory.as_ref().map(|m| m.load.max(m.start));
    Ok(found)
}

/// Who it can run as: whoever it becomes by itself, or anybody.
async fn who(
    subject: &Subject<'_>,
    settings: &mut Settings,
    written: &[String],
    found: &mut Strictest,
) -> Result<(), Error> {
    if subject.processes.first.is_none_or(|(uid, _)| uid != 0) {
        // It is nobody of importance already.
        settings.user = subject.processes.first;
        return Ok(());
    }
    let becomes = subject.processes.others.iter().copied().filter(|(uid, _)| *uid != 0);
    let mut candidates: Vec<(u32, u32)> = becomes.collect();
    if candidates.is_empty() {
        candidates.push(STRANGER);
    }
    let mut why = String::new();
    for user in candidates {
        for (scratch, volumes) in
            [(Vec::new(), Vec::new()), (written.to_vec(), Vec::new()), (Vec::new(), written.to_vec())]
        {
            let trial = Settings { user: Some(user), scratch, volumes, ..Settings::default() };
            let outcome = subject.attempt("user", &trial).await?;
            if outcome.healthy {
                settings.user = Some(user);
                return Ok(());
            }
            why = format!("user {}: {}", user.0, outcome.problem);
        }
    }
    found.breaks.push(why);
    Ok(())
}

/// The fewest processes and threads that it comes up with, between one and what it was seen to have.
async fn pids(subject: &Subject<'_>, settings: &Settings, measured: &Measured) -> Result<Option<i64>, Error> {
    let Some(seen) = &measured.pids else { return Ok(None) };
    let healthy = async |pids: i64| {
        let settings = Settings { pids: Some(pids), ..settings.clone() };
        Ok::<_, Error>(subject.attempt("pids", &settings).await?.healthy)
    };
    let (mut low, mut high) =
        (0, i64::try_from(seen.load.max(seen.start)).unwrap_or(i64::MAX).saturating_add(1));
    while !healthy(high).await? {
        low = high;
        high = high.saturating_mul(2);
        if high > 1 << 16 {
            return Ok(None);
        }
    }
    // A few at once: a start is mostly waiting.
    while high - low > 1 {
        let step = ((high - low) / 4).max(1);
        let tried: Vec<i64> = (1..4).map(|n| low + n * step).filter(|n| *n < high).collect();
        let results = join_all(tried.iter().map(|n| healthy(*n))).await;
        for (n, result) in tried.into_iter().zip(results) {
            if result? {
                high = n;
                break;
            }
            low = n;
        }
    }
    Ok(Some(high))
}

/// Starts it often under what was found. How many threads there are at once is a matter of moments: a number with which one
/// of the starts fails is one too few. Returns why it is, where that showed.
async fn prove(
    subject: &Subject<'_>,
    settings: &mut Settings,
    found: &mut Strictest,
) -> Result<Option<String>, Error> {
    let mut fewer = None;
    for _ in 0..LOOSENED {
        let starts = (0..STARTS).map(|_| subject.attempt("proof", settings));
        let outcomes = join_all(starts).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        found.starts = STARTS;
        found.healthy = outcomes.iter().filter(|o| o.healthy).count() as u32;
        let failed = outcomes.into_iter().find(|outcome| !outcome.healthy);
        match (failed, &mut settings.pids) {
            (Some(outcome), Some(pids)) => {
                fewer = Some(format!("{pids} processes: {}", outcome.problem));
                *pids += 1;
            }
            _ => break,
        }
    }
    Ok(fewer)
}

/// Takes one step further in every direction, and notes what breaks.
async fn further(
    subject: &Subject<'_>,
    settings: &Settings,
    fewer: Option<String>,
    found: &mut Strictest,
) -> Result<(), Error> {
    let without = |list: &[String], one: &str| list.iter().filter(|l| *l != one).cloned().collect::<Vec<_>>();
    let mut steps: Vec<(String, Settings)> = Vec::new();
    for path in &settings.scratch {
        let scratch = without(&settings.scratch, path);
        steps.push((format!("no scratch space at {path}"), Settings { scratch, ..settings.clone() }));
    }
    for path in &settings.volumes {
        let volumes = without(&settings.volumes, path);
        steps.push((format!("no volume at {path}"), Settings { volumes, ..settings.clone() }));
    }
    let kept = settings.capabilities.as_deref().unwrap_or_default();
    for capability in kept {
        let capabilities = Some(without(kept, capability));
        steps.push((format!("no {capability}"), Settings { capabilities, ..settings.clone() }));
    }
    let untried = settings.pids.filter(|pids| *pids > 1 && fewer.is_none());
    if let Some(pids) = untried {
        steps
            .push((format!("{} processes", pids - 1), Settings { pids: Some(pids - 1), ..settings.clone() }));
    }
    let tried = steps.iter().map(async |(what, settings)| {
        let outcome = subject.attempt("further", settings).await?;
        Ok::<_, Error>((!outcome.healthy).then(|| format!("{what}: {}", outcome.problem)))
    });
    for broken in join_all(tried).await {
        found.breaks.extend(broken?);
    }
    found.breaks.extend(fewer);
    Ok(())
}
