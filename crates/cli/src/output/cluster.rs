//! What `verify cluster` does while it runs, and what it measured, as a table.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use seaworthy_engine::measured::{InCluster, Measured};
use seaworthy_live::cluster::{Event, Verified};

use crate::args::Global;
use crate::error::Error;
use crate::output::trials::{NOTHING, columns};
use crate::output::{complain, stdout};

/// A line that says what is being done, on a terminal.
pub(crate) struct Watch {
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Watch {
    pub(crate) fn new(global: &Global) -> Self {
        let shown = std::io::stderr().is_terminal() && !global.quiet;
        let bar = shown.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, quiet: global.quiet }
    }

    /// Takes up what is being done.
    pub(crate) fn hear(&self, event: Event) {
        match event {
            // Which cluster is worked on is said to everybody, before anything is made there.
            Event::Cluster { context, server, namespace } => {
                self.say(&format!("context `{context}` ({server}), namespace `{namespace}`"));
            }
            Event::Note(note) if !self.quiet => self.say(&note),
            Event::Note(_) => {}
            Event::Doing(what) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(what);
                }
            }
        }
    }

    fn say(&self, note: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| complain("note", note)),
            None => complain("note", note),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What was measured of workloads, a line each, and of all objects together.
pub(crate) fn table(verified: &Verified) -> Result<(), Error> {
    let mut out = stdout();
    let all = || verified.measured.iter().filter_map(|m| Some((m, m.cluster.as_deref()?)));
    let heads = ["", "ready", "as said", "names", "from outside", "connections", "health checks", "restart"];
    let mut rows: Vec<Vec<String>> = vec![heads.iter().map(|h| (*h).to_owned()).collect()];
    rows.extend(all().filter(|(_, c)| c.pods.is_some()).map(|(m, c)| row(m, c, verified)));
    if rows.len() > 1 {
        columns(&mut out, &rows)?;
    }
    let refused = all().filter(|(_, c)| c.refusal.is_some() || c.pod_refusal.is_some()).count();
    writeln!(out, "\n{} objects tried, {refused} refused", all().count())?;
    let ports: Vec<bool> = all().flat_map(|(_, c)| &c.answers).map(|a| a.open).collect();
    if !ports.is_empty() {
        let open = ports.iter().filter(|open| **open).count();
        writeln!(out, "{open} of {} ports of Services answer", ports.len())?;
    }
    match verified.enforced {
        Some(true) => writeln!(out, "the cluster keeps to NetworkPolicies")?,
        Some(false) => writeln!(out, "the cluster does not keep to NetworkPolicies")?,
        None => {}
    }
    writeln!(out, "measured on {}", verified.cluster)?;
    out.flush()?;
    Ok(())
}

fn row(measured: &Measured, cluster: &InCluster, verified: &Verified) -> Vec<String> {
    let nothing = || NOTHING.to_owned();
    let share = |list: Vec<bool>| {
        let good = list.iter().filter(|good| **good).count();
        if list.is_empty() { nothing() } else { format!("{good} of {}", list.len()) }
    };
    let outside: Vec<&str> = cluster.outside.iter().filter(|w| w.open).map(|w| w.address.as_str()).collect();
    let edges = |allowed| {
        let of: Vec<bool> = cluster.edges.iter().filter(|e| e.allowed == allowed).map(|e| e.open).collect();
        (of.iter().filter(|open| **open == allowed).count(), of.len())
    };
    let ((open, may), (closed, may_not)) = (edges(true), edges(false));
    vec![
        measured.object.clone(),
        cluster.pods.as_ref().map_or_else(nothing, |p| format!("{} of {}", p.ready, p.wanted)),
        match cluster.differences.len() {
            0 => "yes".to_owned(),
            n => format!("{n} differ"),
        },
        share(cluster.names.iter().map(|n| n.resolves).collect()),
        if outside.is_empty() { "closed".to_owned() } else { outside.join(" ") },
        if cluster.edges.is_empty() {
            match verified.enforced {
                Some(false) => "all".to_owned(),
                _ => nothing(),
            }
        } else {
            format!("{open} of {may} open, {closed} of {may_not} closed")
        },
        cluster.checks.as_ref().map_or_else(nothing, |c| format!("{} of {}", c.passed, c.asked)),
        cluster
            .rollout
            .as_ref()
            .map_or_else(nothing, |r| format!("{} of {} lost, {:.1} s", r.lost, r.requests, r.seconds)),
    ]
}
