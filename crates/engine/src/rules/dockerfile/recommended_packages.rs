use crate::Safety;
use crate::project::dockerfile::Manager;
use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::edit;
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "recommended-packages",
    summary: "an `apt-get install` that brings packages nobody asked for",
    since: "0.1.0",
    docs: include_str!("recommended_packages.md"),
    aliases: &["DL3015", "DS-0029", "DF016"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let configured = ctx.project.source_text(stage.source).contains("Install-Recommends");
    for run in stage.all_runs(ctx.project) {
        for install in run.installs().filter(|i| i.manager == Manager::Apt && i.call.program != "aptitude") {
            // `-o APT::Install-Recommends=false`
            let off = |w: &Word| w.text.contains("APT::Install-Recommends") && !w.text.contains("true");
            if install.call.has_option(&["--no-install-recommends"]) || install.call.args.iter().any(off) {
                continue;
            }
            let ids = if install.call.is_bare() && install.call.program == "apt-get" {
                RULE.aliases
            } else {
                &RULE.aliases[1..]
            };
            ctx.report(
                install.verb.span,
                "recommended packages are installed too: `--no-install-recommends` is not set",
            )
            .ids(ids)
            // What a build stage installs does not ship.
            .aside(stage.role != StageRole::Final || configured)
            .fix(
                Safety::Unsafe,
                "Leave recommended packages out",
                run.script(edit::insert_behind(install.verb.span, "--no-install-recommends")),
            );
        }
    }
}
