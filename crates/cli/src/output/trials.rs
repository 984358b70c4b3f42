//! What `verify` does while it runs, and what it found, as a table.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use seaworthy_engine::measured::{Amount, Measured};
use seaworthy_engine::render::{Format, render};
use seaworthy_engine::{Project, Report};
use seaworthy_live::docker::{Step, Verified};

use crate::args::{Global, Printing};
use crate::error::Error;
use crate::output::{complain, stdout};

/// A line for each subject, on a terminal; else a line when it is done.
pub(crate) struct Watch {
    bars: BTreeMap<String, ProgressBar>,
    /// Where there is no terminal: when each began.
    began: Instant,
    quiet: bool,
    terminal: bool,
    notes: RefCell<Vec<String>>,
}

impl Watch {
    pub(crate) fn new<'s>(global: &Global, subjects: impl Iterator<Item = &'s str>) -> Self {
        let terminal = std::io::stderr().is_terminal() && !global.quiet;
        let mut bars = BTreeMap::new();
        if terminal {
            let all = MultiProgress::new();
            let style = ProgressStyle::with_template("{spinner} {prefix:.bold} {msg} ({elapsed})").ok();
            for subject in subjects {
                let bar = all.add(ProgressBar::new_spinner());
                if let Some(style) = &style {
                    bar.set_style(style.clone());
                }
                bar.set_prefix(subject.to_owned());
                bar.enable_steady_tick(Duration::from_millis(100));
                bars.insert(subject.to_owned(), bar);
            }
        }
        Self { bars, began: Instant::now(), quiet: global.quiet, terminal, notes: RefCell::default() }
    }

    /// Takes up what is being done.
    pub(crate) fn hear(&self, name: &str, step: Step) {
        let doing = match step {
            Step::Note(note) => {
                self.notes.borrow_mut().push(format!("`{name}`: {note}"));
                return;
            }
            Step::Done => {
                match self.bars.get(name) {
                    Some(bar) => bar.finish_with_message("done"),
                    None if !self.terminal && !self.quiet => {
                        complain(
                            "note",
                            &format!("`{name}` done after {:.1} s", self.began.elapsed().as_secs_f64()),
                        );
                    }
                    None => {}
                }
                return;
            }
            Step::Waiting(other) => format!("waits for {other}"),
            Step::Starting => "starts".to_owned(),
            Step::Loading => "is up, and asked".to_owned(),
            Step::Trying => "trials".to_owned(),
            Step::Learning => "looks for the strictest settings".to_owned(),
        };
        if let Some(bar) = self.bars.get(name) {
            bar.set_message(doing);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bars.values().for_each(ProgressBar::finish_and_clear);
        for note in self.notes.take().iter().filter(|_| !self.quiet) {
            complain("note", note);
        }
    }
}

/// Prints a report and what was measured, where and how the user wants it: in the text format with a table under it.
pub(crate) fn print(
    report: &Report,
    project: &Project,
    measured: &[Measured],
    args: &Printing,
    global: &Global,
    table: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    if args.format == Format::Json && !args.statistics {
        let mut text = Vec::new();
        render(report, project, Format::Json, false, &mut text)?;
        let mut value: serde_json::Value = serde_json::from_slice(&text).map_err(std::io::Error::from)?;
        value["measured"] = serde_json::to_value(measured).map_err(std::io::Error::from)?;
        let mut text = serde_json::to_vec_pretty(&value).map_err(std::io::Error::from)?;
        text.push(b'\n');
        return match &args.output {
            Some(path) => Ok(std::fs::write(path, text)?),
            None => Ok(stdout().write_all(&text)?),
        };
    }
    super::report(report, project, args, global)?;
    if args.format == Format::Text && args.output.is_none() && !args.statistics {
        table()?;
    }
    Ok(())
}

/// What is shown where nothing was measured.
pub(crate) const NOTHING: &str = "–";

