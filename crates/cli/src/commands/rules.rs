//! `seaworthy explain`, `rules` and `completions`.

use std::io::Write;

use clap::CommandFactory;
use seaworthy_engine::rules;

use crate::CLEAN;
use crate::args::{Args, ListFormat};
use crate::error::Error;
use crate::output::stdout;

/// Prints a rule's page.
pub(crate) fn explain(rule: &str) -> Result<u8, Error> {
    let Some(rule) = rules::ALL.iter().find(|r| r.name == rule || r.aliases.contains(&rule)) else {
        return Err(Error::message(format!("no rule is called {rule:?}; see: seaworthy rules")));
    };
    let mut out = stdout();
    writeln!(out, "{}", rule.docs)?;
    out.flush()?;
    Ok(CLEAN)
}

/// Lists rules.
pub(crate) fn list(_filter: &[String], _format: ListFormat) -> Result<u8, Error> {
    let mut out = stdout();
    for rule in rules::ALL {
        writeln!(
            out,
            "{:<32} {:<12} {:<9} {}",
            rule.name,
            rule.category.as_str(),
            rule.severity.as_str(),
            rule.summary
        )?;
    }
    out.flush()?;
    Ok(CLEAN)
}

/// Prints a completion script.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "seaworthy", &mut script);
    let mut out = stdout();
    out.write_all(&script)?;
    out.flush()?;
    Ok(CLEAN)
}
