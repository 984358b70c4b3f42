//! Standard output and standard error.

use std::io::{self, Write};

use std::fs::File;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use seaworthy_engine::render::render;
use seaworthy_engine::{Project, Report};

use crate::args::{Global, Output};
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

/// Standard output, with colours where they are wanted.
pub(crate) fn stdout() -> impl Write {
    io::BufWriter::new(anstream::stdout().lock())
}

/// A number and a noun: "1 file", "2 files".
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Prints a report where and how the user wants it.
pub(crate) fn report(
    report: &Report,
    project: &Project,
    args: &Output,
    _global: &Global,
) -> Result<(), Error> {
    if let Some(path) = &args.output {
        let cannot = |e: &io::Error| Error::message(format!("cannot write {path}: {}", reason(e)));
        let mut out = io::BufWriter::new(File::create(path).map_err(|e| cannot(&e))?);
        return render(report, project, args.format, false, &mut out)
            .and_then(|()| out.flush())
            .map_err(|e| cannot(&e));
    }
    let color = !matches!(AutoStream::choice(&io::stdout()), ColorChoice::Never);
    let mut out = stdout();
    render(report, project, args.format, color, &mut out)?;
    out.flush()?;
    Ok(())
}