/// What was measured of containers, a line each.
pub(crate) fn table(verified: &Verified) -> Result<(), Error> {
    let mut out = stdout();
    if verified.measured.is_empty() {
        return Ok(());
    }
    let heads = [
        "",
        "healthy",
        "user",
        "stops",
        "read-only root",
        "capabilities",
        "pids",
        "memory",
        "listens on",
        "size",
    ];
    let mut rows: Vec<Vec<String>> = vec![heads.iter().map(|h| (*h).to_owned()).collect()];
    rows.extend(verified.measured.iter().map(row));
    columns(&mut out, &rows)?;
    for measured in &verified.measured {
        let Some(strictest) = &measured.strictest else { continue };
        writeln!(
            out,
            "\n{}: the strictest settings, healthy in {} of {} starts",
            name(measured),
            strictest.healthy,
            strictest.starts
        )?;
        for line in strictest.lines() {
            writeln!(out, "  {line}")?;
        }
        for broken in &strictest.breaks {
            writeln!(out, "  a step further breaks it: {broken}")?;
        }
    }
    for measured in &verified.measured {
        let Some(size) = measured.size.as_ref().filter(|size| !size.other.is_empty()) else { continue };
        writeln!(out, "\n{} and {}, layer by layer", measured.image, size.other)?;
        let shown = |bytes: Option<u64>| bytes.map_or_else(|| NOTHING.to_owned(), mebibytes);
        for layer in &size.layers {
            writeln!(out, "  {:>10}  {:>10}  {}", shown(layer.bytes), shown(layer.other), layer.by)?;
        }
        writeln!(out, "  {:>10}  {:>10}  in all", mebibytes(size.bytes), mebibytes(size.other_bytes))?;
    }
    writeln!(out, "\nmeasured on {}", verified.engine)?;
    out.flush()?;
    Ok(())
}

/// Rows of cells, each column as wide as its widest.
pub(crate) fn columns(out: &mut impl Write, rows: &[Vec<String>]) -> std::io::Result<()> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
    writeln!(out)?;
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

fn name(measured: &Measured) -> &str {
    if measured.service.is_empty() { &measured.image } else { &measured.service }
}

fn row(measured: &Measured) -> Vec<String> {
    let nothing = || NOTHING.to_owned();
    let start = measured.start.as_ref();
    let amount = |amount: &Option<Amount>, show: fn(u64) -> String| {
        amount.as_ref().map_or_else(nothing, |a| {
            if a.start == a.load { show(a.load) } else { format!("{}, {}", show(a.start), show(a.load)) }
        })
    };
    vec![
        name(measured).to_owned(),
        start.map_or_else(nothing, |s| match (s.healthy, s.job) {
            (true, true) => format!("ran {:.1} s", s.seconds),
            (true, false) => format!("{:.1} s", s.seconds),
            (false, _) => "no".to_owned(),
        }),
        measured.user.as_ref().map_or_else(nothing, |u| {
            let all = std::iter::once(&u.uid).chain(&u.others).map(ToString::to_string);
            all.collect::<Vec<_>>().join(", ")
        }),
        measured.stop.as_ref().map_or_else(nothing, |s| format!("{:.1} s, {}", s.seconds, s.code)),
        measured.read_only.as_ref().map_or_else(nothing, |r| {
            let paths: Vec<&str> = r.scratch.iter().chain(&r.volumes).map(String::as_str).collect();
            match (r.healthy, paths.is_empty()) {
                (false, _) => "breaks".to_owned(),
                (true, true) => "fine".to_owned(),
                (true, false) => paths.join(" "),
            }
        }),
        measured.capabilities.as_ref().map_or_else(nothing, |c| match (c.healthy, c.needs.is_empty()) {
            (false, _) => "breaks".to_owned(),
            (true, true) => "none".to_owned(),
            (true, false) => c.needs.join(" "),
        }),
        amount(&measured.pids, |n| n.to_string()),
        amount(&measured.memory, mebibytes),
        measured.listens.as_ref().map_or_else(nothing, |all| {
            let mut shown: Vec<String> = all
                .iter()
                .map(|l| match l.address.as_str() {
                    "0.0.0.0" | "::" => l.port.to_string(),
                    address => format!("{address}:{}", l.port),
                })
                .collect();
            shown.dedup();
            if shown.is_empty() { nothing() } else { shown.join(" ") }
        }),
        measured.size.as_ref().map_or_else(nothing, |s| mebibytes(s.bytes)),
    ]
}

/// Bytes as people read them.
#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
fn mebibytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 10.0 { format!("{mebibytes:.1} MiB") } else { format!("{mebibytes:.0} MiB") }
}
