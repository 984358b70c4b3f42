use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "apt-instead-of-apt-get",
    summary: "`apt` in a script, whose interface may change",
    since: "0.1.0",
    docs: include_str!("apt_instead_of_apt_get.md"),
    aliases: &["DL3027", "CKV_DOCKER_9", "DF059"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.all_runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "apt") {
            let verb = call.verb().and_then(|w| w.value.as_deref());
            // `apt list`, `apt show` and the like have other programs behind them.
            let same = matches!(
                verb,
                Some(
                    "update"
                        | "install"
                        | "remove"
                        | "purge"
                        | "upgrade"
                        | "autoremove"
                        | "clean"
                        | "autoclean"
                        | "build-dep"
                )
            );
            let span = call.name.span;
            let verbatim = span.of(ctx.project.source_text(stage.source)) == "apt";
            ctx.report(span, "`apt` is for people: its options and output change between releases").fix(
                Safety::Safe,
                "Use `apt-get`",
                (same && verbatim && !run.is_exec()).then(|| Edit { span, text: "apt-get".to_owned() }),
            );
        }
    }
}
