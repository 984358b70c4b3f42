//! Standard output and standard error.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

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
