//! `verify docker`: containers of a Docker Engine, as the project says and a step stricter at a time.

mod connect;
mod describe;
mod inside;
mod layers;
mod learn;
mod listen;
mod load;
mod measure;
mod owned;
mod plan;
mod service;
mod trial;

use std::time::Duration;

use seaworthy_engine::measured::Measured;

use crate::error::Error;
use crate::signal::Interruptions;
pub use plan::{Plan, Wanted};

/// How trials are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a container may take to become healthy.
    pub limit: Duration,
    /// Whether the strictest settings are looked for.
    pub learn: bool,
    /// How many containers of trials there are at once.
    pub at_once: usize,
    /// The image of the other family, where it is not found by its name.
    pub against: Option<String>,
    /// Whether the addresses of containers are reached from here.
    pub(crate) reachable: bool,
    /// The most memory that a container without a limit may take, in bytes.
    pub(crate) most_memory: Option<i64>,
}

impl Default for Options {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            limit: Duration::from_mins(1),
            learn: false,
            at_once: (processors * 8).max(24),
            against: None,
            reachable: false,
            most_memory: None,
        }
    }
}

/// What is being done for a subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It waits for another.
    Waiting(String),
    /// Its container is started.
    Starting,
    /// It is up, and asked.
    Loading,
    /// Its trials run.
    Trying,
    /// Its strictest settings are looked for.
    Learning,
    /// It is done.
    Done,
    /// Something that was left out of its trials.
    Note(String),
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// What was measured, in the order of the plan.
    pub measured: Vec<Measured>,
    /// What was not run, and why.
    pub left_out: Vec<(String, String)>,
    /// A Dockerfile for each image of which no Dockerfile is known, as the engine describes it, by what it is called.
    pub described: Vec<(String, String)>,
    /// How many leftovers of earlier runs were removed first.
    pub swept: usize,
    /// What the engine calls itself: its version and the version of its interface.
    pub engine: String,
}

/// Runs a plan against the engine that the docker client would speak to. `say` hears of every subject by its name.
///
/// Everything that is made carries a label and is removed before this returns, also where it is interrupted.
///
/// # Errors
/// There is no engine, it stops answering, an image is missing, or the user interrupts it.
pub fn verify(plan: &Plan, options: &Options, say: &dyn Fn(&str, Step)) -> Result<Verified, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Message(format!("cannot begin: {error}")))?;
    runtime.block_on(begin(plan, options, say))
}

async fn begin(plan: &Plan, options: &Options, say: &dyn Fn(&str, Step)) -> Result<Verified, Error> {
    let mut interruptions = Interruptions::new();
    let engine = tokio::select! {
        engine = connect::connect() => engine?,
        () = interruptions.next() => return Err(Error::Interrupted),
    };
    let version = engine.docker.version().await?;
    let name = format!(
        "Docker Engine {} (API {})",
        version.version.unwrap_or_default(),
        engine.docker.client_version()
    );
    let most_memory = engine.docker.info().await?.mem_total.map(|all| all / 4 * 3);
    let options = Options { reachable: engine.local, most_memory, ..options.clone() };
    let run = owned::Run::begin(engine.docker)?;
    let result = tokio::select! {
        result = async {
            let swept = run.sweep().await?;
            let verified = plan::run(&run, plan, &options, say).await?;
            // What an engine made late for a run that was killed is not left to the next one.
            let swept = swept + run.sweep().await?;
            Ok(Verified { swept, engine: name, ..verified })
        } => result,
        () = interruptions.next() => Err(Error::Interrupted),
    };
    let ended = tokio::select! {
        ended = run.end() => ended,
        // Whoever insists leaves it to the next run.
        () = interruptions.next() => Err(Error::Interrupted),
    };
    // What went wrong first says more than that its remains could not be removed.
    let verified = result?;
    ended.map(|()| verified)
}
