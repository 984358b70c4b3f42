//! The program: arguments in, findings out.

mod args;
mod commands;
mod discover;
mod error;
mod folder;
mod output;
mod progress;
mod settings;
mod write;

use std::process::ExitCode;

use clap::Parser;

/// Every file is fine.
const CLEAN: u8 = 0;
/// There are findings, or files that would change.
const FOUND: u8 = 1;
/// Something could not be done.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let args = args::Args::parse();
    args.global.color.apply();
    let code = commands::run(&args).unwrap_or_else(|error| {
        if error.is_broken_pipe() {
            // Whoever read our output has read enough.
            return CLEAN;
        }
        output::complain("error", &error.to_string());
        FAILED
    });
    ExitCode::from(code)
}
