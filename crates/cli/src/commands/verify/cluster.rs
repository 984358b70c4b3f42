//! `seaworthy verify cluster`.

use std::time::Duration;

use seaworthy_engine::check::check_measured;
use seaworthy_engine::measured::Measured;
use seaworthy_live::cluster::{Options, verify};

use crate::args::{Global, Input, VerifyCluster};
use crate::commands::load::{Loaded, Variants, load};
use crate::error::Error;
use crate::output::cluster::{Watch, table};
use crate::output::{complain, count, trials};
use crate::progress::Progress;
use crate::{CLEAN, FAILED, FOUND};

/// Measures manifests on a cluster, prints what was found, and tells the exit status.
pub(crate) fn cluster(args: &VerifyCluster, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let input = Input { paths: args.paths.clone(), config: args.config.clone(), ..Input::default() };
    let quiet = Global { quiet: true, ..*global };
    let Loaded { project, config, failed, .. } =
        load(&input, &args.selection, &quiet, &progress, Variants::AsFound)?;
    drop(progress);
    if project.objects.iter().all(|o| o.patch || o.name.is_none()) {
        return Err(Error::message(
            "there are no Kubernetes manifests here; name files or directories with some",
        ));
    }
    let options = Options {
        kubeconfig: args.kubeconfig.as_ref().map(|path| path.as_std_path().to_owned()),
        context: args.context.clone(),
        namespace: args.namespace.clone(),
        probe_image: args.probe_image.clone(),
        restart: args.restart,
        requests: args.requests.clamp(1, 1_000_000),
        watch: Duration::from_secs(args.watch.min(86_400)),
        limit: Duration::from_secs(args.timeout.clamp(1, 86_400)),
    };
    let watch = Watch::new(global);
    let verified = verify(&project, &options, &|event| watch.hear(event));
    drop(watch);
    let verified = verified.map_err(|error| Error::message(error.to_string()))?;

    let report = check_measured(&project, &config, &verified.measured);
    if verified.swept > 0 && !global.quiet {
        let what = count(verified.swept, "leftover");
        complain("note", &format!("removed {what} of an earlier run that was cut short"));
    }
    for (name, why) in verified.left_out.iter().filter(|_| !global.quiet) {
        complain("note", &format!("`{name}` was left out: {why}"));
    }
    if !verified.forbidden.is_empty() {
        let what = verified.forbidden.join(", ");
        complain("warning", &format!("not tried, for want of permissions: {what}"));
    }
    trials::print(&report, &project, &verified.measured, &args.output, global, || table(&verified))?;
    // Of what does not come up nothing could be proved.
    let down = |m: &Measured| m.start.as_ref().is_some_and(|start| !start.healthy);
    let undone = failed || !verified.forbidden.is_empty() || verified.measured.iter().any(down);
    Ok(match (undone, report.diagnostics.is_empty()) {
        (true, _) => FAILED,
        (false, true) => CLEAN,
        (false, false) => FOUND,
    })
}
