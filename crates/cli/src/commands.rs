//! What each command does.

mod check;
mod convert;
mod drift;
mod fix;
mod import;
mod init;
mod load;
mod report;
mod rules;
mod variant;
mod verify;
mod workflow;

use crate::args::{Args, Command, ImportFrom, Verify};
use crate::error::Error;

/// Runs the command; the exit status where it could be done.
pub(crate) fn run(args: &Args) -> Result<u8, Error> {
    match &args.command {
        Command::Check(check) => check::run(check, &args.global),
        Command::Fix(fix) => fix::run(fix, &args.global),
        Command::Variant(variant) => variant::run(variant, &args.global),
        Command::Drift(drift) => drift::run(drift, &args.global),
        Command::Init { directory, diff } => init::run(directory.as_deref(), *diff, &args.global),
        Command::Workflow(workflow) => workflow::run(workflow, &args.global),
        Command::Convert(convert) => convert::run(convert, &args.global),
        Command::Report(report) => report::run(report, &args.global),
        Command::Verify(Verify::Docker(docker)) => verify::docker(docker, &args.global),
        Command::Verify(Verify::Cluster(cluster)) => verify::cluster(cluster, &args.global),
        Command::Import { tool: ImportFrom::Hadolint, path } => import::hadolint(path.as_deref()),
        Command::Explain { rule } => rules::explain(rule),
        Command::Rules { filter, format } => rules::list(filter, *format),
        Command::Completions { shell } => rules::completions(*shell),
    }
}
