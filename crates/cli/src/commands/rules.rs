//! `seaworthy explain`, `rules` and `completions`.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::CommandFactory;
use seaworthy_engine::config::Selector;
use seaworthy_engine::{Rule, rules};
use serde::Serialize;

use crate::CLEAN;
use crate::args::{Args, ListFormat};
use crate::error::Error;
use crate::output::{page, stdout};

/// Prints the page of a rule, or of each rule that shares another tool's id.
pub(crate) fn explain(word: &str) -> Result<u8, Error> {
    let found = match Selector::of(word).map_err(Error::message)? {
        Selector::Named(named) => named.rules,
        Selector::All | Selector::Category(_) | Selector::Level(_) => {
            let message = format!("`{word}` stands for many rules; `seaworthy rules {word}` lists them");
            return Err(Error::message(message));
        }
    };
    let mut out = stdout();
    for (n, rule) in found.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        page::write(rule, &mut out)?;
    }
    out.flush()?;
    Ok(CLEAN)
}

/// A rule in JSON.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    summary: &'static str,
    category: &'static str,
    severity: &'static str,
    fix: &'static str,
    /// Whether it is a transformation of `variant`, which `check` and `fix` do not run.
    transformation: bool,
    /// Whether it judges what `verify` measured, which `check` and `fix` do not run.
    measured: bool,
    default: bool,
    since: &'static str,
    aliases: &'static [&'static str],
}

impl From<&'static Rule> for Listed {
    fn from(rule: &'static Rule) -> Self {
        Self {
            name: rule.name,
            summary: rule.summary,
            category: rule.category.as_str(),
            severity: rule.severity.as_str(),
            fix: rule.fix.as_str(),
            transformation: rule.is_transformation(),
            measured: rule.is_measured(),
            default: rule.default,
            since: rule.since,
            aliases: rule.aliases,
        }
    }
}

/// Lists rules, all or those that words name.
pub(crate) fn list(filter: &[String], format: ListFormat) -> Result<u8, Error> {
    let selectors =
        filter.iter().map(|w| Selector::of(w)).collect::<Result<Vec<_>, _>>().map_err(Error::message)?;
    let chosen = |rule: &&&Rule| selectors.is_empty() || selectors.iter().any(|s| s.names(rule));
    let found: Vec<&'static Rule> = rules::ALL.iter().filter(chosen).copied().collect();
    let mut out = stdout();
    match format {
        ListFormat::Json => {
            let listed: Vec<Listed> = found.into_iter().map(Listed::from).collect();
            serde_json::to_writer_pretty(&mut out, &listed).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        ListFormat::Text => {
            let name = found.iter().map(|r| r.name.len()).max().unwrap_or_default();
            let category = found.iter().map(|r| r.category.as_str().len()).max().unwrap_or_default();
            let (bold, green, dim) =
                (Style::new().bold(), AnsiColor::Green.on_default(), Style::new().dimmed());
            let (transformations, found): (Vec<&Rule>, Vec<&Rule>) =
                found.iter().copied().partition(|rule| rule.is_transformation());
            let (measured, found): (Vec<&Rule>, Vec<&Rule>) =
                found.into_iter().partition(|rule| rule.is_measured());
            for rule in &found {
                let mark = if rule.has_fix() { "*" } else { " " };
                let off = if rule.default { "" } else { " (off by default)" };
                writeln!(
                    out,
                    "{bold}{:name$}{bold:#} {green}{mark}{green:#} {:category$}  {:8}  {}{dim}{off}{dim:#}",
                    rule.name,
                    rule.category.as_str(),
                    rule.severity.as_str(),
                    rule.summary
                )?;
            }
            let fixable = found.iter().filter(|r| r.has_fix()).count();
            if !found.is_empty() || transformations.is_empty() && measured.is_empty() {
                writeln!(out, "\n{} rules, {fixable} with a fix ({green}*{green:#})", found.len())?;
            }
            if !transformations.is_empty() {
                let space = if found.is_empty() { "" } else { "\n" };
                writeln!(out, "{space}{bold}transformations of `seaworthy variant`{bold:#}\n")?;
            }
            for rule in transformations {
                let (title, category_of) = (rule.name, rule.category.as_str());
                writeln!(out, "{bold}{title:name$}{bold:#}   {category_of:category$}  {}", rule.summary)?;
            }
            if !measured.is_empty() {
                writeln!(out, "\n{bold}what `seaworthy verify` measures{bold:#}\n")?;
            }
            for rule in measured {
                let (title, category_of) = (rule.name, rule.category.as_str());
                writeln!(out, "{bold}{title:name$}{bold:#}   {category_of:category$}  {}", rule.summary)?;
            }
        }
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
