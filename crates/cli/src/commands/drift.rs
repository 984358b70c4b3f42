//! `seaworthy drift`.

use seaworthy_engine::drift::{RULES, compared};
use seaworthy_engine::{Project, check};

use super::load::{Loaded, Variants, load};
use crate::args::{Drift, Global, Input, Selection};
use crate::error::Error;
use crate::output::complain;
use crate::progress::Progress;
use crate::{CLEAN, FAILED, FOUND, discover, output};

/// Compares, prints, and tells the exit status.
pub(crate) fn run(args: &Drift, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let input = Input { paths: args.paths.clone(), config: args.config.clone(), ..Input::default() };
    let selection = Selection {
        select: RULES.map(str::to_owned).to_vec(),
        ignore: args.ignore.clone(),
        severity: args.severity,
        target: None,
        kubernetes_version: None,
        schemas: None,
    };
    let Loaded { mut project, mut config, tree, failed, .. } =
        load(&input, &selection, global, &progress, Variants::AsFound)?;
    discover::read_code(&mut project, &tree);
    config.fixes = args.output.statistics || args.output.format.shows_fixes();
    let report = check(&project, &config);
    drop(progress);
    if !global.quiet {
        say_what_was_compared(&project);
    }
    output::report(&report, &project, &args.output, global)?;
    Ok(match (failed, report.diagnostics.is_empty()) {
        (true, _) => FAILED,
        (false, true) => CLEAN,
        (false, false) => FOUND,
    })
}

/// Silence would otherwise be the same where all is well and where nothing was looked at.
fn say_what_was_compared(project: &Project) {
    let compared = compared(project);
    if compared.is_empty() {
        let why = match (project.compositions.is_empty(), project.workloads.is_empty()) {
            (true, _) => "there is no Compose file",
            (false, true) => "there are no manifests of workloads",
            (false, false) => "no workload runs a service of a Compose file",
        };
        complain("warning", &format!("nothing was compared: {why}"));
    }
    for pair in compared {
        let manifests = if pair.manifests.as_str().is_empty() { ".".into() } else { pair.manifests };
        let (run, services) = (pair.run, pair.services);
        let message =
            format!("compared {} with {manifests}, which runs {run} of {services} services", pair.compose);
        complain("note", &message);
    }
}
