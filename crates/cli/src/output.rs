//! Standard output and standard error.

pub(crate) mod cluster;
pub(crate) mod diff;
pub(crate) mod page;
pub(crate) mod trials;

use std::io::{self, Write};

use std::fs::File;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use seaworthy_engine::render::{Format, render, statistics, summary};
use seaworthy_engine::{Project, Report};

use crate::args::{Global, Printing};
use crate::error::{Error, reason};

/// Says on standard error what went wrong, or deserves a look. That it cannot be said is no reason to stop.
pub(crate) fn complain(level: &str, message: &str) {
    let color = match level {
        "error" => AnsiColor::Red,
        "warning" => AnsiColor::Yellow,
        _ => AnsiColor::Cyan,
    };
    let style = Style::new().bold().fg_color(Some(color.into()));
    let _ = writeln!(anstream::stderr().lock(), "{style}{level}{style:#}: {message}");
}

/// How much is gathered before it is written, in bytes: a report may be long.
const BUFFER: usize = 64 << 10;

/// Standard output, with colours where they are wanted.
pub(crate) fn stdout() -> impl Write {
    io::BufWriter::new(anstream::stdout().lock())
}

/// Whether colours are wanted on standard output.
pub(crate) fn colored() -> bool {
    !matches!(AutoStream::choice(&io::stdout()), ColorChoice::Never)
}

/// A number and a noun: "1 file", "2 files".
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Prints a report where and how the user wants it.
pub(crate) fn report(
    report: &Report,
    project: &Project,
    args: &Printing,
    global: &Global,
) -> Result<(), Error> {
    let Some(path) = &args.output else {
        let color = colored();
        // Without colours there is nothing to take out of what is written.
        let mut out: Box<dyn Write> = if color {
            Box::new(stdout())
        } else {
            Box::new(io::BufWriter::with_capacity(BUFFER, io::stdout().lock()))
        };
        write(report, project, args, global, color, &mut out)?;
        out.flush()?;
        return Ok(());
    };
    let written = File::create(path).and_then(|file| {
        let mut out = io::BufWriter::new(file);
        write(report, project, args, global, false, &mut out)?;
        out.flush()
    });
    written.map_err(|e| Error::message(format!("cannot write {path}: {}", reason(&e))))
}

fn write(
    report: &Report,
    project: &Project,
    args: &Printing,
    global: &Global,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let nothing = report.diagnostics.is_empty();
    if args.statistics {
        statistics(report, color, out)?;
        if !global.quiet {
            writeln!(out, "{}{}", if nothing { "" } else { "\n" }, summary(report, project))?;
        }
        return Ok(());
    }
    if global.quiet && nothing && args.format == Format::Text {
        return Ok(());
    }
    render(report, project, args.format, color, out)
}
