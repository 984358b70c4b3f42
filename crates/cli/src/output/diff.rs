//! Differences of files.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use seaworthy_engine::Source;
use similar::{ChangeTag, TextDiff};

use super::stdout;
use crate::error::Error;

/// Prints what changes as a unified diff that `patch -p0` applies. Each pair is what there is, if anything, and what is to
/// be there.
pub(crate) fn print(changes: &[(Option<&Source>, &Source)]) -> Result<(), Error> {
    let mut out = stdout();
    let color = std::io::stdout().is_terminal();
    for (old, new) in changes {
        let diff = TextDiff::from_lines(old.map_or("", |old| &*old.text), &*new.text);
        let name = new.path.as_str();
        let before = if old.is_some() { name } else { "/dev/null" };
        if !color {
            // Bytes that are no text come out as they are in the file.
            let text = diff.unified_diff().header(before, name).to_string();
            out.write_all(&new.with_text(text).to_bytes())?;
            continue;
        }
        let bold = Style::new().bold();
        writeln!(out, "{bold}--- {before}{bold:#}\n{bold}+++ {name}{bold:#}")?;
        for hunk in diff.unified_diff().iter_hunks() {
            let header = AnsiColor::Cyan.on_default();
            writeln!(out, "{header}{}{header:#}", hunk.header())?;
            for change in hunk.iter_changes() {
                let style = match change.tag() {
                    ChangeTag::Delete => AnsiColor::Red.on_default(),
                    ChangeTag::Insert => AnsiColor::Green.on_default(),
                    ChangeTag::Equal => Style::new(),
                };
                let line = change.value().trim_end_matches(['\n', '\r']);
                writeln!(out, "{style}{}{line}{style:#}", change.tag())?;
                if change.missing_newline() {
                    writeln!(out, "\\ No newline at end of file")?;
                }
            }
        }
    }
    out.flush()?;
    Ok(())
}
