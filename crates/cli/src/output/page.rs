//! A rule's page for the terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use seaworthy_engine::Rule;

/// The widest a paragraph gets, in columns.
const WIDTH: usize = 100;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Writes a rule's page: its facts, then its text in lines of a readable width.
pub(crate) fn write(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let cyan = AnsiColor::Cyan.on_default().bold();
    writeln!(out, "{cyan}{}{cyan:#}: {}", rule.name, rule.summary)?;
    let off = if rule.default { "" } else { ", off by default" };
    writeln!(
        out,
        "{DIM}{}, {} severity, fix: {}{off}, since {}{DIM:#}",
        rule.category.as_str(),
        rule.severity.as_str(),
        rule.fix.as_str(),
        rule.since
    )?;
    if !rule.aliases.is_empty() {
        let aliases = format!("also known as {}", rule.aliases.join(", "));
        for line in wrapped(&aliases, "") {
            writeln!(out, "{DIM}{line}{DIM:#}")?;
        }
    }
    let mut fence: Option<usize> = None;
    for line in rule.docs.lines().skip(1) {
        let ticks = line.len() - line.trim_start_matches('`').len();
        if fence.is_some_and(|open| ticks >= open && line.trim_start_matches('`').is_empty()) {
            fence = None;
        } else if fence.is_some() {
            writeln!(out, "    {line}")?;
        } else if ticks >= 3 {
            fence = Some(ticks);
            let info = line.trim_start_matches('`');
            writeln!(out, "  {DIM}{}{DIM:#}", caption(info))?;
        } else if let Some(heading) = line.strip_prefix("## ") {
            writeln!(out, "{BOLD}{heading}{BOLD:#}")?;
        } else {
            let indent = if line.starts_with("- ") { "  " } else { "" };
            for line in wrapped(line, indent) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

/// What stands above a block: the name of its file, or what it is.
fn caption(info: &str) -> String {
    match info.split_once(' ') {
        Some(("fixed", path)) => format!("{path}, fixed:"),
        Some(("fixed-unsafe", path)) => format!("{path}, fixed with --unsafe-fixes:"),
        Some((_, path)) => format!("{path}:"),
        None if info == "report" => "what is found:".to_owned(),
        None => String::new(),
    }
}

fn wrapped(line: &str, indent: &str) -> Vec<String> {
    let options = textwrap::Options::new(WIDTH).subsequent_indent(indent);
    if line.is_empty() {
        return vec![String::new()];
    }
    textwrap::wrap(line, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}
