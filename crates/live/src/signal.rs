//! Signals that end a run.

/// What asks for the end of a run: Ctrl-C, SIGTERM, SIGHUP. It listens from the moment it is made, so that none is missed while
/// nobody waits for it; each ends one wait.
pub(crate) struct Interruptions {
    #[cfg(unix)]
    streams: [Option<tokio::signal::unix::Signal>; 3],
}

impl Interruptions {
    /// Begins to listen. What cannot be listened for ends the program as it always does.
    pub(crate) fn new() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            Self { streams: kinds.map(|kind| signal(kind).ok()) }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Waits until the user, or the system, wants an end.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hang_up] = &mut self.streams;
            tokio::select! {
                () = received(interrupt) => {}
                () = received(terminate) => {}
                () = received(hang_up) => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn received(stream: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(stream) = stream
        && stream.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}
