use crate::project::Stage;
use crate::project::dockerfile::Call;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "stale-package-index",
    summary: "an `apt-get update` in a layer of its own",
    since: "0.1.0",
    docs: include_str!("stale_package_index.md"),
    aliases: &["DS-0017", "CKV_DOCKER_5", "CIS-DI-0007", "DF028"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        if run.mounts_cache("/var/lib/apt/lists") {
            continue;
        }
        let uses_index = |call: &Call<'_>| {
            call.verb().is_some_and(|verb| !verb.is("update"))
                || !matches!(call.program, "apt-get" | "apt" | "aptitude")
        };
        let update = run
            .calls()
            .find(|c| matches!(c.program, "apt-get" | "apt") && c.verb().is_some_and(|w| w.is("update")));
        let Some(update) = update else { continue };
        // Whatever else the same `RUN` does may use the index, a script of unknown content too.
        if run.calls().filter(|c| !std::ptr::eq(c.command, update.command)).any(|c| uses_index(&c)) {
            continue;
        }
        ctx.report(
            update.command.span,
            "the list of packages is cached in this layer: a later install finds versions that are gone",
        );
    }
}
