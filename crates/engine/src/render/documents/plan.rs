//! What to do in which order.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::checklist::{self, Item};
use super::{Class, Sources, counted, read};
use crate::check::Report;
use crate::rule::{self, Severity};

/// How many findings each rule has, now and after fixes.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Now.
    pub now: BTreeMap<&'static str, usize>,
    /// After `seaworthy fix`.
    pub safe: BTreeMap<&'static str, usize>,
    /// After `seaworthy fix --unsafe-fixes`.
    pub all: BTreeMap<&'static str, usize>,
}

impl Counts {
    /// The findings of a report by their rules.
    pub fn of(report: &Report) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for found in &report.diagnostics {
            *counts.entry(found.rule.name).or_default() += 1;
        }
        counts
    }
}

/// A part of the work.
struct Phase {
    title: &'static str,
    items: &'static [Item],
    /// Rules that belong here whatever their category is.
    rules: &'static [&'static str],
    /// The classes whose other rules belong here.
    classes: &'static [Class],
}

const PHASES: [Phase; 6] = [
    Phase { title: "What does not work", items: &[], rules: &[], classes: &[Class::Correctness] },
    Phase {
        title: "Network",
        items: &checklist::NETWORK,
        rules: &[
            "published-database",
            "host-namespace",
            "host-port",
            "no-network-policy",
            "dangling-selector",
            "trusted-any-proxy",
            "exposed-ssh",
        ],
        classes: &[],
    },
    Phase { title: "Security", items: &checklist::SECURITY, rules: &[], classes: &[Class::Security] },
    Phase {
        title: "Resources",
        items: &checklist::RESOURCES,
        rules: &[
            "no-memory-limit",
            "no-resource-requests",
            "unsized-scratch",
            "single-replica",
            "unspread-replicas",
            "no-disruption-budget",
            "replicas-with-autoscaler",
            "blocked-eviction",
        ],
        classes: &[],
    },
    Phase {
        title: "Health and stopping",
        items: &checklist::HEALTH,
        rules: &[],
        classes: &[Class::Stop, Class::Reliability],
    },
    Phase {
        title: "Images and pipelines",
        items: &checklist::IMAGES,
        rules: &[],
        classes: &[Class::Redundancy, Class::Layers, Class::Efficiency, Class::Style],
    },
];

pub(super) fn write(sources: Sources<'_>, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    let project = &sources.made.project;
    let sum = |counts: &BTreeMap<&str, usize>| counts.values().sum::<usize>();
    writeln!(out, "# A plan for production\n\nRead: {}.\n", read(project))?;
    writeln!(
        out,
        "| findings | now | after `seaworthy fix` | after `seaworthy fix --unsafe-fixes` |\n|---|--:|--:|--:|"
    )?;
    let total = |name: &str, of: &dyn Fn(&str) -> bool| {
        let part = |counts: &BTreeMap<&'static str, usize>| {
            counts.iter().filter(|(rule, _)| of(rule)).map(|(_, n)| n).sum::<usize>()
        };
        format!("| {name} | {} | {} | {} |", part(&counts.now), part(&counts.safe), part(&counts.all))
    };
    let mut taken: Vec<&str> = Vec::new();
    let mut phases: Vec<(&Phase, Vec<&'static str>)> = Vec::new();
    // What a phase names belongs to it; what is left goes by its class.
    for phase in &PHASES {
        let named: Vec<&'static str> =
            counts.now.keys().copied().filter(|r| phase.rules.contains(r)).collect();
        taken.extend(&named);
        phases.push((phase, named));
    }
    for (phase, rules) in &mut phases {
        let of_class = |name: &&'static str| {
            rule::find(name).first().is_some_and(|rule| phase.classes.contains(&Class::of(rule)))
        };
        let found: Vec<&'static str> =
            counts.now.keys().copied().filter(|r| !taken.contains(r)).filter(of_class).collect();
        taken.extend(&found);
        rules.extend(found);
    }
    for (phase, rules) in &phases {
        writeln!(out, "{}", total(phase.title, &|rule| rules.contains(&rule)))?;
    }
    writeln!(out, "| **all** | {} | {} | {} |", sum(&counts.now), sum(&counts.safe), sum(&counts.all))?;
    for (n, (phase, rules)) in phases.iter().enumerate() {
        writeln!(out, "\n## Phase {}: {}\n", n + 1, phase.title)?;
        checklist::write(phase.items, sources, out)?;
        if rules.is_empty() {
            writeln!(out, "{}Nothing was found.", if phase.items.is_empty() { "" } else { "\n" })?;
            continue;
        }
        let mut rows: Vec<(Severity, &'static str)> =
            rules.iter().map(|name| (worst(sources, name), *name)).collect();
        rows.sort_by_key(|(severity, name)| (std::cmp::Reverse(*severity), *name));
        if !phase.items.is_empty() {
            writeln!(out)?;
        }
        writeln!(
            out,
            "| priority | rule | what | now | after fixes | after unsafe fixes |\n|---|---|---|--:|--:|--:|"
        )?;
        for (severity, name) in rows {
            let summary = rule::find(name).first().map_or("", |rule| rule.summary);
            let of = |counts: &BTreeMap<&'static str, usize>| counts.get(name).copied().unwrap_or_default();
            writeln!(
                out,
                "| {} | `{name}` | {} | {} | {} | {} |",
                severity.as_str(),
                super::cell(summary),
                of(&counts.now),
                of(&counts.safe),
                of(&counts.all),
            )?;
        }
    }
    let left = sum(&counts.all);
    writeln!(
        out,
        "\n## Done when\n\n`seaworthy check` finds nothing and `seaworthy variant --check` ends with 0. After all fixes {} \
         {} left to people.",
        counted(left, "finding"),
        if left == 1 { "is" } else { "are" },
    )
}

/// The worst severity that a rule's findings have here.
fn worst(sources: Sources<'_>, name: &str) -> Severity {
    let found = sources.report.diagnostics.iter().filter(|d| d.rule.name == name);
    found.map(|d| d.severity).max().unwrap_or(Severity::Low)
}
